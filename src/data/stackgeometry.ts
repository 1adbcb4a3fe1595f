/** @file Stacks of parallel image planes: which belong together, which way they run, and where in them a slice lies. */

import { GeometryError } from '../base/errors.ts';
import { planeNormal } from './geometry.ts';
import type { ImagePlane, Reason, Vec3 } from './types.ts';
import { add, cross, dot, length, normalize, scale } from './vector.ts';

/** Slices of a stack closer than this along the normal are one location, mm. */
export const locationToleranceMm = 0.1;

/** Which way along a stack counts as 0 → 1: base to apex, or the published code's −(X × Y). */
export type LocationDirection = 'anatomical' | 'zhang2024';

/** One relative location per plane, 0 … 1, or why there is none. */
export type LocationResult =
  | { readonly locations: readonly number[]; readonly reason?: undefined }
  | { readonly locations: null; readonly reason: Reason };

/** Largest angle in degrees between the normals of parallel slices of one stack. */
export const stackToleranceDeg = 1;

/**
 * Whether two planes' normals agree within `stackToleranceDeg`, whichever side they face.
 * @example
 * const axial = { rowDirection: [1, 0, 0], columnDirection: [0, 1, 0] };
 * const flipped = { rowDirection: [-1, 0, 0], columnDirection: [0, 1, 0] };
 * data.sameOrientation(axial, flipped); // true
 */
export function sameOrientation(a: ImagePlane, b: ImagePlane): boolean {
  const sine = length(cross(planeNormal(a), planeNormal(b)));
  return sine <= Math.sin((stackToleranceDeg * Math.PI) / 180);
}

/**
 * Items by the orientation of their planes, in order of first appearance: those of a group agree with its first.
 * @example
 * const axial = { name: 'axial', rowDirection: [1, 0, 0], columnDirection: [0, 1, 0] };
 * const sagittal = { name: 'sagittal', rowDirection: [0, 1, 0], columnDirection: [0, 0, -1] };
 * const groups = data.byOrientation([axial, sagittal, axial], (plane) => plane);
 * groups.map((group) => group.map(({ name }) => name)); // [["axial","axial"],["sagittal"]]
 */
export function byOrientation<T>(items: readonly T[], planeOf: (item: T) => ImagePlane): T[][] {
  const groups: T[][] = [];
  for (const item of items) {
    const fits = groups.find(([first]) => sameOrientation(planeOf(first!), planeOf(item)));
    if (fits) fits.push(item);
    else groups.push([item]);
  }
  return groups;
}

/**
 * Unit vector along a stack of parallel planes. 'anatomical' points from base to apex: towards left, anterior and
 * inferior, u·(1, −1, −1) > 0 in LPS. 'zhang2024' is −(X × Y) of the first slice, as the published code has it, and
 * so depends on how the header is handed; it is also the answer for a normal exactly between the two sides.
 * @example
 * const axial = { rowDirection: [1, 0, 0], columnDirection: [0, 1, 0] };
 * data.stackDirection([axial, axial], 'anatomical'); // [0,0,-1]
 */
export function stackDirection(planes: readonly ImagePlane[], direction: LocationDirection): Vec3 {
  const first = planeNormal(planes[0]!);
  const sum = planes
    .map(planeNormal)
    .reduce<Vec3>((total, n) => add(total, dot(n, first) < 0 ? scale(n, -1) : n), [0, 0, 0]);
  const u = scale(normalize(sum), -1);
  const side = dot(u, [1, -1, -1]);
  return direction === 'anatomical' && side < 0 ? scale(u, -1) : u;
}

/**
 * u·ImagePositionPatient of each plane, mm, along `stackDirection`.
 * @example
 * const axial = (z) => ({ position: [0, 0, z], rowDirection: [1, 0, 0], columnDirection: [0, 1, 0] });
 * data.stackPositions([axial(16), axial(8)]); // [-16,-8]
 */
export function stackPositions(
  planes: readonly ImagePlane[],
  direction: LocationDirection = 'anatomical',
): number[] {
  const u = stackDirection(planes, direction);
  return planes.map((plane) => dot(u, plane.position));
}

/**
 * Relative slice location (loc − min) / (max − min) of each plane of one stack, 0 (base) … 1 (apex).
 * A stack of one location (closer than `locationToleranceMm`) has none. Throws GeometryError when the planes are not
 * parallel within `stackToleranceDeg`.
 * @example
 * const axial = (z) => ({ position: [0, 0, z], rowDirection: [1, 0, 0], columnDirection: [0, 1, 0] });
 * data.relativeLocations([axial(20), axial(15), axial(0)]).locations; // [0,0.25,1]
 */
export function relativeLocations(
  planes: readonly ImagePlane[],
  direction: LocationDirection = 'anatomical',
): LocationResult {
  const stray = planes.findIndex((plane) => !sameOrientation(plane, planes[0]!));
  if (stray > 0)
    throw new GeometryError(
      `Plane ${stray} is not parallel to the stack's first plane. Group slices by orientation first.`,
    );
  return locationsAlong(planes, direction);
}

/**
 * As `relativeLocations`, of planes that are known to be parallel.
 * @example
 * const axial = (z) => ({ position: [0, 0, z], rowDirection: [1, 0, 0], columnDirection: [0, 1, 0] });
 * data.locationsAlong([axial(8)]).reason.code; // "ONE_LOCATION"
 */
export function locationsAlong(
  planes: readonly ImagePlane[],
  direction: LocationDirection = 'anatomical',
): LocationResult {
  const positions = planes.length > 0 ? stackPositions(planes, direction) : [];
  const min = Math.min(...positions);
  const extent = Math.max(...positions) - min;
  if (extent > locationToleranceMm) return { locations: positions.map((p) => (p - min) / extent) };
  const message = 'The stack has a single slice location, so a relative location is not defined.';
  return { locations: null, reason: { code: 'ONE_LOCATION', message } };
}
