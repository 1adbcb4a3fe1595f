/** @file Weights files on disk: written whole or not at all, read with checks. */
import { readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe } from '../base/describe.ts';
import { ConfigError, FileError } from '../base/errors.ts';
import { temporaryOf } from '../data/files/files.node.ts';
import { writeSynced } from '../data/files/make.node.ts';
import { syncFolder } from '../data/files/sync.node.ts';
import type { StateDict } from './state.ts';
import { decodeWeights, encodeWeights, type WeightsMetadata } from './weights.ts';

/**
 * Writes a weights file; a reader, or a crash, sees the old file or the new one, never a part.
 * @throws ConfigError for what is no path, no state dict or no metadata
 * @throws FileError if it cannot be written
 * @example
 * const state = new Map([['bias', { shape: [2], values: Float32Array.of(1, 2) }]]);
 * await saveWeights(`${folder}/weights.safetensors`, state);
 * (await loadWeights(`${folder}/weights.safetensors`)).state.get('bias').values; // [1,2]
 */
export async function saveWeights(path: string, state: StateDict, metadata?: WeightsMetadata): Promise<void> {
  expectPath('saveWeights', path);
  const bytes = encodeWeights(state, metadata);
  const temporary = temporaryOf(path);
  try {
    await writeSynced(temporary, bytes);
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
 * @throws ConfigError for what is no path
 * @throws FileError if it cannot be read or is no whole safetensors file
 * @example
 * const state = new Map([['bias', { shape: [2], values: Float32Array.of(1, 2) }]]);
 * await saveWeights(`${folder}/weights.safetensors`, state, { note: 'of the first run' });
 * (await loadWeights(`${folder}/weights.safetensors`)).metadata.note; // "of the first run"
 */
export async function loadWeights(path: string): Promise<ReturnType<typeof decodeWeights>> {
  expectPath('loadWeights', path);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new FileError(path, 'could not be read', 'Check the path and its permissions.', { cause });
  }
  return decodeWeights(bytes, path);
}

/** A number would be a descriptor of an open file. */
function expectPath(call: string, path: unknown): void {
  if (typeof path !== 'string' || path === '')
    throw new ConfigError(`${call} got ${describe(path)} for the path. Pass that of a .safetensors file.`);
}
