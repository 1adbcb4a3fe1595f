/** @file Judges maps of anatomical positions: overlap of the boxes, beside where they usually lie. */

import { mean } from '../../base/statistics.ts';
import type { Sample } from '../../data/sample.ts';
import type { Head } from '../../models/heads.ts';
import type { Mark } from '../../results/mark.ts';
import { fixed, type Result } from '../../results/result.ts';
import { subjectMeans } from '../../results/subjects.ts';
import { blockOf, likeliest } from '../outputs.ts';
import type { Grid, HostOutputs, Judge, Verdict } from '../task.ts';
import type { BoxSettings } from './boxes.ts';
import { boxDice, CLASSES, insideAccuracy, truthOf, usualMap } from './maps.ts';

const measures = [
  { key: 'accuracy', title: 'Anatomical positions, accuracy inside boxes', of: insideAccuracy },
  { key: 'dice', title: 'Anatomical positions, Dice', of: boxDice },
] as const;

/** What an image came to, by measure. */
interface Measured {
  readonly subject: string;
  readonly ours: readonly (number | null)[];
  readonly trivial: readonly (number | null)[];
}

/** Of those that have one. */
const valuesOf = (rows: readonly Measured[], of: 'ours' | 'trivial', measure: number): number[] =>
  rows.map((row) => row[of][measure]!).filter((value) => value !== null);

interface Judged {
  readonly sample: Sample;
  readonly answer: Uint8Array;
}

const NOTE =
  'Accuracy is the share of the pixels inside the nine boxes whose box is told, Dice the mean over the boxes; both are means over images. The loss weighs boxes as much as all that lies beside them, so that they are found larger than they are, which accuracy does not count and Dice does. The trivial answer is, at each place, the box that is most frequent there in training images for how frequent it is at all.';

export interface PositionJudgeOptions extends BoxSettings {
  readonly head: Head;
  readonly grid: Grid;
}

export class PositionJudge implements Judge {
  readonly #options: PositionJudgeOptions;
  readonly #usual: Uint8Array;
  readonly #rows: Measured[] = [];
  #block: readonly Judged[] = [];

  /** @param maps of training images */
  constructor(options: PositionJudgeOptions, maps: readonly Uint8Array[]) {
    this.#options = options;
    this.#usual = usualMap(maps, options.grid.size ** 2);
  }

  add(outputs: HostOutputs, samples: readonly Sample[]): void {
    const { head, grid } = this.#options;
    const scores = blockOf(outputs, head, samples.length, [grid.size, grid.size]);
    const each = grid.size ** 2 * CLASSES;
    this.#block = samples.map((sample, row) => ({
      sample,
      answer: likeliest(scores.subarray(row * each, (row + 1) * each), CLASSES),
    }));
    for (const { sample, answer } of this.#block) {
      const truth = truthOf(sample, grid, this.#options);
      if (!truth) continue;
      const [ours, trivial] = [answer, this.#usual].map((map) => measures.map(({ of }) => of(map, truth)));
      this.#rows.push({ subject: sample.subject, ours: ours!, trivial: trivial! });
    }
  }

  marks(row: number): Mark[] {
    const { sample, answer } = this.#block[row]!;
    const truth = truthOf(sample, this.#options.grid, this.#options);
    const predicted: Mark = { kind: 'region', classes: answer, of: 'predicted' };
    if (!truth) return [predicted];
    const text = `Dice of the boxes ${fixed(boxDice(answer, truth), 2)}`;
    return [predicted, { kind: 'region', classes: truth, of: 'truth' }, { kind: 'words', text }];
  }

  done(): Verdict {
    const results = measures.map((_, i) => this.#result(i));
    const [accuracy, dice] = results;
    if (dice!.value === null) return { results: [], summary: null, scatters: [], notes: [] };
    const summary = {
      ...{ dice: dice!.value, trivialDice: dice!.trivial },
      ...{ accuracy: accuracy!.value, trivialAccuracy: accuracy!.trivial, images: dice!.count },
    };
    return { results, summary, scatters: [], notes: [NOTE] };
  }

  #result(measure: number): Result {
    const { key, title } = measures[measure]!;
    const own = valuesOf(this.#rows, 'ours', measure);
    return {
      ...{ key: `anatomicalPosition.${key}`, title, unit: '', digits: 3, better: 'higher' },
      value: mean(own),
      trivial: mean(valuesOf(this.#rows, 'trivial', measure)),
      about: `mean of ${own.length} images`,
      count: own.length,
      missing: null,
      notes: [],
      bySubject: subjectMeans(this.#rows, ({ ours }) => ours[measure]!),
    };
  }
}
