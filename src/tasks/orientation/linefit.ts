/** @file Fits an infinite line to a predicted heatmap: a global scan over angle and offset, then least squares on the ridge. */

import { ShapeError } from '../../base/errors.ts';
import type { Line } from '../../data/types.ts';

export interface LineFit {
  readonly line: Line;
  /** Height of the fitted ridge, 0 … 1; a label has 1. */
  readonly amplitude: number;
  /** Root mean square of map − ridge over all pixels. */
  readonly residual: number;
  /** Share of the map's energy that the ridge explains, 0 … 1. */
  readonly confidence: number;
}

/** A ridge lower than this is no line: a map that stays near zero says that there is none. */
const minimumAmplitude = 0.05;

/** How many standard errors a ridge must rise above the residual; the best ridge in pure noise reaches about 4. */
const minimumSignificance = 5;

/** Beyond this many sigmas the ridge counts as zero (exp(−4.5²/2) = 4e-5). */
const reach = 4.5;

interface Grid {
  readonly map: ArrayLike<number>;
  readonly width: number;
  readonly height: number;
  readonly sigma: number;
  /** Image centre, pixels: angle and offset are measured about it, so that they are nearly independent. */
  readonly cx: number;
  readonly cy: number;
}

/** Ridge height · exp(−t²/2σ²), t = cos(angle)·(x − cx) + sin(angle)·(y − cy) − offset. */
interface Ridge {
  readonly angle: number;
  readonly offset: number;
  readonly height: number;
}

/** Height in 0 … 1 that fits best, and how much squared error it removes. */
function bestHeight(product: number, energy: number): { height: number; gain: number } {
  const height = energy > 0 ? Math.min(1, Math.max(0, product / energy)) : 0;
  return { height, gain: height * (2 * product - height * energy) };
}

/** Sums of the map and pixel counts by distance from the centre along one normal. */
interface Projection {
  readonly sums: Float64Array;
  readonly counts: Float64Array;
}

function project({ map, width, height, cx, cy }: Grid, angle: number, bin: number, out: Projection): void {
  const [c, s] = [Math.cos(angle) / bin, Math.sin(angle) / bin];
  const half = (out.sums.length - 1) / 2;
  out.sums.fill(0);
  out.counts.fill(0);
  for (let y = 0, i = 0; y < height; y++) {
    const start = half + 0.5 + s * (y - cy) - c * cx;
    for (let x = 0; x < width; x++, i++) {
      const slot = (start + c * x) | 0;
      out.sums[slot]! += map[i]!;
      out.counts[slot]! += 1;
    }
  }
}

/** Weights of a ridge and of its square over neighbouring bins, up to `span` bins to each side. */
function ridgeWeights(sigma: number, bin: number, span: number): { once: Float64Array; twice: Float64Array } {
  const once = Float64Array.from({ length: 2 * span + 1 }, (_, k) =>
    Math.exp(-0.5 * (((k - span) * bin) / sigma) ** 2),
  );
  return { once, twice: once.map((w) => w * w) };
}

/**
 * The ridge that explains most of the map among all angles and offsets on a grid: every start is tried, so neither a
 * second blob nor a line that only clips a corner leads it astray.
 */
function scan(grid: Grid): Ridge {
  const { width, height, sigma } = grid;
  const diagonal = Math.hypot(width, height);
  // Between neighbouring angles a line moves by less than a sigma at the image's border.
  const angles = Math.min(180, Math.max(16, Math.ceil((Math.PI * diagonal) / (2 * sigma))));
  const bin = Math.max(1, sigma / 2);
  const span = Math.ceil((3 * sigma) / bin);
  const half = Math.ceil(diagonal / 2 / bin) + 2 * span;
  const { once, twice } = ridgeWeights(sigma, bin, span);
  const projection = { sums: new Float64Array(2 * half + 1), counts: new Float64Array(2 * half + 1) };
  let best: Ridge & { gain: number } = { angle: 0, offset: 0, height: 0, gain: 0 };
  for (let k = 0; k < angles; k++) {
    const angle = (k * Math.PI) / angles;
    project(grid, angle, bin, projection);
    for (let centre = span; centre <= 2 * half - span; centre++) {
      let [product, energy] = [0, 0];
      for (let j = 0; j <= 2 * span; j++) {
        product += projection.sums[centre - span + j]! * once[j]!;
        energy += projection.counts[centre - span + j]! * twice[j]!;
      }
      const { height: top, gain } = bestHeight(product, energy);
      if (gain > best.gain) best = { angle, offset: (centre - half) * bin, height: top, gain };
    }
  }
  return best;
}

/** Normal equations of the least-squares problem in (angle, offset, height), and its squared error. */
interface Normal {
  readonly matrix: Float64Array;
  readonly vector: Float64Array;
  error: number;
  energy: number;
}

const newNormal = (): Normal => ({
  matrix: new Float64Array(9),
  vector: new Float64Array(3),
  error: 0,
  energy: 0,
});

