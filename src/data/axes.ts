/** @file The axes of a map between native and training pixels, which may turn by quarters and mirror: `preparedMap`'s. */

import { GeometryError, ShapeError } from '../base/errors.ts';
import type { Affine } from './types.ts';

/** One axis of an image that is stood up: new = factor·old + offset, pixel centres at whole numbers. */
export interface StoodAxis {
  readonly factor: number;
  readonly offset: number;
  /** Of the image, pixels. */
  readonly length: number;
  /** Between neighbours in the image as it is stored, row-major; negative where that runs the other way. */
  readonly step: number;
}

export interface StoodAxes {
  readonly across: StoodAxis;
  readonly down: StoodAxis;
  /** Of the first pixel of both, in the image as it is stored. */
  readonly first: number;
}

/** How far beyond half a pixel rounding may put the border of an image. */
export const borderTolerance = 1e-9;

/** An axis of the image that runs along one of the map's, from its other end where the factor is negative. */
function stood(factor: number, offset: number, length: number, step: number): StoodAxis & { first: number } {
  if (factor > 0) return { factor, offset, length, step, first: 0 };
  const last = length - 1;
  return { factor: -factor, offset: offset + factor * last, length, step: -step, first: last * step };
}

/** Throws GeometryError when the map turns by other than quarters, shears or is not finite. */
export function axesOf(
  map: Affine,
  { rows, columns }: { readonly rows: number; readonly columns: number },
): StoodAxes {
  const [xx, xy, tx, yx, yy, ty] = map;
  const lies = xy === 0 && yx === 0;
  const [fx, fy] = lies ? [xx, yy] : [xy, yx];
  if (!map.every(Number.isFinite) || fx === 0 || fy === 0 || (!lies && (xx !== 0 || yy !== 0)))
    throw new GeometryError(
      `The map [${map.join(', ')}] does more than scale, move, mirror and turn by quarters. Give the map that the image was resampled by.`,
    );
  const { first: left, ...across } = lies ? stood(fx, tx, columns, 1) : stood(fx, tx, rows, columns);
  const { first: top, ...down } = lies ? stood(fy, ty, rows, columns) : stood(fy, ty, columns, 1);
  return { across, down, first: left + top };
}

/** Throws ShapeError when a side is no positive whole number. */
export function checkSides(call: string, sides: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(sides))
    if (!Number.isSafeInteger(count) || count < 1)
      throw new ShapeError(call, name, `is ${count}`, 'Give a positive whole number of pixels.');
}
