/** @file Software adapters for Dawn in Node: the system's Vulkan drivers, and the SwiftShader that comes with npm. */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import * as modules from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { createBrotliDecompress } from 'node:zlib';
import { DeviceError } from '../base/errors.ts';
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

async function unpack(archive: string, folder: string): Promise<void> {
  const { extract } = require('tar-fs') as { extract(to: string): NodeJS.WritableStream };
  const { createReadStream } = await import('node:fs');
  const partial = `${folder}.${process.pid}`;
  await mkdir(partial, { recursive: true, mode: 0o700 });
  await pipeline(createReadStream(archive) as Readable, createBrotliDecompress(), extract(partial));
  // Another process may have finished first: its copy is as good.
  await rename(partial, folder).catch(() => rm(partial, { recursive: true, force: true }));
}

/**
 * The ICD file of the embedded SwiftShader, unpacked on first use into the cache folder (`driverCache`).
 * @throws DeviceError where the platform has none (it is built for Linux on x86-64).
 */
export async function embeddedDriver(): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new DeviceError('The embedded SwiftShader runs on Linux x86-64 only. Install a Vulkan driver.');
  }
  const entry = require.resolve('@sparticuz/chromium');
  const bin = join(dirname(entry), '..', '..', 'bin');
  const { version } = require(join(bin, '..', 'package.json')) as { version: string };
  const name = `swiftshader-${version}`;
  const folder = join(driverCache(name), name);
  const icd = join(folder, 'vk_swiftshader_icd.json');
  if (!existsSync(icd)) await unpack(join(bin, 'swiftshader.tar.br'), folder);
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
