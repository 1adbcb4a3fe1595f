/** @file Moments of a convolution's results, which the launch that makes them takes from its tiles for the norm that follows. */

import type { Shape } from '../../tensor/shape.ts';
import type { Storage } from '../../tensor/storage.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { isSynced } from '../batchNormRows.ts';
import { hasFastMatrices } from './matrixTiles.ts';

/** Pixels whose moments are taken together: the rows of a subgroup's results by matrices of 16×16. */
export const MOMENT_ROWS = 64;

/** Those that were written: not every form of a convolution takes them. */
const written = new WeakSet<Storage>();

export function noteMoments({ storage }: Tensor): void {
  written.add(storage);
}

export function hasMoments({ storage }: Tensor): boolean {
  return written.has(storage);
}

/** Whether forms that take moments may be had for convolutions of x, and a norm can do with them. */
export function mayTakeMoments(x: Tensor): boolean {
  return hasFastMatrices(x.device.caps) && x.dtype === 'f16' && x.size > 0 && !isSynced(x);
}

/** Of moments of y [.., C]: mean, and sum of squared distances from it, of every MOMENT_ROWS pixels. */
export function momentsShape(y: Shape): Shape {
  const channels = y.at(-1)!;
  const rows = y.slice(0, -1).reduce((product, side) => product * side, 1);
  return [2, Math.ceil(rows / MOMENT_ROWS), channels];
}
