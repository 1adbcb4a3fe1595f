/** @file Location (paper §3): the relative place of the slice in its stack: of a heart 0 at the base and 1 at the apex. */
import * as ops from '../autograd/ops.ts';
import { ConfigError } from '../base/errors.ts';
import { field } from '../data/field.ts';
import type { Sample } from '../data/sample.ts';
import { stackEnds } from '../data/viewnames.ts';
import { pooledHead } from '../models/heads.ts';
import { NumberJudge } from './numberJudge.ts';
import { number, whole } from './settings.ts';
import { defineTask } from './task.ts';

export interface LocationSettings {
  /** Width of the head's hidden layer. */
  readonly hidden: number;
  /** Of the hidden layer: from 0, below 1. */
  readonly dropout: number;
}

/** The middle of the stack, where no training image has a location. */
const MIDDLE = 0.5;

const judgedIn = ([from, to]: readonly [string, string]) => ({
  truthOf: ({ location: place }: Sample) => place,
  otherwise: MIDDLE,
  result: { key: 'location.mae', title: 'Slice location', digits: 4 },
  measure: 'stack lengths',
  scale: { title: 'location', from, to },
  dots: `Each dot is a slice. 0 is the stack’s slice nearest the ${from}, 1 the one nearest the ${to}; on the dashed line prediction and truth agree.`,
});

/** Mean squared error of the location over images. */
export const location = defineTask<LocationSettings>({
  name: 'location',
  title: 'Location',
  about: 'How far along its stack the slice lies: in a heart, from base (0) to apex (1).',
  lossTitle: 'Slice location, mean squared error',
  settings: { hidden: whole({ from: 1, to: 4096 }), dropout: number({ from: 0, below: 1 }) },
  defaults: { hidden: 128, dropout: 0.5 },
  setup({ targetView }, { hidden, dropout }) {
    const locations = field('locations', { kind: 'value', shape: [1] });
    const head = pooledHead('global_layers', 1, { hidden, dropout });
    return {
      fields: [locations],
      heads: [head],
      series: [],
      tells: 'how far along its stack a slice lies',
      fill({ views: [first] }, row) {
        const { location: place } = first!.sample;
        if (place !== null) row.set(locations, [place]);
      },
      loss: (step) => ops.maskedMse(step.out(head), step.at(locations), step.mask(locations)),
      judge: (training) => new NumberJudge({ ...judgedIn(stackEnds(targetView)), head }, training),
      check(training) {
        if (training.some((sample) => sample.location !== null)) return;
        throw new ConfigError(
          'Task location: no training image has a slice location: every stack has one location only. Map the views, or leave the task out.',
        );
      },
    };
  },
});
