/** @file One axis of a map between native and training pixels: `cropMap`'s, without rotation. */

import { GeometryError, ShapeError } from '../../base/errors.ts';
import type { Affine } from '../types.ts';

/** new = factor·old + offset, pixel centres at whole numbers. */
export interface AxisMap {
  readonly factor: number;
  readonly offset: number;
}

/** How far beyond half a pixel rounding may put the border of an image. */
export const borderTolerance = 1e-9;

/** Throws GeometryError when the map turns, shears, mirrors or is not finite. */
export function axesOf(map: Affine): { readonly across: AxisMap; readonly down: AxisMap } {
  const [fx, turnX, tx, turnY, fy, ty] = map;
  if (map.every(Number.isFinite) && turnX === 0 && turnY === 0 && fx > 0 && fy > 0)
    return { across: { factor: fx, offset: tx }, down: { factor: fy, offset: ty } };
  throw new GeometryError(
    `The map [${map.join(', ')}] does more than scale and move. Give the map that the image was resampled by.`,
  );
}

/** Throws ShapeError when a side is no positive whole number. */
export function checkSides(call: string, sides: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(sides))
    if (!Number.isSafeInteger(count) || count < 1)
      throw new ShapeError(call, name, `is ${count}`, 'Give a positive whole number of pixels.');
}
