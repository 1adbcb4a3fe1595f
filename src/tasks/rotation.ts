/** @file Rotation prediction (Gidaris et al. 2018): by how many quarters the image is turned. */
import { composeAffine } from '../data/affine.ts';
import { field } from '../data/field.ts';
import type { Input } from '../data/input.ts';
import { pooledHead } from '../models/heads.ts';
import { classLoss } from './classLoss.ts';
import { number, whole } from './settings.ts';
import { defineTask } from './task.ts';
import { quarterNames, quarterTurn, TurnJudge } from './turns.ts';

/** One augmented image, turned to the left by 0 to 3 quarters with equal chance. */
export const turnedImage: Input = {
  name: 'turned image',
  views: 1,
  pick({ sample, change, size, draw }) {
    const drawn = Math.floor(quarterNames.length * draw());
    const matrix = composeAffine(change.matrix, quarterTurn(drawn, size));
    return { views: [{ sample, ...change, matrix }], drawn };
  },
};

export interface RotationSettings {
  /** Width of the head's hidden layer. */
  readonly hidden: number;
  /** Of the hidden layer: from 0, below 1. */
  readonly dropout: number;
}

const NOTE =
  'Every image is turned once, by a number of quarters that is drawn for it. The turns are equally frequent in training, so the trivial answer is the one most frequent among these images: no answer without looking is right more often.';

export const rotation = defineTask<RotationSettings>({
  name: 'rotation',
  title: 'Rotation',
  about: 'By how many quarters the image is turned.',
  lossTitle: 'Rotation, cross entropy',
  settings: { hidden: whole({ from: 1, to: 4096 }), dropout: number({ from: 0, below: 1 }) },
  defaults: { hidden: 128, dropout: 0.5 },
  setup(_facts, { hidden, dropout }) {
    const turn = field('turn', { kind: 'value', shape: [1], dtype: 'u32' });
    const head = pooledHead('rotation_layers', quarterNames.length, { hidden, dropout });
    return {
      fields: [turn],
      heads: [head],
      input: turnedImage,
      series: [],
      tells: 'by how many quarters an image is turned',
      fill: ({ drawn }, row) => row.set(turn, [drawn]),
      loss: (step) => classLoss(step, head, turn),
      judge: () =>
        new TurnJudge({
          ...{ head, turns: quarterNames, note: NOTE },
          result: { key: 'rotation.accuracy', title: 'Rotation, accuracy' },
        }),
      check() {},
    };
  },
});
