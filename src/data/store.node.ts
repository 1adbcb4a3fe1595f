/** @file A prepared store as a folder on disk. */

import { readdir, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { ConfigError, FileError } from '../base/errors.ts';
import { fileError, readBytes } from './files/files.node.ts';
import { isLockName } from './files/lock.node.ts';
import { decodeManifest, decodeStore } from './storedecode.ts';
import { coloursName, manifestName, masksName, pixelsName, storeNames } from './storenames.ts';
import { StoreWriter } from './storewriter.node.ts';
import type { PreparedData, TrainingData } from './types.ts';

/** Whether a file is a store's own: one of its few, its lock, or the remains of a write that was cut off. */
const ownName = (name: string): boolean =>
  isLockName(name) ||
  storeNames.some((own) => name === own || (name.startsWith(`${own}.`) && name.endsWith('.tmp')));

/** A path without links, as far as it exists. */
async function realFolder(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(await realFolder(parent), basename(path));
  }
}

/** @throws ConfigError where `folder` is or lies in `source`, the folder of images */
export async function expectOutside(folder: string, source: string): Promise<void> {
  const [to, from] = await Promise.all([folder, source].map((path) => realFolder(resolve(path))));
  const way = relative(from!, to!);
  if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) return;
  throw new ConfigError(
    `${folder} is or lies in ${source}, whose files would no longer be the images alone. Choose a folder outside it.`,
  );
}

/**
 * Checks that a store may be written into `folder`: new, empty or a store, and outside the folder of its images.
 * @throws ConfigError where it is or lies in `source`; FileError where it holds anything else or is a file
 */
export async function expectStoreFolder(folder: string, source: string): Promise<void> {
  await expectOutside(folder, source);
  const present = await readdir(folder).catch((error): string[] => {
    if (error.code === 'ENOENT') return [];
    throw fileError(folder, error);
  });
  if (present.includes(manifestName) || present.every(ownName)) return;
  throw new FileError(
    folder,
    `is not empty and no prepared store (it lacks ${manifestName})`,
    'Choose a new or empty folder, or an older store.',
  );
}

/**
 * Writes manifest.json, pixels.<dtype>.bin and, where there are any, colours.<dtype>.bin and masks.u8.bin into `folder` (made if missing),
 * atomically, manifest last; an older store there is replaced, or untouched on failure.
 * Throws FileError; ShapeError as `encodeStore` does.
 * @example
 * const prepared = await data.prepare(await data.listFiles(study), { size: 32, spacingMm: 8 });
 * await data.writeStore(folder, prepared);
 * (await data.listFiles(folder)).map(({ path }) => path); // ["manifest.json","pixels.f32.bin"]
 */
export async function writeStore(folder: string, data: TrainingData): Promise<void> {
  const { manifest, masks, colours } = data;
  const writer = await StoreWriter.begin(folder, {
    ...{ size: manifest.size, dtype: manifest.dtype },
    ...{ masks: masks !== undefined, colours: colours !== undefined },
  });
  try {
    await writer.add(data);
  } catch (error) {
    await writer.drop();
    throw error;
  }
  await writer.finish(manifest);
}

/**
 * Reads a whole store into memory. Throws FileError when it is missing, truncated, damaged or of another version.
 * @example
 * const prepared = await data.prepare(await data.listFiles(study), { size: 32, spacingMm: 8 });
 * await data.writeStore(folder, prepared);
 * const { manifest, pixels } = await data.openStore(folder);
 * [manifest.images.length, pixels.length]; // [24,24576]
 */
export async function openStore(folder: string): Promise<PreparedData> {
  const manifestPath = join(folder, manifestName);
  const stored = decodeManifest(await readBytes(manifestPath), manifestPath);
  const pixelsPath = join(folder, pixelsName(stored.dtype));
  const pixels = await readBytes(pixelsPath);
  const further = async (name: string) => {
    const file = join(folder, name);
    return { bytes: await readBytes(file), file };
  };
  return decodeStore(stored, pixels, pixelsPath, {
    ...(stored.colours && { colours: await further(coloursName(stored.dtype)) }),
    ...(stored.version === 2 && { masks: await further(masksName) }),
  });
}
