/** @file Judges embeddings of pairs: whether those of one person are nearer to each other, and each image's level. */
import { mean } from '../../base/statistics.ts';
import { plural } from '../../base/words.ts';
import type { Sample } from '../../data/sample.ts';
import type { Head } from '../../models/heads.ts';
import { macroAuc } from '../../results/auc.ts';
import type { Mark } from '../../results/mark.ts';
import type { Result } from '../../results/result.ts';
import { subjectMeans } from '../../results/subjects.ts';
import { blockOf, largest, pictureOf } from '../outputs.ts';
import type { HostOutputs, InputImages, Judge, Verdict } from '../task.ts';

/** What a pair is of: what the input draws. */
export const PAIRS = { none: 0, same: 1, other: 2 } as const;

export interface PeopleJudgeOptions {
  /** The level of an image, from 0; null where it has none. */
  readonly levelOf: (sample: Sample) => number | null;
  /** Of embeddings. */
  readonly people: Head;
  /** Of levels. */
  readonly place: Head;
  /** Side of the images, pixels. */
  readonly size: number;
  /** What lies at locations 0 and 1. */
  readonly ends: readonly [first: string, last: string];
}

interface Judged {
  readonly sample: Sample;
  readonly subject: string;
  /** One of PAIRS. */
  readonly pair: number;
  /** Of the embeddings, on the unit sphere: 0 to 2. */
  readonly distance: number;
  /** Of the image itself. */
  readonly said: number;
}

const NOTE =
  'Each image is seen beside another of its person, in another phase or scan, or one of another person at the same level. The AUC is the chance that embeddings of one person lie nearer to each other than those of two; the trivial answers are a guess, and the level most frequent in training.';

/** How far apart two vectors of length 1 lie, once they have that length. */
function unitDistance(a: Float32Array, b: Float32Array): number {
  const [one, other] = [a, b].map((vector) => Math.hypot(...vector) || 1) as [number, number];
  return Math.hypot(...a.map((v, i) => v / one - b[i]! / other));
}

export class PeopleJudge implements Judge {
  readonly #options: PeopleJudgeOptions;
  readonly #usual: number;
  readonly #rows: Judged[] = [];
  #first = 0;
  #images: InputImages | undefined;

  constructor(options: PeopleJudgeOptions, training: readonly Sample[]) {
    const { levelOf, place } = options;
    const counts = new Array<number>(place.channels).fill(0);
    for (const sample of training) {
      const level = levelOf(sample);
      if (level !== null) counts[level]!++;
    }
    this.#options = options;
    this.#usual = largest(counts);
  }

  add(
    outputs: HostOutputs,
    samples: readonly Sample[],
    drawn: ArrayLike<number>,
    images?: InputImages,
  ): void {
    const { people, place } = this.#options;
    const [embeddings, levels] = [people, place].map((head) => blockOf(outputs, head, 2 * samples.length));
    const vector = (view: number): Float32Array =>
      embeddings!.subarray(view * people.channels, (view + 1) * people.channels);
    this.#first = this.#rows.length;
    this.#images = images;
    for (const [row, sample] of samples.entries()) {
      const scores = levels!.subarray(2 * row * place.channels, (2 * row + 1) * place.channels);
      this.#rows.push({
        ...{ sample, subject: sample.subject, pair: drawn[row]!, said: largest(scores) },
        distance: unitDistance(vector(2 * row), vector(2 * row + 1)),
      });
    }
  }

  marks(row: number): Mark[] {
    const { sample, pair, distance, said } = this.#rows[this.#first + row]!;
    const { place, size, ends } = this.#options;
    const [from, to] = ends;
    const level: Mark = {
      ...{ kind: 'scale', title: 'level', from, to },
      ...{ predicted: (said + 0.5) / place.channels, truth: sample.location },
    };
    if (pair === PAIRS.none)
      return [{ kind: 'words', text: 'has no other image to be compared with' }, level];
    const who = pair === PAIRS.same ? 'the same person' : 'another person';
    const text = `the other image is of ${who}, embeddings ${distance.toFixed(2)} apart (0 to 2)`;
    return [{ kind: 'words', text }, level, ...pictureOf(this.#images, 2 * row + 1, size, 'the other image')];
  }

  done(): Verdict {
    const pairs = this.#rows.filter(({ pair }) => pair !== PAIRS.none);
    if (pairs.length === 0) return { results: [], summary: null, scatters: [], notes: [] };
    const cases = pairs.map(({ pair, distance }) => ({
      truth: Number(pair === PAIRS.same),
      scores: [distance, -distance],
    }));
    const { macro: auc, pseudoValues } = macroAuc(cases, 2);
    const { levelOf, place } = this.#options;
    const placed = this.#rows.flatMap(({ sample, ...row }) => {
      const level = levelOf(sample);
      return level === null
        ? []
        : [{ ...row, right: Number(row.said === level), usual: Number(this.#usual === level) }];
    });
    const distances = [PAIRS.same, PAIRS.other].map((kind) =>
      mean(pairs.filter(({ pair }) => pair === kind).map(({ distance }) => distance)),
    );
    const alone = this.#rows.length - pairs.length;
    const [accuracy, usual] = [mean(placed.map(({ right }) => right)), mean(placed.map((row) => row.usual))];
    const common = { unit: '', digits: 3, better: 'higher', missing: null } as const;
    const results: Result[] = [
      {
        ...{ ...common, key: 'longitudinal.auc', title: 'One person or two, AUC' },
        ...{ value: auc, trivial: 0.5, count: pairs.length },
        about: `of ${plural(pairs.length, 'pair')} by the distance of their embeddings`,
        notes: alone > 0 ? [`${plural(alone, 'image')} with nobody to be compared with left out.`] : [],
        bySubject: subjectMeans(
          pseudoValues.map((value, i) => ({ subject: pairs[i]!.subject, value })),
          ({ value }) => value,
        ),
      },
      {
        ...{ ...common, key: 'longitudinal.level.accuracy', title: 'Level, accuracy' },
        ...{ value: accuracy, trivial: usual, count: placed.length },
        about: `share of ${plural(placed.length, 'image')} whose level of ${place.channels} is told`,
        notes: [],
        bySubject: subjectMeans(placed, ({ right }) => right),
      },
    ];
    const summary = {
      ...{ auc, pairs: pairs.length, alone, sameDistance: distances[0], otherDistance: distances[1] },
      ...{ levelAccuracy: accuracy, trivialLevelAccuracy: usual },
    };
    return { results, summary, scatters: [], notes: [NOTE] };
  }
}
