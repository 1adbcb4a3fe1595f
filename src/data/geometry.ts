/** @file Image planes in the patient: normals, pixels and points, intersecting lines, in closed form. */

import { GeometryError } from '../base/errors.ts';
import { invertAffine, normalizeLine } from './affine.ts';
import type { Affine, ImagePlane, LineResult, Vec3 } from './types.ts';
import { add, cross, dot, length, normalize, scale, subtract } from './vector.ts';

/** Largest departure from unit length and from a right angle that an orientation may have (headers round). */
export const orientationTolerance = 1e-3;

/** Planes whose normals have |m × n| (sine of the angle) below this give no line: 0.57°. */
export const parallelTolerance = 1e-2;

function checkOrientation(row: Vec3, column: Vec3): void {
  const problems = [Math.abs(length(row) - 1), Math.abs(length(column) - 1), Math.abs(dot(row, column))];
  if (problems.every((p) => p <= orientationTolerance)) return;
  throw new GeometryError(
    `Orientation [${[...row, ...column].join(', ')}] is not two perpendicular unit vectors ` +
      `(tolerance ${orientationTolerance}). Correct ImageOrientationPatient (0020,0037).`,
  );
}

/**
 * Distances between pixels and slices that are believed, mm: from a hundredth of MR microscopy's (10 µm) to more than a
 * whole body's. What lies outside is damage, and would leave the range of float32 once it is multiplied.
 */
export const spacingBoundsMm = [1e-4, 1e3] as const;

/** Furthest from the scanner's origin that a plane may lie along an axis, mm: a kilometre. */
export const farthestMm = 1e6;

/**
 * Whether pixels or slices can be this far apart, mm.
 * @example
 * [1.5, 0, -1, Number.NaN].map(data.isSpacing); // [true,false,false,false]
 */
export const isSpacing = (mm: unknown): boolean =>
  typeof mm === 'number' && mm >= spacingBoundsMm[0] && mm <= spacingBoundsMm[1];

/**
 * Whether a point can be the place of a pixel, mm.
 * @example
 * data.isPosition([-120.5, 30, 1e9]); // false
 */
export const isPosition = (point: readonly unknown[]): boolean =>
  point.length === 3 && point.every((mm) => typeof mm === 'number' && Math.abs(mm) <= farthestMm);

function checkSizes(plane: ImagePlane): void {
  const sides = [plane.rows, plane.columns].every((side) => Number.isFinite(side) && side > 0);
  if (sides && isPosition(plane.position) && plane.spacingMm.every(isSpacing)) return;
  throw new GeometryError(
    `An image plane needs a position within ±${farthestMm} mm, spacings from ${spacingBoundsMm[0]} to ${spacingBoundsMm[1]} mm and a size, got position [${plane.position.join(', ')}], ` +
      `spacing [${plane.spacingMm.join(', ')}] mm, ${plane.rows} rows, ${plane.columns} columns.`,
  );
}

/**
 * Checks a plane and normalises its directions.
 * Throws GeometryError when the orientation is not orthonormal within `orientationTolerance`, a size is not positive, or
 * spacing or position are none (`spacingBoundsMm`, `farthestMm`).
 * @example
 * const across = { position: [0, 0, 0], rowDirection: [1, 0, 0], columnDirection: [0.5, 0.5, 0] };
 * data.imagePlane({ ...across, spacingMm: [2, 2], rows: 4, columns: 4 }); // throws GeometryError
 */
export function imagePlane(plane: ImagePlane): ImagePlane {
  checkOrientation(plane.rowDirection, plane.columnDirection);
  checkSizes(plane);
  return {
    ...plane,
    rowDirection: normalize(plane.rowDirection),
    columnDirection: normalize(plane.columnDirection),
  };
}

/**
 * Unit normal rowDirection × columnDirection, LPS.
 * @example
 * data.planeNormal({ rowDirection: [1, 0, 0], columnDirection: [0, 1, 0] }); // [0,0,1]
 */
export function planeNormal(plane: ImagePlane): Vec3 {
  return normalize(cross(plane.rowDirection, plane.columnDirection));
}

