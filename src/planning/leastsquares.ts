/** @file The plane through a stack that lies nearest to points of lines, in closed form. */
import type { StackPoint } from './axes.ts';

/** A point that the plane should run through, and how much it counts. */
export interface WeightedPoint {
  readonly at: StackPoint;
  readonly weight: number;
  /** Which look at its slice it comes from. */
  readonly look: number;
}

/**
 * A plane that cuts the slices of a stack: cos(angle)·x + sin(angle)·y = offset + slope·(z − pivot), mm. In every slice
 * a line of the same direction; angle and offset say where it is at `pivot`, slope how it moves from slice to slice.
 */
export interface StackPlane {
  readonly angle: number;
  readonly offset: number;
  readonly slope: number;
  /** Weighted mean of the slices it was fitted to: there the offset does not depend on the slope. */
  readonly pivot: number;
}

/** Signed distance of a point from the plane's line in its slice, mm. */
export const residualOf = ({ angle, offset, slope, pivot }: StackPlane, [x, y, z]: StackPoint): number =>
  Math.cos(angle) * x + Math.sin(angle) * y - offset - slope * (z - pivot);

/**
 * Least squares of the distances in the slices. With x and y freed of what is linear in z, the direction is the least
 * principal axis of what is left, and offset and slope follow. Null where the points lie in one slice or weigh nothing.
 */
export function nearestPlane(points: readonly WeightedPoint[]): StackPlane | null {
  const total = (of: (at: StackPoint) => number): number =>
    points.reduce((sum, { at, weight }) => sum + weight * of(at), 0);
  const weight = total(() => 1);
  if (!(weight > 0)) return null;
  const [x0, y0, z0] = [0, 1, 2].map((axis) => total((at) => at[axis]!) / weight) as [number, number, number];
  const spread = total((at) => (at[2] - z0) ** 2);
  if (!(spread > 1e-9 * weight)) return null;
  const bend = (axis: 0 | 1, middle: number): number =>
    total((at) => (at[axis] - middle) * (at[2] - z0)) / spread;
  const [bx, by] = [bend(0, x0), bend(1, y0)];
  const left = ([x, y, z]: StackPoint) => [x - x0 - bx * (z - z0), y - y0 - by * (z - z0)] as const;
  const xx = total((at) => left(at)[0] ** 2);
  const xy = total((at) => left(at)[0] * left(at)[1]);
  const yy = total((at) => left(at)[1] ** 2);
  const angle = Math.atan2(2 * xy, xx - yy) / 2 + Math.PI / 2;
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return { angle, offset: c * x0 + s * y0, slope: c * bx + s * by, pivot: z0 };
}
