/** @file The way back: what a network says on the training grid, as classes of the image's own pixels. */

import { ShapeError } from '../../base/errors.ts';
import { axesOf, borderTolerance, checkSides, type StoodAxis } from '../axes.ts';
import type { Affine } from '../types.ts';

/** Scores of a training image, [size, size, classes] (the engine's layout): probabilities or logits. */
export interface GridScores {
  readonly values: Float32Array;
  readonly size: number;
  readonly classes: number;
}

/** For each native pixel two grid pixels and the weight of the second; `first` is −1 outside the grid. */
interface Taps {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly weight: Float64Array;
}

/**
 * Linear interpolation along one axis. Only grid pixels whose centres lie on the image count: beyond, the network
 * saw padding, and what it says of that must not bleed in.
 */
function axisTaps({ length, factor, offset }: StoodAxis, size: number): Taps {
  const low = Math.max(0, Math.ceil(offset - 0.5 * factor - borderTolerance));
  const high = Math.min(size - 1, Math.floor(factor * (length - 0.5) + offset + borderTolerance));
  const taps = {
    first: new Int32Array(length).fill(-1),
    second: new Int32Array(length),
    weight: new Float64Array(length),
  };
  for (let i = 0; i < length; i++) {
    const x = factor * i + offset;
    if (low > high || x < -0.5 - borderTolerance || x > size - 0.5 + borderTolerance) continue;
    const inside = Math.min(high, Math.max(low, x));
    taps.first[i] = Math.floor(inside);
    taps.second[i] = Math.min(high, Math.floor(inside) + 1);
    taps.weight[i] = inside - Math.floor(inside);
  }
  return taps;
}

/** The class with the largest interpolated score; of equal ones the first. */
function bestClass(
  { values, classes }: GridScores,
  [a, b, c, d]: readonly [number, number, number, number],
  wx: number,
  wy: number,
): number {
  let [best, highest] = [0, -Infinity];
  for (let k = 0; k < classes; k++) {
    const upper = values[a + k]! * (1 - wx) + values[b + k]! * wx;
    const lower = values[c + k]! * (1 - wx) + values[d + k]! * wx;
    const score = upper * (1 - wy) + lower * wy;
    if (score > highest) [best, highest] = [k, score];
  }
  return best;
}

function checkScores(call: string, { values, size, classes }: GridScores): void {
  checkSides(call, { size });
  if (!Number.isInteger(classes) || classes < 2 || classes > 256)
    throw new ShapeError(call, 'classes', `is ${classes}`, 'Give the scores of 2 to 256 classes.');
  if (values.length !== size * size * classes)
    throw new ShapeError(
      call,
      'scores',
      `have ${values.length} values for ${size} × ${size} pixels of ${classes} classes`,
      'Give one value for each pixel and class.',
    );
  if (!values.every(Number.isFinite))
    throw new ShapeError(call, 'scores', 'hold a value that is not finite', 'Check the network.');
}

/**
 * Classes of a native image's pixels, row-major: the scores interpolated bilinearly, then the largest. Probabilities
 * are the better scores: of logits, one very sure pixel would push the border away. What lies outside the training
 * grid was cropped away and is background (class 0).
 * @param map native to training pixels, as the image was resampled (`preparedMap`)
 * Throws ShapeError for wrong lengths and scores that are not finite, GeometryError for a map that turns by other than quarters.
 */
export function classesOnImage(
  scores: GridScores,
  map: Affine,
  { rows, columns }: { readonly rows: number; readonly columns: number },
): Uint8Array {
  const call = 'classesOnImage';
  checkScores(call, scores);
  checkSides(call, { rows, columns });
  const axes = axesOf(map, { rows, columns });
  const across = axisTaps(axes.across, scores.size);
  const down = axisTaps(axes.down, scores.size);
  const classes = new Uint8Array(rows * columns);
  const at = (y: number, x: number): number => (y * scores.size + x) * scores.classes;
  for (let y = 0; y < axes.down.length; y++)
    for (let x = 0; x < axes.across.length; x++) {
      const [top, bottom] = [down.first[y]!, down.second[y]!];
      const [left, right] = [across.first[x]!, across.second[x]!];
      if (top < 0 || left < 0) continue;
      const corners = [at(top, left), at(top, right), at(bottom, left), at(bottom, right)] as const;
      const own = axes.first + y * axes.down.step + x * axes.across.step;
      classes[own] = bestClass(scores, corners, across.weight[x]!, down.weight[y]!);
    }
  return classes;
}
