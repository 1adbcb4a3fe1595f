/** @file Judges scores of slices: pairs in the right order, and how far the scores of a whole stack follow its order. */
import { kendallTau, mean } from '../../base/statistics.ts';
import { plural } from '../../base/words.ts';
import { companionsOf } from '../../data/companions.ts';
import type { Sample } from '../../data/sample.ts';
import type { Head } from '../../models/heads.ts';
import type { Mark, Table } from '../../results/mark.ts';
import { fixed, type Result } from '../../results/result.ts';
import { subjectMeans } from '../../results/subjects.ts';
import { blockOf, pictureOf } from '../outputs.ts';
import type { HostOutputs, InputImages, Judge, Verdict } from '../task.ts';

interface Judged {
  readonly sample: Sample;
  readonly subject: string;
  readonly score: number;
  /** By how many the other slice is nearer the apex; 0 without another. */
  readonly steps: number;
  /** Whether it is said to be nearer: 1, 0, or ½ for equal scores. */
  readonly nearer: number;
}

interface StackTau {
  readonly subject: string;
  readonly tau: number;
  readonly slices: number;
}

const noteOf = (last: string): string =>
  `Each image is seen beside another slice of its stack in the same phase, and of both the one with the higher score counts as nearer the ${last}: a coin is right half of the time. Kendall’s τ compares the scores of all slices of a stack and phase, each given to its image alone, with their order: 1 is that order, −1 its reverse, and 0 what scores without meaning come to.`;

const rightOf = ({ steps, nearer }: Judged): number => (steps > 0 ? nearer : 1 - nearer);

/** Kendall's τ of every stack and phase of two slices or more. */
function tausOf(rows: readonly Judged[]): StackTau[] {
  const scores = new Map(rows.map(({ sample, score }) => [sample.index, score]));
  const among = companionsOf(rows.map(({ sample }) => sample));
  const seen = new Set<number>();
  return rows.flatMap(({ sample, subject }) => {
    if (seen.has(sample.index)) return [];
    const stack = among.stackOf(sample);
    for (const { index } of stack) seen.add(index);
    const tau = kendallTau(stack.map(({ index }) => scores.get(index)!));
    return tau === null ? [] : [{ subject, tau, slices: stack.length }];
  });
}

const stepsText = (steps: number, last: boolean): string =>
  `${plural(steps, 'step')}${last ? ' or more' : ''}`;

/** Steps from which on pairs are told of together. */
const MOST_STEPS = 4;

function tableOf(pairs: readonly Judged[]): Table {
  const far = ({ steps }: Judged): number => Math.min(MOST_STEPS, Math.abs(steps));
  const rows = Array.from({ length: MOST_STEPS }, (_, i) => i + 1).flatMap((steps) => {
    const own = pairs.filter((row) => far(row) === steps).map(rightOf);
    const name = stepsText(steps, steps === MOST_STEPS);
    return own.length === 0 ? [] : [[name, `${own.length}`, fixed(mean(own), 3)] as const];
  });
  return {
    title: 'Slice order by distance',
    about:
      'Pairs of slices by how many steps of the stack lie between them, and the share in the right order.',
    columns: ['Apart', 'Pairs', 'Accuracy'],
    rows,
  };
}

export interface OrderJudgeOptions {
  readonly head: Head;
  /** Side of the images, pixels. */
  readonly size: number;
  /** What lies at locations 0 and 1. */
  readonly ends: readonly [first: string, last: string];
}

export class OrderJudge implements Judge {
  readonly #options: OrderJudgeOptions;
  readonly #rows: Judged[] = [];
  #first = 0;
  #images: InputImages | undefined;

  constructor(options: OrderJudgeOptions) {
    this.#options = options;
  }

  add(
    outputs: HostOutputs,
    samples: readonly Sample[],
    drawn: ArrayLike<number>,
    images?: InputImages,
  ): void {
    const scores = blockOf(outputs, this.#options.head, 2 * samples.length);
    this.#first = this.#rows.length;
    this.#images = images;
    for (const [row, sample] of samples.entries()) {
      const [score, other] = [scores[2 * row]!, scores[2 * row + 1]!];
      const nearer = (1 + Math.sign(other - score)) / 2;
      this.#rows.push({ sample, subject: sample.subject, score, steps: drawn[row]!, nearer });
    }
  }

  marks(row: number): Mark[] {
    const { steps, nearer } = this.#rows[this.#first + row]!;
    if (steps === 0) return [{ kind: 'words', text: 'has no other slice in its stack and phase' }];
    const [first, last] = this.#options.ends;
    const [is, said] = [steps > 0, nearer > 0.5].map((further) => (further ? last : first));
    const text = `the other slice is ${plural(Math.abs(steps), 'step')} nearer the ${is}, said to be nearer the ${said}`;
    return [
      { kind: 'words', text },
      ...pictureOf(this.#images, 2 * row + 1, this.#options.size, 'the other slice'),
    ];
  }

  done(): Verdict {
    const pairs = this.#rows.filter(({ steps }) => steps !== 0);
    const accuracy = mean(pairs.map(rightOf));
    if (accuracy === null) return { results: [], summary: null, scatters: [], notes: [] };
    const taus = tausOf(this.#rows);
    const tau = mean(taus.map((stack) => stack.tau));
    const alone = this.#rows.length - pairs.length;
    const common = { unit: '', better: 'higher', missing: null } as const;
    const results: Result[] = [
      {
        ...{ ...common, key: 'sliceOrder.accuracy', title: 'Slice order, accuracy', digits: 3 },
        ...{ value: accuracy, trivial: 0.5, count: pairs.length },
        about: `share of ${plural(pairs.length, 'pair')} of slices in the right order`,
        notes:
          alone > 0
            ? [`${plural(alone, 'image')} without another slice in the stack and phase left out.`]
            : [],
        bySubject: subjectMeans(pairs, rightOf),
      },
      {
        ...{ ...common, key: 'sliceOrder.tau', title: 'Slice order, Kendall’s τ', digits: 3 },
        ...{ value: tau, trivial: 0, count: taus.length },
        about: `mean of ${plural(taus.length, 'stack')} in one phase each`,
        notes: [],
        bySubject: subjectMeans(taus, (stack) => stack.tau),
      },
    ];
    const summary = { accuracy, trivialAccuracy: 0.5, pairs: pairs.length, alone, tau, stacks: taus.length };
    return {
      results,
      summary,
      scatters: [],
      tables: [tableOf(pairs)],
      notes: [noteOf(this.#options.ends[1])],
    };
  }
}
