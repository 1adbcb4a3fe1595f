/** @file Weights files on disk: written whole or not at all, read with checks. */
import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FileError } from '../base/errors.ts';
import type { StateDict } from './state.ts';
import { decodeWeights, encodeWeights, type WeightsMetadata } from './weights.ts';

/**
 * Writes a weights file; a reader, or a crash, sees the old file or the new one, never a part.
 * @throws FileError if it cannot be written
 */
export async function saveWeights(path: string, state: StateDict, metadata?: WeightsMetadata): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeSynced(temporary, encodeWeights(state, metadata));
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new FileError(
      path,
      'could not be written',
      'Check the folder, its permissions and the free space.',
      {
        cause,
      },
    );
  }
}

/**
 * Reads a weights file.
 * @throws FileError if it cannot be read or is no whole safetensors file
 */
export async function loadWeights(path: string): Promise<ReturnType<typeof decodeWeights>> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new FileError(path, 'could not be read', 'Check the path and its permissions.', { cause });
  }
  return decodeWeights(bytes, path);
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the rename itself durable; Windows has no such call for folders. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
