/** @file Judges embeddings of pairs: how often the other view of an image is found among those of a block. */
import { mean } from '../../base/statistics.ts';
import type { Sample } from '../../data/sample.ts';
import type { Head } from '../../models/heads.ts';
import type { Mark } from '../../results/mark.ts';
import type { Result } from '../../results/result.ts';
import { subjectMeans } from '../../results/subjects.ts';
import { blockOf, pictureOf } from '../outputs.ts';
import type { HostOutputs, InputImages, Judge, Verdict } from '../task.ts';

interface Judged {
  readonly subject: string;
  /** Of both views, the share whose partner is the most similar. */
  readonly found: number;
  /** Of guessing. */
  readonly chance: number;
}

const NOTE =
  'Each image is seen twice, and each view must find its partner among all other views of the images that are evaluated together; the trivial answer is a guess. Neighbouring slices and phases of one heart are alike, and are taken for each other first.';

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, v, i) => sum + v * b[i]!, 0);

/** For each vector the place of the most similar other one, by the cosine; of equally similar ones the first. */
export function nearestOthers(vectors: readonly Float32Array[]): number[] {
  const lengths = vectors.map((vector) => Math.sqrt(dot(vector, vector)) || 1);
  return vectors.map((own, i) => {
    const cosines = vectors.map((other, j) =>
      i === j ? Number.NEGATIVE_INFINITY : dot(own, other) / lengths[j]!,
    );
    return cosines.reduce((best, cosine, j) => (cosine > cosines[best]! ? j : best), i === 0 ? 1 : 0);
  });
}

export class PairJudge implements Judge {
  readonly #head: Head;
  readonly #size: number;
  readonly #rows: Judged[] = [];
  #first = 0;
  #images: InputImages | undefined;

  constructor(head: Head, size: number) {
    this.#head = head;
    this.#size = size;
  }

  add(
    outputs: HostOutputs,
    samples: readonly Sample[],
    _drawn: ArrayLike<number>,
    images?: InputImages,
  ): void {
    const views = 2 * samples.length;
    const values = blockOf(outputs, this.#head, views);
    const { channels } = this.#head;
    const nearest = nearestOthers(
      Array.from({ length: views }, (_, i) => values.subarray(i * channels, (i + 1) * channels)),
    );
    this.#first = this.#rows.length;
    this.#images = images;
    for (const [row, { subject }] of samples.entries()) {
      const [one, other] = [2 * row, 2 * row + 1];
      const found = (Number(nearest[one] === other) + Number(nearest[other] === one)) / 2;
      this.#rows.push({ subject, found, chance: 1 / (views - 1) });
    }
  }

  marks(row: number): Mark[] {
    const { found } = this.#rows[this.#first + row]!;
    const pictures = ['first view', 'second view'].flatMap((title, view) =>
      pictureOf(this.#images, 2 * row + view, this.#size, title),
    );
    return [{ kind: 'words', text: `${['no', 'one', 'each'][2 * found]} view finds the other` }, ...pictures];
  }

  done(): Verdict {
    const rows = this.#rows;
    const accuracy = mean(rows.map(({ found }) => found));
    const chance = mean(rows.map((row) => row.chance));
    if (accuracy === null || chance === null) return { results: [], summary: null, scatters: [], notes: [] };
    const result: Result = {
      ...{
        key: 'contrastive.accuracy',
        title: 'Pairs found, accuracy',
        unit: '',
        digits: 3,
        better: 'higher',
      },
      value: accuracy,
      trivial: chance,
      about: `share of ${2 * rows.length} views that find the other view of their image`,
      count: rows.length,
      missing: null,
      notes: [],
      bySubject: subjectMeans(rows, ({ found }) => found),
    };
    const summary = { accuracy, trivialAccuracy: chance, images: rows.length };
    return { results: [result], summary, scatters: [], notes: [NOTE] };
  }
}
