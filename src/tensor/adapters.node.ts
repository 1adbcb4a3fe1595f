/** @file Software adapters for Dawn in Node: the system's Vulkan drivers, and the SwiftShader in this package. */
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import * as modules from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import { DeviceError } from '../base/errors.ts';
import { makeFolders } from '../base/folders.node.ts';
import { driverCache } from './cachefolder.node.ts';

// Called in a way that no bundler follows: what these packages hold are files. A program bundled as CommonJS has no URL:
// its packages are those of the folder it runs in.
const require = modules.createRequire(import.meta.url ?? join(process.cwd(), 'program.js'));
/** dlopen's RTLD_NODELETE: the library stays when Node finds that it is no addon. */
const RTLD_NODELETE = 0x1000;

/** Dawn, by a path that bundlers do not follow: its driver is a file beside it. */
export async function loadDawn(): Promise<typeof import('webgpu')> {
  return import(/* webpackIgnore: true */ /* @vite-ignore */ pathToFileURL(require.resolve('webgpu')).href);
}

/** ICD files of the drivers installed on the system. */
export function systemDrivers(): string[] {
  const folders = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d', '/usr/local/share/vulkan/icd.d'];
  return folders
    .filter(existsSync)
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
}

/**
 * Folder of the packed driver in this package, made by tools/swiftshader.mjs. The package is looked for by its name, which
 * a program bundled with it can do too.
 */
function packedDriver(): string {
  try {
    return join(dirname(require.resolve('planewise/package.json')), 'dist', 'swiftshader');
  } catch {
    throw new DeviceError(
      'The embedded SwiftShader is a file of the package planewise, which is not there. Install planewise beside the program, or a Vulkan driver.',
    );
  }
}

async function unpack(packed: string, folder: string): Promise<void> {
  // other threads, and processes of other containers, have the same number
  const partial = `${folder}.${randomUUID()}`;
  makeFolders(partial, 0o700);
  for (const name of (await readdir(packed)).filter((file) => file.endsWith('.br'))) {
    const bytes = await promisify(brotliDecompress)(await readFile(join(packed, name)));
    // on disk before it has its name: after a power cut a driver is whole or not there
    await writeFile(join(partial, name.slice(0, -'.br'.length)), bytes, { flush: true });
  }
  // Another process may have finished first: its copy is as good.
  await rename(partial, folder).catch(() => rm(partial, { recursive: true, force: true }));
}

/**
 * The ICD file of the embedded SwiftShader, unpacked on first use into the cache folder (`driverCache`).
 * @throws DeviceError where the platform has none (it is built for Linux on x86-64), or the package is not there or not
 *   built.
 */
export async function embeddedDriver(): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new DeviceError('The embedded SwiftShader runs on Linux x86-64 only. Install a Vulkan driver.');
  }
  const packed = packedDriver();
  if (!existsSync(packed)) throw new DeviceError(`${packed} is not there. Run "npm run build".`);
  const name = `swiftshader-${readFileSync(join(packed, 'version'), 'utf8')}`;
  const folder = join(driverCache(name), name);
  const icd = join(folder, 'vk_swiftshader_icd.json');
  if (!existsSync(icd)) await unpack(packed, folder);
  return icd;
}

/** Makes Dawn's Vulkan loader see exactly these ICD files. Call before Dawn's `create`. */
export function selectDrivers(icdFiles: readonly string[]): void {
  process.env.VK_ICD_FILENAMES = icdFiles.join(':');
  process.env.VK_DRIVER_FILES = icdFiles.join(':');
}

/**
 * Brings a Vulkan loader into the process where the system has none: the one beside SwiftShader. Dawn later asks
 * for `libvulkan.so.1` and gets the loaded one.
 */
export function loadEmbeddedLoader(icd: string): void {
  const library = join(dirname(icd), 'libvulkan.so.1');
  try {
    process.dlopen({ exports: {} }, library, constants.dlopen.RTLD_NOW | RTLD_NODELETE);
  } catch {
    // Expected: "Module did not self-register". The library is loaded all the same.
  }
}
