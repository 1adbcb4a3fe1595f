/** @file Axes of a stack of parallel slices: two in the slices, one along them. */
import { PlanningError } from '../base/errors.ts';
import { pixelToWorld } from '../data/geometry.ts';
import { sameOrientation, stackDirection } from '../data/stackgeometry.ts';
import type { ImagePlane, Vec3 } from '../data/types.ts';
import { add, cross, dot, normalize, scale, subtract } from '../data/vector.ts';
import { centreOf } from './plane.ts';

/** Fewest slices that a plane is fitted to: of two, either could be wrong and nothing would tell. */
export const fewestSlices = 3;

/** Orthonormal axes, LPS, with an origin in the middle of the stack. */
export interface StackAxes {
  readonly origin: Vec3;
  /** In the slices. */
  readonly x: Vec3;
  readonly y: Vec3;
  /** Along the stack, base to apex. */
  readonly z: Vec3;
}

/** mm along the axes of a stack. */
export type StackPoint = readonly [x: number, y: number, z: number];

/**
 * The axes of a stack, from the planes of its slices.
 * @throws PlanningError FEW_SLICES, or NOT_PARALLEL beyond `stackToleranceDeg`
 */
export function stackAxes(planes: readonly ImagePlane[]): StackAxes {
  if (planes.length < fewestSlices)
    throw new PlanningError(
      'FEW_SLICES',
      `The stack has ${planes.length === 1 ? 'one slice' : `${planes.length} slices`}; a plane needs ${fewestSlices} at least. Give the whole stack.`,
    );
  const stray = planes.findIndex((plane) => !sameOrientation(plane, planes[0]!));
  if (stray > 0)
    throw new PlanningError(
      'NOT_PARALLEL',
      `Slice ${stray} is not parallel to slice 0. Give slices of one stack.`,
    );
  const z = stackDirection(planes, 'anatomical');
  const middle = planes[Math.floor(planes.length / 2)]!;
  const { rowDirection: row } = middle;
  const x = normalize(subtract(row, scale(z, dot(row, z))));
  return { origin: centreOf(middle), x, y: cross(z, x), z };
}

export function toStack({ origin, x, y, z }: StackAxes, point: Vec3): StackPoint {
  const from = subtract(point, origin);
  return [dot(from, x), dot(from, y), dot(from, z)];
}

export const fromStack = ({ origin, x, y, z }: StackAxes, point: StackPoint): Vec3 =>
  add(origin, add(scale(x, point[0]), add(scale(y, point[1]), scale(z, point[2]))));

/** A pixel of a slice in the stack. */
export const pixelInStack = (axes: StackAxes, plane: ImagePlane, x: number, y: number): StackPoint =>
  toStack(axes, pixelToWorld(plane, x, y));
