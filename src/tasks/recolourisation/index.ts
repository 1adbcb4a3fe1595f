/**
 * @file Re-colourisation (Ross et al., IJCARS 2018), which gives grey frames of a video their colours. Images without
 * colour get maps of the motion over their cycle, which is our reading.
 */
import * as ops from '../../autograd/ops.ts';
import { ConfigError } from '../../base/errors.ts';
import { plural } from '../../base/words.ts';
import { companionsOf } from '../../data/companions.ts';
import { field } from '../../data/field.ts';
import { pixelHead } from '../../models/heads.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { MapJudge, usualOf } from '../maps/judge.ts';
import { number, oneOf } from '../settings.ts';
import { defineTask, type TaskInput } from '../task.ts';
import { colours } from './colours.ts';
import { motion } from './motion.ts';

const BY_SIZE =
  'The figure of all maps counts each pixel by the sum of the sizes of what is to be told there, for most pixels may have next to nothing to tell.';

const readings = { motion, colours } as const;

export interface RecolourisationSettings {
  /** What is told: the motion of a cine, or the colours of frames. */
  readonly target: keyof typeof readings;
  /** Share of the loss that counts pixels by the size of what is to be told there; the rest counts all alike. */
  readonly emphasis: number;
}

/**
 * What each pixel counts in its image, 1 on average: as much as the size of what is to be told there, by a share.
 * @param truth [N, size, size, maps]
 * @returns [N, size, size, maps]
 */
export function emphasised(truth: Tensor, share: number): Tensor {
  const [images, , , maps] = truth.shape as [number, number, number, number];
  const sizes = ops.sum(ops.abs(truth), { axes: [3], keepDims: true });
  const mean = ops.mean(sizes, { axes: [1, 2], keepDims: true });
  // an image of which there is nothing to tell counts all pixels alike
  const least = ops.affine(mean, 1, 1e-6);
  const relative = ops.divide(sizes, ops.expand(least, [images, ...sizes.shape.slice(1)]));
  const weights = ops.affine(relative, share, 1 - share);
  return maps === 1 ? weights : ops.expand(weights, truth.shape);
}

export const recolourisation = defineTask<RecolourisationSettings>({
  name: 'recolourisation',
  title: 'Re-colourisation',
  about: 'How each pixel of a cine moves over the cycle, from one of its images; or the colours of a frame.',
  lossTitle: 'Re-colourisation, mean absolute error',
  settings: { target: oneOf(['motion', 'colours']), emphasis: number({ from: 0, to: 1 }) },
  defaults: { target: 'motion', emphasis: 0.5 },
  setup(_facts, { target, emphasis }, { size }) {
    const { maps, truthOf, unable, ...reading } = readings[target];
    const channels = maps.length;
    const values = size ** 2 * channels;
    const truth = field(target, { kind: 'image', shape: [size, size, channels] });
    const known = field('known', { kind: 'value', shape: [1] });
    const head = pixelHead('final', channels, { gain: 0.1 });
    const input: TaskInput = {
      ...{ name: 'image to colour', views: 1, tables: [truth] },
      pick({ sample, change, among }) {
        const own = truthOf(among, sample);
        const tables = new Map([[truth, own ?? new Float32Array(values)]]);
        return { views: [{ sample, ...change }], drawn: Number(own !== null), tables };
      },
    };
    return {
      fields: [known],
      heads: [head],
      input,
      series: [],
      tells: reading.about,
      fill({ drawn }, row) {
        if (drawn > 0) row.set(known, [1]);
      },
      loss(step) {
        const counts = step.mask(known);
        const expected = step.at(truth);
        const mask = ops.expand(ops.reshape(counts, [counts.shape[0]!, 1, 1, 1]), expected.shape);
        const out = step.out(head);
        const own = out.dtype === 'f16' ? ops.cast(out, 'f32') : out;
        if (emphasis === 0) return ops.l1(own, expected, { mask });
        const weights = emphasised(expected, emphasis);
        return ops.l1(ops.multiply(own, weights), ops.multiply(expected, weights), { mask });
      },
      judge(training) {
        const among = companionsOf(training);
        const usual = usualOf(training, values, (sample) => truthOf(among, sample));
        const none = new Float32Array(values);
        return new MapJudge({
          ...{ head, size, task: 'recolourisation', maps, error: 'absolute' },
          ...{ scale: reading.scale, note: `${reading.note} ${BY_SIZE}`, bySize: true },
          truthOf(_sample, row, drawn, images) {
            if (!drawn) return null;
            return (images!.at(truth) as Float32Array).subarray(row * values, (row + 1) * values);
          },
          otherwise: [() => usual, () => none],
        });
      },
      check(training) {
        if (unable(training) === training.length)
          throw new ConfigError(
            `Task recolourisation: no training image is ${reading.missing}, or leave the task out.`,
          );
      },
      notice(training) {
        const without = unable(training);
        return without === 0
          ? null
          : `Task recolourisation: ${plural(without, 'image')} of ${training.length} teach nothing, for ${reading.because}.`;
      },
    };
  },
});
