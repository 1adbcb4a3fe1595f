/** @file The colour of a cine is its motion: maps of what each pixel does over the cycle, to be told from one image of it. */
import { counted } from '../../base/lazy.ts';
import { type Companions, companionsOf } from '../../data/companions.ts';
import type { Sample } from '../../data/sample.ts';
import type { Reading } from './reading.ts';

/** The maps of motion, as they lie side by side. */
export const maps = [
  { key: 'mean', title: 'mean over the cycle' },
  { key: 'deviation', title: 'deviation over the cycle' },
  { key: 'cosine', title: 'first harmonic, cosine' },
  { key: 'sine', title: 'first harmonic, sine' },
] as const;

/** Of a cycle, for its first harmonic to be more than a difference. */
export const LEAST_PHASES = 3;

/**
 * What each pixel does over a cycle that the images fill evenly: mean, population standard deviation, and the first
 * harmonic 2/P·Σ x·cos(2πp/P), 2/P·Σ x·sin(2πp/P), which is the cosine and sine of its phase times its amplitude.
 * @param phases P images, [size, size], in order
 * @returns [size, size, 4]
 */
export function motionMaps(phases: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const count = phases.length;
  const area = phases[0]!.length;
  const out = new Float32Array(area * maps.length);
  const [cosines, sines] = [Math.cos, Math.sin].map((of) =>
    phases.map((_, p) => of((2 * Math.PI * p) / count)),
  );
  for (let i = 0; i < area; i++) {
    let [sum, squares, cosine, sine] = [0, 0, 0, 0];
    for (let p = 0; p < count; p++) {
      const value = phases[p]![i]!;
      sum += value;
      cosine += value * cosines![p]!;
      sine += value * sines![p]!;
    }
    const mean = sum / count;
    for (let p = 0; p < count; p++) squares += (phases[p]![i]! - mean) ** 2;
    out.set([mean, Math.sqrt(squares / count), (2 * cosine) / count, (2 * sine) / count], i * maps.length);
  }
  return out;
}

/** Of the slice over the cycle, its mean less the image itself; null where it has too few phases. */
function motionOf(among: Companions, sample: Sample): Float32Array | null {
  const phases = among.phasesOf(sample);
  if (phases.length < LEAST_PHASES) return null;
  const motion = motionMaps(phases.map((one) => one.pixels()));
  for (const [i, v] of sample.pixels().entries()) motion[i * maps.length]! -= v;
  return motion;
}

export const motion: Reading = {
  ...{ maps, scale: 1, truthOf: motionOf },
  about: 'how each pixel of a cine moves over the cycle',
  missing: `of a slice with ${LEAST_PHASES} cardiac phases. Give cines with all their phases, set tasks.recolourisation.target to colours where images have colour`,
  unable(training) {
    const among = companionsOf(training);
    return counted(training, (sample) => among.phasesOf(sample).length < LEAST_PHASES);
  },
  because: `their slices have fewer than ${LEAST_PHASES} phases`,
  note: 'Errors of re-colourisation are mean absolute ones over all pixels, in standard deviations of the image. The trivial answer is, of each map, the better of two: the mean of the maps of training images at each place, and that of a heart that stands still, whose mean over the cycle is the image itself, and whose other maps are 0.',
};