function accumulate(grid: Grid, { angle, offset, height: top }: Ridge, total: number, out: Normal): void {
  const { map, width, height, sigma, cx, cy } = grid;
  const [c, s, inverse, limit] = [Math.cos(angle), Math.sin(angle), 1 / (sigma * sigma), reach * sigma];
  let [error, energy] = [total, 0];
  let [h00, h01, h02, h11, h12, g0, g1, g2] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const t = c * (x - cx) + s * (y - cy) - offset;
      if (t > limit || t < -limit) continue;
      const ridge = Math.exp(-0.5 * t * t * inverse);
      const value = map[i]!;
      const rest = value - top * ridge;
      error += rest * rest - value * value;
      energy += ridge * ridge;
      const j1 = top * ridge * t * inverse;
      const j0 = j1 * (s * (x - cx) - c * (y - cy));
      h00 += j0 * j0;
      h01 += j0 * j1;
      h02 += j0 * ridge;
      h11 += j1 * j1;
      h12 += j1 * ridge;
      g0 += j0 * rest;
      g1 += j1 * rest;
      g2 += ridge * rest;
    }
  }
  out.matrix.set([h00, h01, h02, h01, h11, h12, h02, h12, energy]);
  out.vector.set([g0, g1, g2]);
  out.error = error;
  out.energy = energy;
}

const determinant3 = (m: ArrayLike<number>): number =>
  m[0]! * (m[4]! * m[8]! - m[5]! * m[7]!) -
  m[1]! * (m[3]! * m[8]! - m[5]! * m[6]!) +
  m[2]! * (m[3]! * m[7]! - m[4]! * m[6]!);

/** Solves (H + damping · diag H) · step = g by Cramer's rule; null when H is singular. */
function dampedStep({ matrix, vector }: Normal, damping: number): [number, number, number] | null {
  const m = matrix.map((v, i) => (i % 4 === 0 ? v * (1 + damping) : v));
  const determinant = determinant3(m);
  if (!(Math.abs(determinant) > 1e-30)) return null;
  const column = (k: number): number =>
    determinant3(m.map((v, i) => (i % 3 === k ? vector[(i - k) / 3]! : v)));
  return [column(0) / determinant, column(1) / determinant, column(2) / determinant];
}

/** Damped Gauss–Newton (Levenberg–Marquardt) on angle, offset and height. */
function refine(grid: Grid, start: Ridge, total: number): { ridge: Ridge; normal: Normal } {
  let [ridge, normal, spare, damping] = [start, newNormal(), newNormal(), 1e-3];
  accumulate(grid, ridge, total, normal);
  for (let iteration = 0; iteration < 24 && damping < 1e6; iteration++) {
    const step = dampedStep(normal, damping);
    if (!step) break;
    const next = {
      angle: ridge.angle + step[0],
      offset: ridge.offset + step[1],
      height: Math.min(1, Math.max(0, ridge.height + step[2])),
    };
    accumulate(grid, next, total, spare);
    const improved = spare.error < normal.error;
    damping = improved ? damping / 10 : damping * 10;
    if (improved) {
      ridge = next;
      [normal, spare] = [spare, normal];
    }
    if (Math.abs(step[0]) < 1e-6 && Math.abs(step[1]) < 1e-5) break;
  }
  return { ridge, normal };
}

function toLine({ angle, offset }: Ridge, { cx, cy }: Grid): Line {
  const [a, b] = [Math.cos(angle), Math.sin(angle)];
  return [a, b, -(a * cx + b * cy + offset)];
}

/**
 * The line whose rendered ridge exp(−distance²/2σ²), scaled by a free height ≤ 1, is nearest in least squares to a
 * heatmap. Null for a map without a ridge: flat, near zero, no better than its mean, noise, or not finite.
 * @param map [height, width], row-major
 * @param sigma ridge width in pixels of this map
 * @throws ShapeError when the map is not height × width
 */
export function fitLine(
  map: ArrayLike<number>,
  width: number,
  height: number,
  sigma: number,
): LineFit | null {
  const count = width * height;
  if (map.length !== count)
    throw new ShapeError(
      'fitLine',
      'map',
      `holds ${map.length} values`,
      `${height}×${width} needs ${count}.`,
    );
  let [sum, total] = [0, 0];
  for (let i = 0; i < count; i++) {
    sum += map[i]!;
    total += map[i]! * map[i]!;
  }
  if (!Number.isFinite(total) || total === 0) return null;
  const grid: Grid = { map, width, height, sigma, cx: (width - 1) / 2, cy: (height - 1) / 2 };
  const { ridge, normal } = refine(grid, scan(grid), total);
  const error = Math.max(0, normal.error);
  const flatError = total - (sum * sum) / count;
  const noise = minimumSignificance ** 2 * (error / count);
  if (ridge.height < minimumAmplitude || error >= flatError || ridge.height ** 2 * normal.energy < noise)
    return null;
  return {
    line: toLine(ridge, grid),
    amplitude: ridge.height,
    residual: Math.sqrt(error / count),
    confidence: Math.min(1, Math.max(0, 1 - error / total)),
  };
}
