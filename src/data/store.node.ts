/** @file A prepared store as a folder on disk. */

import { join } from 'node:path';
import { readBytes, writeFiles } from './files.node.ts';
import { decodeManifest, decodeStore, encodeStore, manifestName, pixelsName } from './store.ts';
import type { PreparedData } from './types.ts';

/**
 * Writes manifest.json and pixels.<dtype>.bin into `folder` (made if missing), atomically, manifest last; an older
 * store there is replaced, or untouched on failure. Throws FileError.
 */
export async function writeStore(folder: string, data: PreparedData): Promise<void> {
  const { manifest, pixels } = encodeStore(data);
  await writeFiles([
    { path: join(folder, pixelsName(data.manifest.dtype)), bytes: pixels },
    { path: join(folder, manifestName), bytes: manifest },
  ]);
}

/** Reads a whole store into memory. Throws FileError when it is missing, truncated, damaged or of another version. */
export async function openStore(folder: string): Promise<PreparedData> {
  const manifestPath = join(folder, manifestName);
  const stored = decodeManifest(await readBytes(manifestPath), manifestPath);
  const pixelsPath = join(folder, pixelsName(stored.dtype));
  return decodeStore(stored, await readBytes(pixelsPath), pixelsPath);
}
