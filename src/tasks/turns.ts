/** @file Turns that a network tells: quarters in the plane, exact, and the judge of turns. */
import { mean } from '../base/statistics.ts';
import { plural } from '../base/words.ts';
import type { Sample } from '../data/sample.ts';
import type { Affine } from '../data/types.ts';
import type { Head } from '../models/heads.ts';
import type { Mark } from '../results/mark.ts';
import type { Result } from '../results/result.ts';
import { subjectMeans } from '../results/subjects.ts';
import { blockOf, largest } from './outputs.ts';
import type { HostOutputs, Judge, Verdict } from './task.ts';

/** Turns in the plane, by how many quarters. */
export const quarterNames = ['0°', '90°', '180°', '270°'] as const;

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

interface Judged {
  readonly subject: string;
  readonly predicted: number;
  readonly truth: number;
}

/** What each turn of a judge is called, and how its figure is. */
export interface TurnJudgeOptions {
  /** One score a turn. */
  readonly head: Head;
  readonly turns: readonly string[];
  readonly result: Pick<Result, 'key' | 'title'>;
  readonly note: string;
}

/** Counts turns that are told, of examples that have one: drawn is its number, or below 0. */
export class TurnJudge implements Judge {
  readonly #options: TurnJudgeOptions;
  readonly #rows: Judged[] = [];
  #block: readonly Judged[] = [];

  constructor(options: TurnJudgeOptions) {
    this.#options = options;
  }

  add(outputs: HostOutputs, samples: readonly Sample[], drawn: ArrayLike<number>): void {
    const { head } = this.#options;
    const logits = blockOf(outputs, head, samples.length);
    this.#block = samples.map(({ subject }, row) => ({
      ...{ subject, truth: drawn[row]! },
      predicted: largest(logits.subarray(row * head.channels, (row + 1) * head.channels)),
    }));
    this.#rows.push(...this.#block);
  }

  marks(row: number): Mark[] {
    const { predicted, truth } = this.#block[row]!;
    const { turns } = this.#options;
    const text = `turned by ${turns[truth]}, says ${turns[predicted]}`;
    return truth < 0 ? [] : [{ kind: 'words', text }];
  }

  done(): Verdict {
    const { turns, note } = this.#options;
    const rows = this.#rows.filter(({ truth }) => truth >= 0);
    const leftOut = this.#rows.length - rows.length;
    const accuracy = mean(rows.map(isRight));
    if (accuracy === null) return { results: [], summary: null, scatters: [], notes: [] };
    const confusion = confusionOf(rows, turns.length);
    const trivial = Math.max(...confusion.map(sumOf)) / rows.length;
    const result: Result = {
      ...this.#options.result,
      ...{ unit: '', digits: 3, better: 'higher', value: accuracy, trivial },
      about: `share of ${rows.length} images whose turn is told`,
      count: rows.length,
      missing: null,
      notes: leftOut > 0 ? [`${plural(leftOut, 'image')} left out, whose stacks are too thin.`] : [],
      bySubject: subjectMeans(rows, isRight),
    };
    const summary = { accuracy, trivialAccuracy: trivial, images: rows.length, confusion };
    return {
      ...{ results: [result], summary: { ...summary, ...(leftOut > 0 && { leftOut }) } },
      ...{ scatters: [], notes: [note] },
    };
  }
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

const isRight = ({ predicted, truth }: Judged): number => Number(predicted === truth);

/** Images by true turn, in rows, and by what was said. */
function confusionOf(rows: readonly Judged[], turns: number): number[][] {
  const counts = Array.from({ length: turns }, () => new Array<number>(turns).fill(0));
  for (const { truth, predicted } of rows) counts[truth]![predicted]!++;
  return counts;
}
