/**
 * @file Longitudinal learning (Jamaludin, Kadir and Zisserman, DLMIA 2017): whether two images are of one person, and at
 * which level. Theirs are lumbar spines scanned again; pairs of cardiac phases are our reading.
 */
import * as ops from '../../autograd/ops.ts';
import { ConfigError } from '../../base/errors.ts';
import { type Companions, companionsOf } from '../../data/companions.ts';
import { field } from '../../data/field.ts';
import { drawnOf } from '../../data/input.ts';
import type { Sample } from '../../data/sample.ts';
import { stackEnds } from '../../data/viewnames.ts';
import { pooledHead } from '../../models/heads.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type JitterSettings, jittered, jitterSettings } from '../jitter.ts';
import { least0, number, positive, whole } from '../settings.ts';
import { defineTask, type TaskInput } from '../task.ts';
import { PAIRS, PeopleJudge } from './judge.ts';

export interface LongitudinalSettings extends JitterSettings {
  /** Numbers of an embedding. */
  readonly embedding: number;
  /** How far apart embeddings of two people should be; those of all lie on the unit sphere. */
  readonly margin: number;
  /** Parts of the stack that levels are, from base to apex. */
  readonly levels: number;
  /** Of the levels' cross entropy beside the contrastive loss. */
  readonly levelWeight: number;
  /** Least distance of two phases of one person, as a share of the cardiac cycle. */
  readonly apart: number;
  /** Width of both heads' hidden layers. */
  readonly hidden: number;
}

/** Part of the stack that an image lies in, from 0; null where it has no location. */
const levelOf = ({ location }: Sample, levels: number): number | null =>
  location === null ? null : Math.min(levels - 1, Math.floor(levels * location));

/**
 * How far apart two of the phases of a slice are, as a share of the cycle, which they fill evenly and which goes round; end
 * diastole and end systole are as far apart as can be.
 */
function shareBetween(a: Sample, b: Sample, phases: number): number {
  if (a.phase && b.phase) return a.phase === b.phase ? 0 : 0.5;
  const steps = Math.abs(a.frame - b.frame);
  return Math.min(steps, phases - steps) / phases;
}

/** Other images of the person at the place: phases far enough from its own, and slices of that level in other scans. */
function sameOf(among: Companions, sample: Sample, { levels, apart }: LongitudinalSettings): Sample[] {
  const slice = among.phasesOf(sample);
  const cycle = Math.max(0, ...slice.map(({ frame }) => frame)) + 1;
  const level = levelOf(sample, levels);
  const scans = among.alike(sample, personOf).filter(({ space }) => space !== sample.space);
  return [
    ...slice.filter((one) => one.index !== sample.index && shareBetween(sample, one, cycle) >= apart),
    ...scans.filter((one) => level !== null && levelOf(one, levels) === level),
  ];
}

const personOf = ({ subject, view }: Sample): string => JSON.stringify([subject, view]);

/**
 * An image and another of its person in another phase or scan, or one of another person at that level, each in half of
 * the examples where there are both; each view is jittered on its own.
 */
export function peoplePair(settings: LongitudinalSettings): TaskInput {
  const placeOf = (sample: Sample): string | null => {
    const level = levelOf(sample, settings.levels);
    return level === null ? null : JSON.stringify([sample.view, level]);
  };
  const othersOf = (among: Companions, sample: Sample): Sample[] =>
    placeOf(sample) === null
      ? []
      : among.alike(sample, placeOf).filter(({ subject }) => subject !== sample.subject);
  return {
    name: 'people pair',
    views: 2,
    pick({ sample, among, ...choice }) {
      const pairs = [
        { drawn: PAIRS.same, found: sameOf(among, sample, settings) },
        { drawn: PAIRS.other, found: othersOf(among, sample) },
      ].filter(({ found }) => found.length > 0);
      const { drawn, found } =
        pairs.length > 0 ? drawnOf(pairs, choice.draw) : { drawn: PAIRS.none, found: [sample] };
      return { views: jittered(choice, [sample, drawnOf(found, choice.draw)], settings), drawn };
    },
  };
}

