/** @file What the pooling ops share: window sizes, their checks, and grids over the pixels of images. */
import { ShapeError } from '../tensor/errors.ts';
import { formatShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { expectFloat } from './elements.ts';
import { expectRank } from './op.ts';
import type { Grid } from './queue.ts';

/** A square window, in pixels. */
export interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

/** Channels of the last axis by four, or one by one. */
export function channelGroups(shape: readonly number[]): { groups: number; scalar: boolean } {
  const channels = shape.at(-1)!;
  return channels % 4 === 0 ? { groups: channels / 4, scalar: false } : { groups: channels, scalar: true };
}

/** Shape of the windows over x [N, H, W, C]; throws ShapeError where none fits or padding holds a whole one. */
export function pooledShape(op: string, x: Tensor | null, { kernel, stride, padding }: Window): number[] {
  const { shape } = expectFloat(op, 'x', expectRank(op, 'x', x, 4, null));
  const [batch, height, width, channels] = shape as [number, number, number, number];
  const whole = [kernel, stride, padding].every(Number.isInteger);
  if (!whole || kernel < 1 || kernel > 16 || stride < 1 || padding < 0 || padding > kernel / 2) {
    const problem = `is kernel ${kernel}, stride ${stride}, padding ${padding}`;
    throw new ShapeError(op, 'window', problem, 'kernel 1..16, stride 1.., padding 0..kernel/2 are needed.');
  }
  const over = (size: number) => Math.floor((size + 2 * padding - kernel) / stride) + 1;
  if (over(height) < 1 || over(width) < 1) {
    throw new ShapeError(
      op,
      'x',
      `has shape ${formatShape(shape)}`,
      `A ${kernel}×${kernel} window needs more.`,
    );
  }
  return [batch, over(height), over(width), channels];
}

/** Workgroups for `columns`·`groups` invocations in x, `rows` in y and `batch` in z. */
export function imageGrid(workgroup: number, batch: number, rows: number, columns: number): Grid {
  return [Math.ceil(columns / workgroup), rows, batch];
}

/** Invocations a workgroup of a kernel that runs along one image row. */
export function rowWorkgroup({ device }: Tensor): number {
  return Math.min(device.caps.workgroup, 64);
}
