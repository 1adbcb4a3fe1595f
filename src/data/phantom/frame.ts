/** @file Orthonormal axes at a point, and what lies along them; millimetres, patient axes (LPS). */

import type { Vec3 } from '../types.ts';
import { add, dot, normalize, scale, subtract } from '../vector.ts';

/** The unit vector of what is left of `a` across the unit vector `axis`. */
export const across = (a: Vec3, axis: Vec3): Vec3 => normalize(subtract(a, scale(axis, dot(a, axis))));

/** Three orthonormal axes at an origin. */
export interface Frame {
  readonly origin: Vec3;
  readonly x: Vec3;
  readonly y: Vec3;
  readonly z: Vec3;
}

/** A point given along a frame's axes, in patient coordinates. */
export function fromFrame(frame: Frame, point: Vec3): Vec3 {
  return add(frame.origin, directionFromFrame(frame, point));
}

/** A direction given along a frame's axes, in patient coordinates. */
export function directionFromFrame(frame: Frame, v: Vec3): Vec3 {
  return add(add(scale(frame.x, v[0]), scale(frame.y, v[1])), scale(frame.z, v[2]));
}

/** A patient direction along a frame's axes. */
export function directionToFrame(frame: Frame, v: Vec3): Vec3 {
  return [dot(v, frame.x), dot(v, frame.y), dot(v, frame.z)];
}
