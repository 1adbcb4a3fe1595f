/** @file Affine maps of pixel coordinates and what they do to points and lines. */

import { GeometryError } from '../base/errors.ts';
import type { Affine, Line } from './types.ts';

/** Leaves every point where it is. */
export const identityAffine: Affine = [1, 0, 0, 0, 1, 0];

/**
 * The image of the pixel point (x, y) under `map`.
 * @example
 * data.applyAffine([2, 0, 1, 0, 2, 3], 5, 7); // [11,17]
 */
export function applyAffine(map: Affine, x: number, y: number): [x: number, y: number] {
  return [map[0] * x + map[1] * y + map[2], map[3] * x + map[4] * y + map[5]];
}

/**
 * The map that does `inner` first, then `outer`.
 * @example
 * data.composeAffine([2, 0, 0, 0, 2, 0], [1, 0, 3, 0, 1, 4]); // [2,0,6,0,2,8]
 */
export function composeAffine(outer: Affine, inner: Affine): Affine {
  const [a, b, , d, e] = outer;
  const [x, y] = applyAffine(outer, inner[2], inner[5]);
  return [
    a * inner[0] + b * inner[3],
    a * inner[1] + b * inner[4],
    x,
    d * inner[0] + e * inner[3],
    d * inner[1] + e * inner[4],
    y,
  ];
}

/**
 * The inverse map. Throws GeometryError when `map` squeezes the plane into a line.
 * @example
 * data.invertAffine([2, 0, 6, 0, 2, 8]); // [0.5,0,-3,0,0.5,-4]
 */
export function invertAffine(map: Affine): Affine {
  const [a, b, c, d, e, f] = map;
  const determinant = a * e - b * d;
  if (!Number.isFinite(determinant) || determinant === 0)
    throw new GeometryError(`The affine map [${map.join(', ')}] has no inverse. Give it a non-zero scale.`);
  const [ia, ib, id, ie] = [e / determinant, -b / determinant, -d / determinant, a / determinant];
  return [ia, ib, -(ia * c + ib * f), id, ie, -(id * c + ie * f)];
}

/**
 * Scales (a, b, d) so that a² + b² = 1. Throws GeometryError when a = b = 0 or a number is not finite.
 * @example
 * data.normalizeLine(3, 4, 10); // [0.6,0.8,2]
 */
export function normalizeLine(a: number, b: number, d: number): Line {
  const norm = Math.hypot(a, b);
  if (!Number.isFinite(norm) || !Number.isFinite(d) || norm === 0)
    throw new GeometryError(`(${a}, ${b}, ${d}) is not a line: a and b must be finite and not both zero.`);
  return [a / norm, b / norm, d / norm];
}

/**
 * The line after its pixel coordinates went through `map` (from old to new pixels), again with a² + b² = 1.
 * The new |a·x + b·y + d| is a distance in new pixels. Throws GeometryError when `map` has no inverse.
 * @example
 * data.transformLine([1, 0, -5], [1, 0, 2, 0, 1, 0]); // [1,0,-7]
 */
export function transformLine(line: Line, map: Affine): Line {
  const back = invertAffine(map);
  const [a, b, d] = line;
  return normalizeLine(a * back[0] + b * back[3], a * back[1] + b * back[4], a * back[2] + b * back[5] + d);
}

/**
 * Angle between two undirected lines, degrees, 0 … 90. Both must be in the same isotropic pixels.
 * @example
 * data.lineAngleDeg([1, 0, 0], [0, 1, 0]); // 90
 */
export function lineAngleDeg(a: Line, b: Line): number {
  const sine = Math.abs(a[0] * b[1] - a[1] * b[0]);
  const cosine = Math.abs(a[0] * b[0] + a[1] * b[1]);
  return (Math.atan2(sine, cosine) * 180) / Math.PI;
}

/**
 * Distance in mm from `predicted` to the point of `truth` that is nearest to `point` (pixels; the image centre or
 * the crossing of two lines): how far the line is off where it matters, whatever the angle between them.
 * @param spacingMm isotropic pixel spacing of the image both lines live in, mm
 * @example
 * data.lineOffsetMm([1, 0, -5], [1, 0, -3], [0, 0], 1.5); // 3
 */
export function lineOffsetMm(
  predicted: Line,
  truth: Line,
  point: readonly [x: number, y: number],
  spacingMm: number,
): number {
  const signed = truth[0] * point[0] + truth[1] * point[1] + truth[2];
  const [x, y] = [point[0] - signed * truth[0], point[1] - signed * truth[1]];
  return Math.abs(predicted[0] * x + predicted[1] * y + predicted[2]) * spacingMm;
}

/**
 * Where two lines cross, in pixels, or null when they are parallel.
 * @example
 * data.lineCrossing([1, 0, -2], [0, 1, -3]); // [2,3]
 */
export function lineCrossing(a: Line, b: Line): [x: number, y: number] | null {
  const determinant = a[0] * b[1] - a[1] * b[0];
  if (Math.abs(determinant) < 1e-9) return null;
  return [(a[1] * b[2] - b[1] * a[2]) / determinant, (b[0] * a[2] - a[0] * b[2]) / determinant];
}
