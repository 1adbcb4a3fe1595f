/** @file Weights in any format that is read, told by the file's first bytes. */
import { FileError } from '../base/errors.ts';
import { isNpy } from '../base/npy.ts';
import type { StateDict } from '../models/state.ts';
import { decodeWeights, type WeightsMetadata } from '../models/weights.ts';
import { decodeNpz, isZipped } from './npz.ts';

export interface StateFile {
  readonly format: 'safetensors' | 'npz';
  readonly state: StateDict;
  /** None in an .npz. */
  readonly metadata: WeightsMetadata;
}

/**
 * The weights of a .safetensors or .npz file.
 * @throws FileError for any other file, a lone .npy among them, and for a broken one
 */
export async function decodeState(bytes: Uint8Array, file: string): Promise<StateFile> {
  if (isZipped(bytes)) return { format: 'npz', state: await decodeNpz(bytes, file), metadata: {} };
  if (isNpy(bytes))
    throw new FileError(
      file,
      'is one array (.npy), which has no name',
      'Save all weights by their names: numpy.savez("weights.npz", **arrays).',
    );
  if (/\.onnx$/i.test(file))
    throw new FileError(
      file,
      'is an ONNX model, which is written here and not read',
      'Give the .safetensors or .npz that it was made of.',
    );
  return { format: 'safetensors', ...decodeWeights(bytes, file) };
}
