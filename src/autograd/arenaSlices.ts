/** @file Named tensors side by side in one buffer, and their copies in f16. */
import type { Device } from '../tensor/device.ts';
import { disown } from '../tensor/scope.ts';
import { elementCount, type Shape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { windowed } from './windows.ts';

/** One tensor of an arena, f32. */
export interface ArenaEntry {
  readonly name: string;
  readonly shape: Shape;
  /** First values; zeros where left out. */
  readonly values?: ArrayLike<number>;
}

/** Elements in 256 bytes, which slices are aligned to: of f32, and of f16 where a copy in f16 has the same layout. */
const ALIGNMENT = { f32: 64, f16: 128 };
export type Layout = keyof typeof ALIGNMENT;

/** Elements that a tensor of this shape takes. */
export const padded = (shape: Shape, layout: Layout): number =>
  Math.ceil(elementCount(shape) / ALIGNMENT[layout]) * ALIGNMENT[layout];

/** Named tensors in one buffer, each at a 256-byte boundary; the padding between them is zero. Owns its storage. */
export class Arena {
  readonly device: Device;
  /** Every element, padding included. */
  readonly whole: Tensor;
  readonly slices: ReadonlyMap<string, Tensor>;

  constructor(device: Device, entries: readonly ArenaEntry[], label: string, layout: Layout = 'f32') {
    this.device = device;
    const sizes = entries.map(({ shape }) => padded(shape, layout));
    const host = new Float32Array(Math.max(ALIGNMENT[layout], sum(sizes)));
    const starts = startsOf(sizes);
    for (const [i, { values }] of entries.entries()) if (values) host.set(values, starts[i]!);
    this.whole = windowed(device, host.length, 'f32', label);
    this.whole.write(host);
    this.slices = new Map(
      entries.map(({ name, shape }, i) => [name, sliceOf(this.whole, shape, name, starts[i]!)]),
    );
  }

  dispose(): void {
    for (const slice of this.slices.values()) slice.dispose();
    this.whole.dispose();
  }
}

export const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

function startsOf(sizes: readonly number[]): number[] {
  let end = 0;
  return sizes.map((size) => {
    end += size;
    return end - size;
  });
}

function sliceOf(whole: Tensor, shape: Shape, name: string, start: number): Tensor {
  const spec = { shape, dtype: whole.dtype };
  return disown(new Tensor(whole.device, whole.storage.retain(), spec, name, 4 * start));
}

/** A parameter arena in f16, for the kernels of mixed precision to read. */
export class HalfArena {
  readonly whole: Tensor;
  readonly slices: ReadonlyMap<string, Tensor>;

  constructor(values: Arena) {
    this.whole = windowed(values.device, values.whole.size, 'f16', 'parameters in f16');
    this.slices = new Map([...values.slices].map(([name, master]) => [name, this.#copyOf(master)]));
  }

  dispose(): void {
    for (const slice of this.slices.values()) slice.dispose();
    this.whole.dispose();
  }

  #copyOf(master: Tensor): Tensor {
    const { device, storage } = this.whole;
    const spec = { shape: master.shape, dtype: 'f16' as const };
    const copy = disown(new Tensor(device, storage.retain(), spec, master.label, master.offset / 2));
    copy.master = master;
    return copy;
  }
}
