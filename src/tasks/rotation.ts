/** @file Rotation prediction (Gidaris et al. 2018): by how many quarters the image is turned. */
import { mean } from '../base/statistics.ts';
import { composeAffine } from '../data/affine.ts';
import { field } from '../data/field.ts';
import type { Input } from '../data/input.ts';
import type { Sample } from '../data/sample.ts';
import type { Affine } from '../data/types.ts';
import { type Head, pooledHead } from '../models/heads.ts';
import type { Mark } from '../results/mark.ts';
import type { Result } from '../results/result.ts';
import { subjectMeans } from '../results/subjects.ts';
import { classLoss } from './classLoss.ts';
import { blockOf, largest } from './outputs.ts';
import { number, whole } from './settings.ts';
import { defineTask, type HostOutputs, type Judge, type Verdict } from './task.ts';

const TURNS = 4;

/** Turned pixel → pixel of the image, `quarters` to the left: whole numbers, so that nothing is interpolated. */
export function quarterTurn(quarters: number, size: number): Affine {
  const last = size - 1;
  const turns: readonly Affine[] = [
    [1, 0, 0, 0, 1, 0],
    [0, -1, last, 1, 0, 0],
    [-1, 0, last, 0, -1, last],
    [0, 1, 0, -1, 0, last],
  ];
  return turns[quarters]!;
}

/** One augmented image, turned to the left by 0 to 3 quarters with equal chance. */
export const turnedImage: Input = {
  name: 'turned image',
  views: 1,
  pick({ sample, change, size, draw }) {
    const drawn = Math.floor(TURNS * draw());
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

interface Judged {
  readonly subject: string;
  readonly predicted: number;
  readonly truth: number;
}

const degrees = (quarters: number): string => `${90 * quarters}°`;

const NOTE =
  'Every image is turned once, by a number of quarters that is drawn for it. The turns are equally frequent in training, so the trivial answer is the one most frequent among these images: no answer without looking is right more often.';

class RotationJudge implements Judge {
  readonly #head: Head;
  readonly #rows: Judged[] = [];
  #first = 0;

  constructor(head: Head) {
    this.#head = head;
  }

  add(outputs: HostOutputs, samples: readonly Sample[], drawn: ArrayLike<number>): void {
    const logits = blockOf(outputs, this.#head, samples.length);
    this.#first = this.#rows.length;
    for (const [row, { subject }] of samples.entries()) {
      const predicted = largest(logits.subarray(row * TURNS, (row + 1) * TURNS));
      this.#rows.push({ subject, predicted, truth: drawn[row]! });
    }
  }

  marks(row: number): Mark[] {
    const { predicted, truth } = this.#rows[this.#first + row]!;
    return [{ kind: 'words', text: `turned by ${degrees(truth)}, says ${degrees(predicted)}` }];
  }

  done(): Verdict {
    const rows = this.#rows;
    const accuracy = mean(rows.map(isRight));
    if (accuracy === null) return { results: [], summary: null, scatters: [], notes: [] };
    const confusion = confusionOf(rows);
    const trivial = Math.max(...confusion.map(sumOf)) / rows.length;
    const result: Result = {
      key: 'rotation.accuracy',
      title: 'Rotation, accuracy',
      unit: '',
      digits: 3,
      better: 'higher',
      value: accuracy,
      trivial,
      about: `share of ${rows.length} images whose turn is told`,
      count: rows.length,
      missing: null,
      notes: [],
      bySubject: subjectMeans(rows, isRight),
    };
    const summary = { accuracy, trivialAccuracy: trivial, images: rows.length, confusion };
    return { results: [result], summary, scatters: [], notes: [NOTE] };
  }
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

const isRight = ({ predicted, truth }: Judged): number => Number(predicted === truth);

/** Images by true turn, in rows, and by what was said. */
function confusionOf(rows: readonly Judged[]): number[][] {
  const counts = Array.from({ length: TURNS }, () => new Array<number>(TURNS).fill(0));
  for (const { truth, predicted } of rows) counts[truth]![predicted]!++;
  return counts;
}

export const rotation = defineTask<RotationSettings>({
  name: 'rotation',
  title: 'Rotation',
  about: 'By how many quarters the image is turned.',
  lossTitle: 'Rotation, cross entropy',
  settings: { hidden: whole({ from: 1, to: 4096 }), dropout: number({ from: 0, below: 1 }) },
  defaults: { hidden: 128, dropout: 0.5 },
  setup(_facts, { hidden, dropout }) {
    const turn = field('turn', { kind: 'value', shape: [1], dtype: 'u32' });
    const head = pooledHead('rotation_layers', TURNS, { hidden, dropout });
    return {
      fields: [turn],
      heads: [head],
      input: turnedImage,
      series: [],
      tells: 'by how many quarters an image is turned',
      fill: ({ drawn }, row) => row.set(turn, [drawn]),
      loss: (step) => classLoss(step, head, turn),
      judge: () => new RotationJudge(head),
      check() {},
    };
  },
});
