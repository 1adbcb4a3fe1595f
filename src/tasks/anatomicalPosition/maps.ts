/** @file Maps of anatomical positions: the true one of an image, where positions usually lie, how well maps agree. */
import { mean } from '../../base/statistics.ts';
import { identityAffine } from '../../data/affine.ts';
import type { Sample } from '../../data/sample.ts';
import { sliceDice } from '../../results/dice.ts';
import { likeliest } from '../outputs.ts';
import type { Grid } from '../task.ts';
import { type BoxSettings, framesOf, POSITIONS, positionMap } from './boxes.ts';

export const CLASSES = POSITIONS + 1;

/** The true map of an image as it is; null where its lines do not give one. */
export function truthOf(sample: Sample, { size, spacingMm }: Grid, settings: BoxSettings): Uint8Array | null {
  const frames = framesOf(sample, spacingMm);
  return frames && positionMap(frames, identityAffine, size, settings);
}

/** How often each class is at each place, [area, CLASSES], and anywhere. */
export function countsOf(maps: readonly Uint8Array[], area: number) {
  const places = new Float32Array(area * CLASSES);
  const total = new Array<number>(CLASSES).fill(0);
  for (const map of maps)
    for (const [i, label] of map.entries()) {
      places[i * CLASSES + label]!++;
      total[label]!++;
    }
  return { places, total };
}

/** At each place the class that is most frequent there for how frequent it is: what one would answer without looking. */
export function usualMap(maps: readonly Uint8Array[], area: number): Uint8Array {
  const { places, total } = countsOf(maps, area);
  return likeliest(
    places.map((count, i) => count / Math.max(1, total[i % CLASSES]!)),
    CLASSES,
  );
}

/** Mean Dice of the boxes that are there, or were found; null where there are none. */
export const boxDice = (answer: Uint8Array, truth: Uint8Array): number | null =>
  mean(
    Array.from({ length: POSITIONS }, (_, k) => sliceDice(answer, truth, k + 1)).filter(
      (dice) => dice !== null,
    ),
  );

/** Of the pixels inside boxes, the share whose box is told; null where there are none. */
export const insideAccuracy = (answer: Uint8Array, truth: Uint8Array): number | null =>
  mean([...truth.keys()].filter((i) => truth[i]! > 0).map((i) => Number(answer[i] === truth[i])));
