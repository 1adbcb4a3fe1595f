/** @file Judges self-loop uncertainty: the class map of the image itself, and how often the order of its tiles is told. */
import type { Field } from '../../data/field.ts';
import type { Sample } from '../../data/sample.ts';
import type { Head } from '../../models/heads.ts';
import type { Mark } from '../../results/mark.ts';
import { blockOf, largest } from '../outputs.ts';
import type { Figure, HostOutputs, InputImages, Judge, Verdict } from '../task.ts';
import { type Told, toldResult } from '../tiles/judge.ts';

/** Of outputs for `shown` images an example, those of the first. */
const firstOf =
  (outputs: HostOutputs, examples: number, shown: number): HostOutputs =>
  (head) => {
    const values = outputs(head);
    const each = values.length / (examples * shown);
    const own = new Float32Array(examples * each);
    for (let row = 0; row < examples; row++)
      own.set(values.subarray(row * shown * each, (row * shown + 1) * each), row * each);
    return own;
  };

/** A figure of one image an example, of which `shown` are seen. */
export const figureOfFirst = (figure: Figure, shown: number): Figure => ({
  ...figure,
  begin() {
    const tally = figure.begin();
    return {
      add: (outputs, samples) => tally.add(firstOf(outputs, samples.length, shown), samples),
      value: () => tally.value(),
    };
  },
});

export interface SelfLoopJudgeOptions {
  readonly orderHead: Head;
  /** The orders drawn, in the input's tables. */
  readonly order: Field;
  readonly permutations: number;
}

export class SelfLoopJudge implements Judge {
  readonly #maps: Judge;
  readonly #options: SelfLoopJudgeOptions;
  readonly #told: Told[] = [];

  /** @param maps judges what is said of the image as it is */
  constructor(maps: Judge, options: SelfLoopJudgeOptions) {
    this.#maps = maps;
    this.#options = options;
  }

  add(
    outputs: HostOutputs,
    samples: readonly Sample[],
    drawn: ArrayLike<number>,
    images?: InputImages,
  ): void {
    const { permutations, orderHead, order } = this.#options;
    const shown = 1 + permutations;
    this.#maps.add(firstOf(outputs, samples.length, shown), samples, drawn);
    if (!images) return;
    const scores = blockOf(outputs, orderHead, samples.length * shown);
    const truth = images.at(order);
    const { channels } = orderHead;
    for (const [row, { subject }] of samples.entries()) {
      let right = 0;
      for (let i = 0; i < permutations; i++) {
        const at = (row * shown + 1 + i) * channels;
        right += Number(largest(scores.subarray(at, at + channels)) === truth[row * permutations + i]);
      }
      this.#told.push({ subject, share: right / permutations });
    }
  }

  marks(row: number): readonly Mark[] {
    return this.#maps.marks(row);
  }

  done(): Verdict {
    const verdict = this.#maps.done();
    const orders = this.#options.orderHead.channels;
    const told = toldResult(this.#told, {
      ...{ key: 'selfLoop.order', title: 'Self-loop, order of tiles told', trivial: 1 / orders, notes: [] },
      about: `share of ${this.#options.permutations} permutations of each of ${this.#told.length} images, of ${orders} orders`,
    });
    if (!told) return verdict;
    return {
      ...verdict,
      results: [...verdict.results, told],
      summary: { ...verdict.summary, order: { accuracy: told.value, trivialAccuracy: 1 / orders } },
    };
  }
}
