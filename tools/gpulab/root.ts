/** @file The root: a Debian or Ubuntu of its own with Mesa's drivers and the shims that stand in for a kernel's. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { type Archive, aptSettings, archiveOf, INDEX_FORMAT } from './archive.ts';
import { removeUnmounted } from './mounts.ts';
import { inNamespace, runInside } from './namespace.ts';
import { CannotHere } from './problems.ts';
import type { Target } from './targets.ts';

const packages = ['mesa-vulkan-drivers', 'mesa-drm-shim', 'libvulkan1', 'libvulkan-dev', 'libstdc++6'];

/** @throws CannotHere naming what is missing */
export function expectTools(tools: readonly string[]): void {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const missing = tools.filter((tool) => !folders.some((folder) => existsSync(join(folder, tool))));
  if (process.platform !== 'linux') throw new CannotHere(`this is ${process.platform}`);
  if (process.getuid?.() !== 0) throw new CannotHere('you are not root');
  if (missing.length > 0) throw new CannotHere(`there is no ${missing.join(', no ')}`);
}

/** @throws Error where a folder is no root with what the lab needs */
export function expectRoot(root: string): string {
  const wanted = ['usr/bin/env', 'usr/include/vulkan/vulkan.h', 'usr/share/vulkan/icd.d', 'mnt'];
  const missing = wanted.find((path) => !existsSync(join(root, path)));
  if (missing === undefined) return root;
  throw new Error(
    `${root} is no root for the lab: it has no /${missing}. It needs ${packages.join(', ')}; without --root one is made.`,
  );
}

/** The folder of the root's libraries, which is named after the processor. */
function libraries(root: string): string {
  const folder = readdirSync(join(root, 'usr', 'lib')).find((name) => name.endsWith('-linux-gnu'));
  if (!folder) throw new Error(`${root} has no libraries: it is no root of Debian or Ubuntu.`);
  return `/usr/lib/${folder}`;
}

/** What makes the root's Vulkan loader find a target, and nothing else. @throws Error where the root lacks it */
export function environmentOf(root: string, target: Target): Record<string, string> {
  const shim = `${libraries(root)}/lib${target.shim}_noop_drm_shim.so`;
  const drivers = join(root, 'usr', 'share', 'vulkan', 'icd.d');
  // followed by the processor on some releases
  const driver = readdirSync(drivers).find((name) => name.startsWith(`${target.driver}_icd.`));
  if (!driver || !existsSync(join(root, shim)))
    throw new Error(
      `${root} has no driver or shim for ${target.title}: mesa-vulkan-drivers and mesa-drm-shim have them.`,
    );
  return {
    ...target.environment,
    LD_PRELOAD: shim,
    VK_DRIVER_FILES: `/usr/share/vulkan/icd.d/${driver}`,
    XDG_RUNTIME_DIR: '/tmp',
    MESA_SHADER_CACHE_DISABLE: 'true',
  };
}

const asked = (tool: string, ...args: string[]): string => execFileSync(tool, args, { encoding: 'utf8' });

async function succeed(what: string, code: Promise<number>): Promise<void> {
  const ended = await code;
  if (ended !== 0) throw new Error(`${what} ended with ${ended}.`);
}

async function debootstrap(folder: string, { uri, suite, components }: Archive): Promise<void> {
  const options = ['--variant=minbase', '--include=ca-certificates', `--components=${components}`];
  await succeed('debootstrap', inNamespace(['debootstrap', ...options, suite, folder, uri]));
}

async function installDrivers(root: string): Promise<void> {
  writeFileSync(join(root, 'etc', 'apt', 'apt.conf.d', '90gpulab'), aptSettings(asked('apt-config', 'dump')));
  const environment = { DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args: string[]) =>
    succeed('apt-get', runInside({ root, mounts: [], environment, command: ['apt-get', ...args] }));
  await apt('update');
  await apt('install', '--yes', '--no-install-recommends', ...packages);
  await apt('clean');
}

/**
 * The root at a folder, made if it is not there: takes minutes and about a gigabyte.
 * @throws CannotHere where the machine lacks what that needs
 */
export async function ensureRoot(folder: string): Promise<string> {
  if (existsSync(folder)) return folder;
  expectTools(['apt-get', 'apt-config', 'debootstrap', 'unshare', 'mount', 'chroot', 'gcc']);
  const archive = archiveOf(
    asked('apt-get', 'indextargets', '--format', INDEX_FORMAT, 'Created-By: Packages'),
  );
  const partial = `${folder}.partial`;
  removeUnmounted(partial);
  mkdirSync(dirname(folder), { recursive: true });
  console.error(`Making a root of ${archive.suite} at ${folder}, once.`);
  await debootstrap(partial, archive);
  await installDrivers(partial);
  renameSync(partial, folder);
  return folder;
}
