/** @file A mask on the training grid, beside the image that `resample` puts there. */

import { ShapeError } from '../../base/errors.ts';
import { axesOf, borderTolerance, checkSides, type StoodAxis } from '../axes.ts';
import type { Affine } from '../types.ts';

/** One slice of a mask as its file has it, row-major. */
export interface MaskSlice {
  readonly rows: number;
  readonly columns: number;
  readonly values: ArrayLike<number>;
}

export interface GridMask {
  /** Class of each pixel, 0 where it is unknown. */
  readonly classes: Uint8Array;
  /** 1 where the mask has a value that is no class, so that neither background nor a structure may be learnt. */
  readonly unknown: Uint8Array;
}

/** For each output pixel the input pixel whose centre is nearest (the later of two); −1 outside the image. */
function nearestPixels({ length, factor, offset }: StoodAxis, size: number): Int32Array {
  return Int32Array.from({ length: size }, (_, i) => {
    const x = (i - offset) / factor;
    if (x < -0.5 - borderTolerance || x > length - 0.5 + borderTolerance) return -1;
    return Math.min(length - 1, Math.max(0, Math.floor(x + 0.5 + borderTolerance)));
  });
}

function checkClasses(call: string, classOf: ReadonlyMap<number, number>): void {
  for (const [value, index] of classOf)
    if (!Number.isInteger(index) || index < 0 || index > 255)
      throw new ShapeError(call, 'classOf', `gives ${index} for ${value}`, 'Give classes from 0 to 255.');
}

function checkSlice(call: string, { rows, columns, values }: MaskSlice): void {
  checkSides(call, { rows, columns });
  if (values.length === rows * columns) return;
  const problem = `has ${values.length} values for ${rows} × ${columns} pixels`;
  throw new ShapeError(call, 'slice', problem, 'Give one value for each pixel.');
}

/**
 * The mask under `preparedMap`'s map (native to training pixels), [size, size], by nearest neighbour. What lies outside
 * the native image is background (class 0), not unknown: the network sees padding there, which shows no structure.
 * @param classOf class of each value of the file; any other value, NaN too, is unknown
 * Throws ShapeError for wrong lengths and classes, GeometryError for a map that turns by other than quarters.
 */
export function maskOnGrid(
  slice: MaskSlice,
  map: Affine,
  size: number,
  classOf: ReadonlyMap<number, number>,
): GridMask {
  const call = 'maskOnGrid';
  checkSlice(call, slice);
  checkSides(call, { size });
  checkClasses(call, classOf);
  const axes = axesOf(map, slice);
  const across = nearestPixels(axes.across, size);
  const down = nearestPixels(axes.down, size);
  const at = (y: number, x: number): number => axes.first + y * axes.down.step + x * axes.across.step;
  const [classes, unknown] = [new Uint8Array(size * size), new Uint8Array(size * size)];
  for (let y = 0, i = 0; y < size; y++)
    for (let x = 0; x < size; x++, i++) {
      if (down[y]! < 0 || across[x]! < 0) continue;
      const index = classOf.get(slice.values[at(down[y]!, across[x]!)]!);
      if (index === undefined) unknown[i] = 1;
      else classes[i] = index;
    }
  return { classes, unknown };
}
