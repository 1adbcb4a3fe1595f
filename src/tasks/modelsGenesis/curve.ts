/** @file Random maps of intensities: cubic Bézier curves from (0, 0) to (1, 1). */

/** Values by which a curve is given. */
export const KNOTS = 64;

/** Points at which a curve is computed, as in the authors' code. */
const POINTS = 1000;

/** The values at x = 0 … 1, evenly spaced, of what runs linearly through points with ascending x. */
function interpolated(xs: Float64Array, ys: Float64Array): Float32Array {
  let right = 1;
  return Float32Array.from({ length: KNOTS }, (_, knot) => {
    const x = knot / (KNOTS - 1);
    while (right < xs.length - 1 && xs[right]! < x) right++;
    const [from, to] = [xs[right - 1]!, xs[right]!];
    const part = to > from ? Math.min(1, (x - from) / (to - from)) : 1;
    return ys[right - 1]! + part * (ys[right]! - ys[right - 1]!);
  });
}

/**
 * A curve's KNOTS values over [0, 1]: both control points are uniform in the square; the x of its points are sorted, and
 * in half of the curves the y too. In the other half these stay in order from 1 to 0, so that the map decreases.
 */
export function bezierCurve(draw: () => number): Float32Array {
  const [x1, y1, x2, y2, order] = Array.from({ length: 5 }, draw) as [number, number, number, number, number];
  const along = (first: number, second: number) =>
    Float64Array.from({ length: POINTS }, (_, i) => {
      const t = i / (POINTS - 1);
      return 3 * (1 - t) ** 2 * t * first + 3 * (1 - t) * t ** 2 * second + t ** 3;
    });
  const [xs, ys] = [along(x1, x2).sort(), along(y1, y2)];
  return interpolated(xs, order < 0.5 ? ys.reverse() : ys.sort());
}
