/**
 * @file Re-colourisation (Ross et al., IJCARS 2018) for images without colour: theirs gives grey frames of a video their
 * colours; here an image of a cine gets maps of the motion over its cycle, which is our reading.
 */
import * as ops from '../autograd/ops.ts';
import { ConfigError } from '../base/errors.ts';
import { plural } from '../base/words.ts';
import { type Companions, companionsOf } from '../data/companions.ts';
import { field } from '../data/field.ts';
import type { Sample } from '../data/sample.ts';
import { pixelHead } from '../models/heads.ts';
import { MapJudge, usualOf } from './maps/judge.ts';
import { defineTask, type TaskInput } from './task.ts';

export type RecolourisationSettings = Readonly<Record<never, never>>;

/** The maps of motion, as they lie side by side. */
const maps = [
  { key: 'mean', title: 'mean over the cycle' },
  { key: 'deviation', title: 'deviation over the cycle' },
  { key: 'cosine', title: 'first harmonic, cosine' },
  { key: 'sine', title: 'first harmonic, sine' },
] as const;

/** Of a cycle, for its first harmonic to be more than a difference. */
const LEAST_PHASES = 3;

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

/** Of the slice over the cycle; null where it has too few phases. */
function motionOf(among: Companions, sample: Sample): Float32Array | null {
  const phases = among.phasesOf(sample);
  return phases.length < LEAST_PHASES ? null : motionMaps(phases.map((one) => one.pixels()));
}

const stillOnes = (training: readonly Sample[]): number => {
  const among = companionsOf(training);
  return training.filter((sample) => among.phasesOf(sample).length < LEAST_PHASES).length;
};

const NOTE =
  'Errors of re-colourisation are mean absolute ones over all pixels, in standard deviations of the image. The trivial answer is, of each map, the better of two: the mean of the maps of training images at each place, and that of a heart that stands still, which is the image itself for the mean and 0 for the others.';

export const recolourisation = defineTask<RecolourisationSettings>({
  name: 'recolourisation',
  title: 'Re-colourisation',
  about: 'How each pixel of a cine moves over the cycle, from one of its images.',
  lossTitle: 'Re-colourisation, mean absolute error',
  settings: {},
  defaults: {},
  setup(_facts, _settings, { size }) {
    const channels = maps.length;
    const values = size ** 2 * channels;
    const motion = field('motion', { kind: 'image', shape: [size, size, channels] });
    const cycle = field('cycle', { kind: 'value', shape: [1] });
    const head = pixelHead('final', channels, { gain: 0.1 });
    const input: TaskInput = {
      ...{ name: 'image of a cycle', views: 1, tables: [motion] },
      pick({ sample, change, among }) {
        const own = motionOf(among, sample);
        const tables = new Map([[motion, own ?? new Float32Array(values)]]);
        return { views: [{ sample, ...change }], drawn: Number(own !== null), tables };
      },
    };
    return {
      fields: [cycle],
      heads: [head],
      input,
      series: [],
      tells: 'how each pixel of a cine moves over the cycle',
      fill({ drawn }, row) {
        if (drawn > 0) row.set(cycle, [1]);
      },
      loss(step) {
        const known = step.mask(cycle);
        const truth = step.at(motion);
        const mask = ops.expand(ops.reshape(known, [known.shape[0]!, 1, 1, 1]), truth.shape);
        return ops.l1(step.out(head), truth, { mask });
      },
      judge(training) {
        const among = companionsOf(training);
        const usual = usualOf(training, values, (sample) => motionOf(among, sample));
        return new MapJudge({
          ...{ head, size, task: 'recolourisation', maps, error: 'absolute', note: NOTE },
          truthOf(_sample, row, drawn, images) {
            if (!drawn) return null;
            return (images!.at(motion) as Float32Array).subarray(row * values, (row + 1) * values);
          },
          otherwise: [
            () => usual,
            (sample) => {
              const still = new Float32Array(values);
              for (const [i, v] of sample.pixels().entries()) still[i * channels] = v;
              return still;
            },
          ],
        });
      },
      check(training) {
        if (stillOnes(training) === training.length)
          throw new ConfigError(
            `Task recolourisation: no training image is of a slice with ${LEAST_PHASES} cardiac phases. Give cines with all their phases, or leave the task out.`,
          );
      },
      notice(training) {
        const still = stillOnes(training);
        return still === 0
          ? null
          : `Task recolourisation: ${plural(still, 'image')} of ${training.length} teach nothing, for their slices have fewer than ${LEAST_PHASES} phases.`;
      },
    };
  },
});
