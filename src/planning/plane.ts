/** @file Infinite planes in the patient, and how far two lie apart. */
import { pixelToWorld, planeNormal } from '../data/geometry.ts';
import type { ImagePlane, Vec3 } from '../data/types.ts';
import { dot, scale, subtract } from '../data/vector.ts';

/** normal·(P − point) = 0, millimetres, LPS. */
export interface Plane {
  readonly point: Vec3;
  /** Of unit length; which of the two sides it points to means nothing. */
  readonly normal: Vec3;
}

/** How far a predicted plane is from the real image of its view. */
export interface PlaneError {
  readonly angleDeg: number;
  readonly distanceMm: number;
}

/** The middle of an image, mm. */
export const centreOf = (plane: ImagePlane): Vec3 =>
  pixelToWorld(plane, (plane.columns - 1) / 2, (plane.rows - 1) / 2);

/** The infinite plane that an image lies in, through its centre. */
export const planeOf = (image: ImagePlane): Plane => ({ point: centreOf(image), normal: planeNormal(image) });

/** Angle between the normals of two planes, whichever way they face: 0 … 90°. */
export function planeAngleDeg(a: Plane, b: Plane): number {
  const cosine = Math.min(1, Math.abs(dot(a.normal, b.normal)));
  return (Math.acos(cosine) * 180) / Math.PI;
}

/** Distance of a point from a plane, mm. */
export const planeDistanceMm = ({ point, normal }: Plane, from: Vec3): number =>
  Math.abs(dot(subtract(from, point), normal));

/** A point's foot on a plane. */
export const footOn = ({ point, normal }: Plane, from: Vec3): Vec3 =>
  subtract(from, scale(normal, dot(subtract(from, point), normal)));

/**
 * Angle between the normals, and distance from the real image's centre to the predicted plane (Wei et al. 2021, arXiv
 * 2109.11715: point to plane).
 */
export const planeError = (predicted: Plane, real: ImagePlane): PlaneError => ({
  angleDeg: planeAngleDeg(predicted, planeOf(real)),
  distanceMm: planeDistanceMm(predicted, centreOf(real)),
});