/**
 * World point (mm, LPS) of pixel (x = column, y = row): position + x·Δc·X + y·Δr·Y (PS3.3 C.7.6.2.1.1).
 * @example
 * const across = { position: [-100, -80, 8], rowDirection: [1, 0, 0], columnDirection: [0, 1, 0] };
 * data.pixelToWorld({ ...across, spacingMm: [2, 1.5] }, 10, 5); // [-85,-70,8]
 */
export function pixelToWorld(plane: ImagePlane, x: number, y: number): Vec3 {
  const [betweenRows, betweenColumns] = plane.spacingMm;
  const along = scale(plane.rowDirection, x * betweenColumns);
  return add(plane.position, add(along, scale(plane.columnDirection, y * betweenRows)));
}

/**
 * Pixel coordinates of a world point's foot on the plane, and its signed distance from the plane in mm.
 * @example
 * const across = { position: [-100, -80, 8], rowDirection: [1, 0, 0], columnDirection: [0, 1, 0] };
 * data.worldToPixel({ ...across, spacingMm: [2, 1.5] }, [-85, -70, 11]); // {"x":10,"y":5,"distanceMm":3}
 */
export function worldToPixel(plane: ImagePlane, point: Vec3): { x: number; y: number; distanceMm: number } {
  const offset = subtract(point, plane.position);
  return {
    x: dot(offset, plane.rowDirection) / plane.spacingMm[1],
    y: dot(offset, plane.columnDirection) / plane.spacingMm[0],
    distanceMm: dot(offset, planeNormal(plane)),
  };
}

/**
 * The line in `target`'s pixels where `reference`'s (infinite) plane cuts it: m·(P(x, y) − q) = 0 is linear in x and y.
 * Parallel planes (see `parallelTolerance`) give a reason instead of a line. The line may lie outside the image.
 * @example
 * const axial = { position: [0, 0, 0], rowDirection: [1, 0, 0], columnDirection: [0, 1, 0], spacingMm: [2, 2] };
 * const sagittal = { position: [8, 0, 0], rowDirection: [0, 1, 0], columnDirection: [0, 0, -1], spacingMm: [2, 2] };
 * data.intersectingLine(axial, sagittal).line; // [-1,0,4]
 */
export function intersectingLine(target: ImagePlane, reference: ImagePlane): LineResult {
  const m = planeNormal(reference);
  const sine = length(cross(m, planeNormal(target)));
  if (sine < parallelTolerance) {
    const degrees = ((Math.asin(sine) * 180) / Math.PI).toFixed(2);
    const message = `The reference plane is parallel to the image (${degrees}° apart), so they share no line.`;
    return { line: null, reason: { code: 'PARALLEL', message } };
  }
  const [betweenRows, betweenColumns] = target.spacingMm;
  const a = betweenColumns * dot(m, target.rowDirection);
  const b = betweenRows * dot(m, target.columnDirection);
  return { line: normalizeLine(a, b, dot(m, subtract(target.position, reference.position))) };
}

/**
 * The plane of an image resampled by `map` (old pixels → new pixels) to rows × columns.
 * Throws GeometryError when the new pixel axes are not perpendicular in the patient (shear).
 * @example
 * const across = { position: [0, 0, 8], rowDirection: [1, 0, 0], columnDirection: [0, 1, 0] };
 * const plane = { ...across, spacingMm: [2, 2], rows: 64, columns: 64 };
 * // half as many pixels along each axis, the first about the first four
 * const { spacingMm, position } = data.transformPlane(plane, [0.5, 0, -0.25, 0, 0.5, -0.25], 32, 32);
 * [spacingMm, position]; // [[4,4],[1,1,8]]
 */
export function transformPlane(plane: ImagePlane, map: Affine, rows: number, columns: number): ImagePlane {
  const back = invertAffine(map);
  const origin = pixelToWorld(plane, 0, 0);
  const step = (dx: number, dy: number): Vec3 => subtract(pixelToWorld(plane, dx, dy), origin);
  const [alongX, alongY] = [step(back[0], back[3]), step(back[1], back[4])];
  return imagePlane({
    position: pixelToWorld(plane, back[2], back[5]),
    rowDirection: normalize(alongX),
    columnDirection: normalize(alongY),
    spacingMm: [length(alongY), length(alongX)],
    rows,
    columns,
  });
}
