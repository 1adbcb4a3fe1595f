/** @file What a launch binds of tensors' memory, and what cannot be bound. */
import { ShapeError } from '../../base/errors.ts';
import type { Storage } from '../../tensor/storage.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { ShaderEntry } from './shader.ts';

/** A run of bytes one binding sees. */
export interface BoundSlice {
  readonly binding: number;
  readonly writes: boolean;
  readonly storage: Storage;
  readonly offset: number;
  readonly size: number;
}

/** Whether a shader can step over the channels between those of a run: it is told of them. */
const stepsOver = ({ params }: ShaderEntry): boolean =>
  Object.keys(params?.fields ?? {}).some((name) => /pitch$|Row$/i.test(name));

/**
 * Each binding's bytes.
 * @throws ShapeError for runs of channels that the shader does not know, more bytes than a binding holds, and outputs that
 * share their memory with inputs
 */
export function slicesOf(
  label: string,
  entry: ShaderEntry,
  tensors: Readonly<Record<string, Tensor>>,
): BoundSlice[] {
  const slices = entry.bindings.map(({ name, binding, access }) => {
    const tensor = tensors[name]!;
    // It would take the other channels for its own.
    if (tensor.run && !stepsOver(entry))
      throw new ShapeError(label, name, 'is a run of channels', 'Copy it by denseOf() first.');
    // Rounded up so that kernels may touch whole vec4s; storages and arena slices are padded to 256 bytes.
    const size = Math.max(16, Math.ceil(tensor.spanBytes / 16) * 16);
    const { maxBinding } = tensor.device.caps;
    if (size > maxBinding) {
      const problem = `has ${size} bytes; this adapter takes ${maxBinding} at once`;
      throw new ShapeError(label, name, problem, 'Use smaller sizes, mixed precision or another adapter.');
    }
    const { storage, offset } = tensor;
    return { binding, writes: access === 'read_write', storage, offset, size };
  });
  for (const [i, { writes, storage }] of slices.entries()) {
    const shared = writes ? slices.findIndex((other) => !other.writes && other.storage === storage) : -1;
    if (shared < 0) continue;
    const [written, read] = [entry.bindings[i]!.name, entry.bindings[shared]!.name];
    throw new ShapeError(label, written, `shares its memory with ${read}`, 'Copy one of them first.');
  }
  return slices;
}