/**
 * Hadsell, Chopra and LeCun's contrastive loss (CVPR 2006, eq. 4) on the unit sphere: the mean over the pairs that count of
 * ½·d² where they are of one person, of ½·max(0, margin − d)² where they are not, d the distance of the embeddings.
 * @param embeddings [2·N, D], both of a pair side by side
 * @param same [N, 1], 1 or 0
 * @param known [N, 1], 1 where a pair counts
 */
export function peopleLoss(embeddings: Tensor, same: Tensor, known: Tensor, margin: number): Tensor {
  const [one, other] = ops.split(ops.reshape(ops.normalize(embeddings), [known.shape[0]!, 2, -1]), 1, 1);
  const distance = ops.pairwiseDistance(one!, other!);
  return ops.contrastiveMargin(distance, same, { margin, mask: known });
}

const noPairs = (of: string): string =>
  `Task longitudinal: no training image has ${of}. Prepare cines of several people with slice locations, or leave the task out.`;

export const longitudinal = defineTask<LongitudinalSettings>({
  name: 'longitudinal',
  title: 'Longitudinal',
  about: 'Whether two images are of one person, and at which level of the stack.',
  lossTitle: 'Longitudinal, contrastive loss and cross entropy',
  settings: {
    ...{ embedding: whole({ from: 1, to: 4096 }), margin: positive, levels: whole({ from: 1, to: 64 }) },
    ...{ levelWeight: least0, apart: number({ above: 0, to: 0.5 }), hidden: whole({ from: 1, to: 4096 }) },
    ...jitterSettings,
  },
  defaults: {
    ...{ embedding: 128, margin: 1, levels: 7, levelWeight: 1, apart: 0.25, hidden: 128 },
    ...{ rotationDeg: 10, scale: [1, 1.3], shift: 0.05, flip: false, gain: [0.7, 1.4], offset: 0.3 },
  },
  setup({ targetView }, settings, { size }) {
    const { embedding, margin, levels, levelWeight, hidden } = settings;
    const same = field('same person', { kind: 'value', shape: [1] });
    const level = field('levels', { kind: 'value', shape: [2], labels: 2, dtype: 'u32' });
    const people = pooledHead('person_layers', embedding, { hidden, dropout: 0 });
    const place = pooledHead('level_layers', levels, { hidden, dropout: 0 });
    const input = peoplePair(settings);
    return {
      fields: [same, level],
      heads: [people, place],
      input,
      series: [],
      tells: 'whether two images are of one person, and at which level they lie',
      fill({ views, drawn }, row) {
        if (drawn === PAIRS.none) return;
        row.set(same, [Number(drawn === PAIRS.same)]);
        for (const [view, { sample }] of views.entries()) {
          const own = levelOf(sample, levels);
          if (own !== null) row.set(level, [own], view);
        }
      },
      loss(step) {
        const apart = peopleLoss(step.out(people), step.at(same), step.mask(same), margin);
        const known = ops.cast(step.mask(level), 'bool');
        const labels = ops.reshape(ops.where(known, step.at(level), levels), [-1]);
        const entropy = ops.crossEntropy(step.out(place), labels, { ignoreIndex: levels });
        return ops.add(apart, ops.affine(entropy, levelWeight));
      },
      judge: (training) =>
        new PeopleJudge(
          {
            ...{ people, place, size, ends: stackEnds(targetView) },
            levelOf: (sample) => levelOf(sample, levels),
          },
          training,
        ),
      check(training) {
        const among = companionsOf(training);
        if (!training.some((sample) => sameOf(among, sample, settings).length > 0))
          throw new ConfigError(noPairs('its slice in another phase or scan'));
        const people = new Map<number, string>();
        const shared = training.some((sample) => {
          const own = levelOf(sample, levels);
          if (own === null) return false;
          if (!people.has(own)) people.set(own, sample.subject);
          return people.get(own) !== sample.subject;
        });
        if (!shared) throw new ConfigError(noPairs('another person’s slice at its level'));
      },
    };
  },
});
