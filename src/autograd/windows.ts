/** @file Arenas may be larger than what one binding holds: kernels over all of one take it window by window. */
import type { Device } from '../tensor/device.ts';
import { byteSize, type DType } from '../tensor/dtype.ts';
import { disown } from '../tensor/scope.ts';
import { Tensor } from '../tensor/tensor.ts';

/** A run of an arena in units of four elements. */
export interface ArenaRun {
  readonly first: number;
  readonly quads: number;
}

/** Where views may begin is a multiple of 256 bytes, of f16 too. */
const QUADS_ALIGNED = 128;
const QUAD_BYTES = 16;

/** What an arena of so many quads (f32) is taken in: as a whole wherever a binding holds it. */
export function windowsOf({ caps: { maxBinding } }: Device, quads: number): ArenaRun[] {
  const most = Math.max(1, Math.floor(maxBinding / QUAD_BYTES / QUADS_ALIGNED)) * QUADS_ALIGNED;
  return Array.from({ length: Math.max(1, Math.ceil(quads / most)) }, (_, i) => ({
    first: i * most,
    quads: Math.min(most, quads - i * most),
  }));
}

/** A window of a tensor with the arena's layout. Dispose it, or hold it with `using`. */
export function windowOf(whole: Tensor, { first, quads }: ArenaRun): Tensor {
  const spec = { shape: [4 * quads], dtype: whole.dtype };
  const offset = whole.offset + 4 * first * byteSize(whole.dtype);
  return disown(new Tensor(whole.device, whole.storage.retain(), spec, whole.label, offset));
}

/** A tensor of so many elements, of undefined content, which may be larger than a binding. Its owner disposes it. */
export function windowed(device: Device, elements: number, dtype: DType, label: string): Tensor {
  const storage = device.memory.allocateReal(elements * byteSize(dtype), label, { windowed: true });
  return disown(new Tensor(device, storage, { shape: [elements], dtype }, label));
}

/** Cuts runs where a window ends; `run.first` stays counted from the arena's begin. */
export function cutAtWindows<R extends ArenaRun>(
  windows: readonly ArenaRun[],
  runs: readonly R[],
): { readonly window: ArenaRun; readonly run: R }[] {
  return runs.flatMap((run) =>
    windows.flatMap((window) => {
      const first = Math.max(run.first, window.first);
      const end = Math.min(run.first + run.quads, window.first + window.quads);
      return end > first ? [{ window, run: { ...run, first, quads: end - first } }] : [];
    }),
  );
}
