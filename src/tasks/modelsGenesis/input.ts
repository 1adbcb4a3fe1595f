/** @file What Models Genesis does to an image: drawn on the host, done on the device. */
import * as ops from '../../autograd/ops.ts';
import { composeAffine, identityAffine } from '../../data/affine.ts';
import { type Field, field } from '../../data/field.ts';
import type { Choice } from '../../data/input.ts';
import type { Affine } from '../../data/types.ts';
import type { TaskInput } from '../task.ts';
import { bezierCurve, KNOTS } from './curve.ts';
import { paintedInside, paintedOutside, shuffledPlaces, windowCount } from './places.ts';
import { rangeOf } from './range.ts';

/**
 * Chances. Theirs are cubes of CT, clipped and scaled to 0 … 1. Our reading for a z-scored slice: no depth axis; 0 and 1
 * are the 0.5th and 99.5th percentile of the image; what lies beyond takes their values where intensities are mapped,
 * and stays otherwise; the target is not clipped, and the output is linear.
 */
export interface ModelsGenesisSettings {
  /** Of each of up to three flips, of image and target. */
  readonly flip: number;
  /** That windows are shuffled. */
  readonly shuffle: number;
  /** Pixels of the windows together, in those of the image; theirs are 1.9 crops. */
  readonly windows: number;
  /** That intensities are mapped by a curve. */
  readonly curve: number;
  /** That it is painted over. */
  readonly paint: number;
  /** Of what is painted over, the share that is so inside of boxes, not around them. */
  readonly inside: number;
}

/** The least side that boxes and their distance from the border fit into. */
export const LEAST_SIZE = 16;

const MOST_FLIPS = 3;

/** Up to three flips, each of a random axis. */
function drawFlips(size: number, chance: number, draw: () => number): Affine {
  let matrix: Affine = identityAffine;
  for (let flips = 0; flips < MOST_FLIPS && draw() < chance; flips++)
    matrix = composeAffine(matrix, draw() < 0.5 ? [-1, 0, size - 1, 0, 1, 0] : [1, 0, 0, 0, -1, size - 1]);
  return matrix;
}

/** What becomes of an image; `curve` is null where its intensities stay. */
export function drawAlteration(
  { size, draw }: Pick<Choice, 'size' | 'draw'>,
  chances: ModelsGenesisSettings,
) {
  const flips = drawFlips(size, chances.flip, draw);
  const windows = draw() < chances.shuffle ? windowCount(size, chances.windows) : 0;
  const shuffled = shuffledPlaces(size, windows, draw);
  const curve = draw() < chances.curve ? bezierCurve(draw) : null;
  const painted = draw() >= chances.paint ? null : draw() < chances.inside ? paintedInside : paintedOutside;
  const places = painted?.(shuffled, size, size ** 2, draw) ?? shuffled;
  return { flips, places, curve, seed: [draw(), draw()].map((u) => Math.floor(u * 2 ** 32)) };
}

/** The input, and the table whose mask says which examples count. */
export function alteredImage(
  settings: ModelsGenesisSettings,
  size: number,
): { input: TaskInput; places: Field } {
  const places = field('places', { kind: 'value', shape: [size, size], dtype: 'u32' });
  const range = field('range', { kind: 'value', shape: [2] });
  const mapped = field('mapped range', { kind: 'value', shape: [2] });
  const curve = field('curve', { kind: 'value', shape: [KNOTS] });
  const seed = field('noise', { kind: 'value', shape: [2], dtype: 'u32' });
  const input: TaskInput = {
    ...{ name: 'Genesis', views: 1, tables: [places, range, mapped, curve, seed] },
    pick({ sample, change, draw }) {
      const drawn = drawAlteration({ size, draw }, settings);
      const ends = rangeOf(sample).map((v) => change.gain * v + change.offset);
      const [low, high] = [Math.min(...ends), Math.max(...ends)];
      const matrix = composeAffine(change.matrix, drawn.flips);
      const tables = new Map<Field, ArrayLike<number>>([
        [places, drawn.places],
        [range, [low, high]],
        // a range of nothing leaves the image as it is
        [mapped, drawn.curve ? [low, high] : [0, 0]],
        [curve, Array.from({ length: KNOTS }, (_, i) => low + (high - low) * (drawn.curve?.[i] ?? 0))],
        [seed, drawn.seed],
      ]);
      return { views: [{ sample, ...change, matrix }], drawn: 0, tables };
    },
    alter(images, at) {
      const shuffled = ops.gatherPixels(images, at(places));
      const pixels = ops.mapIntensity(shuffled, at(mapped), at(curve));
      const count = images.shape[0]!;
      const [low, high] = [0, 1].map((end) =>
        ops.reshape(ops.slice(at(range), end, end + 1), [count, 1, 1, 1]),
      );
      const uniform = ops.uniformNoise(at(seed), [size, size, 1]);
      const noise = ops.add(ops.multiply(uniform, ops.subtract(high!, low!)), low!);
      const painted = ops.reshape(ops.greaterEqual(at(places), size ** 2), images.shape);
      return ops.where(painted, noise, pixels);
    },
  };
  return { input, places };
}
