/** @file Three-vectors in millimetres, patient axes (LPS) unless said otherwise. */
import type { Vec3 } from '../types.ts';

export const dot = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

export const add = (a: Vec3, b: Vec3): Vec3 => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];

export const subtract = (a: Vec3, b: Vec3): Vec3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];

export const scale = (a: Vec3, by: number): Vec3 => [a[0] * by, a[1] * by, a[2] * by];

export const cross = (a: Vec3, b: Vec3): Vec3 => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

export const length = (a: Vec3): number => Math.sqrt(dot(a, a));

export const normalize = (a: Vec3): Vec3 => scale(a, 1 / length(a));

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
