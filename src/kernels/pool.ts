/** @file What the pooling ops share: windows, their checks, and grids over the pixels of images. */

import { ShapeError } from '../base/errors.ts';
import type { Device } from '../tensor/device.ts';
import { formatShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { expectFloat } from './elements.ts';
import { type Grid, linearGrid } from './launch/queue.ts';
import { expectRank } from './op.ts';
import { expectPair, type Pair } from './options.ts';

/** A window, in pixels: one number for both axes, or [y, x]. */
export interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
}

/** Sizes of a window as kernels take them. */
export interface WindowSizes {
  readonly kernelY: number;
  readonly kernelX: number;
  readonly strideY: number;
  readonly strideX: number;
  readonly paddingY: number;
  readonly paddingX: number;
}

/** Channels of the last axis by four, or one by one. */
export function channelGroups(shape: readonly number[]): { groups: number; scalar: boolean } {
  const channels = shape.at(-1)!;
  return channels % 4 === 0 ? { groups: channels / 4, scalar: false } : { groups: channels, scalar: true };
}

/** The window by axis. @throws ShapeError for sizes that are not whole, or padding above half a window */
export function windowSizes(op: string, { kernel, stride, padding }: Window): WindowSizes {
  const [kernelY, kernelX] = expectPair(op, 'kernel', kernel, 1);
  const [strideY, strideX] = expectPair(op, 'stride', stride, 1);
  const [paddingY, paddingX] = expectPair(op, 'padding', padding, 0);
  if (paddingY > kernelY / 2 || paddingX > kernelX / 2) {
    const problem = `is ${paddingY}×${paddingX}, the kernel ${kernelY}×${kernelX}`;
    throw new ShapeError(op, 'padding', problem, 'At most half the kernel is needed.');
  }
  return { kernelY, kernelX, strideY, strideX, paddingY, paddingX };
}

/** Shape of the windows over x [N, H, W, C], f32 or f16; throws ShapeError where none fits. */
export function pooledShape(op: string, x: Tensor | null, window: Window): number[] {
  const { shape } = expectFloat(op, 'x', expectRank(op, 'x', x, 4, null));
  const { kernelY, kernelX, strideY, strideX, paddingY, paddingX } = windowSizes(op, window);
  const [batch, height, width, channels] = shape as [number, number, number, number];
  const rows = Math.floor((height + 2 * paddingY - kernelY) / strideY) + 1;
  const columns = Math.floor((width + 2 * paddingX - kernelX) / strideX) + 1;
  if (Math.min(rows, columns, height, width) < 1) {
    const problem = `has shape ${formatShape(shape)}`;
    throw new ShapeError(op, 'x', problem, `A ${kernelY}×${kernelX} window needs more pixels.`);
  }
  return [batch, rows, columns, channels];
}

const MAX_GRID = 65535;

/**
 * Workgroups for `columns` invocations in x, `rows` in y and `batch` in z; where one of them is too many, for all in
 * one row of them, which the shader's placeOf takes apart if FOLDED.
 */
export function imageGrid(
  workgroup: number,
  batch: number,
  rows: number,
  columns: number,
): { grid: Grid; FOLDED: number } {
  const across = Math.ceil(columns / workgroup);
  if (Math.max(across, rows, batch) <= MAX_GRID) return { grid: [across, rows, batch], FOLDED: 0 };
  return { grid: linearGrid(batch * rows * columns, workgroup), FOLDED: 1 };
}

/** Invocations a workgroup of a kernel that runs along one image row. */
export function rowWorkgroup({ device }: { readonly device: Device }): number {
  return Math.min(device.caps.workgroup, 64);
}
