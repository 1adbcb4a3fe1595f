/** @file Judges pairs of tiles: errors of their distance and of their places, beside what is usual in training. */
import { ShapeError } from '../../base/errors.ts';
import { mean, median } from '../../base/statistics.ts';
import { plural } from '../../base/words.ts';
import { applyAffine, invertAffine } from '../../data/affine.ts';
import type { Sample } from '../../data/sample.ts';
import type { Affine } from '../../data/types.ts';
import { viewName } from '../../data/viewnames.ts';
import type { Head } from '../../models/heads.ts';
import type { Mark } from '../../results/mark.ts';
import type { Result } from '../../results/result.ts';
import { subjectMeans } from '../../results/subjects.ts';
import { blockOf, pictureOf } from '../outputs.ts';
import type { HostOutputs, InputImages, Judge, Verdict } from '../task.ts';

/** What is true of a pair. */
export interface Truth {
  readonly distanceMm: number;
  /** Of each tile: signed distances from the lines, mm, then the location; null where there is none. */
  readonly places: readonly (readonly (number | null)[])[];
}

export interface DistanceJudgeOptions {
  /** Of features that are compared. */
  readonly far: Head;
  /** Of places. */
  readonly place: Head;
  /** What distances are divided by, mm. */
  readonly unitMm: number;
  /** Side of the images, pixels. */
  readonly size: number;
  /** Whose lines places are told from. */
  readonly views: readonly string[];
  /** What lies at locations 0 and 1. */
  readonly ends: readonly [first: string, last: string];
  /** Pairs of training images. */
  readonly usual: readonly Truth[];
  readonly truthOf: (tiles: InputImages['views']) => Truth;
}

interface Pair {
  readonly subject: string;
  readonly said: Truth;
  readonly truth: Truth | null;
}

/** A figure of pairs: what it is over, and its error in each. */
interface Measure {
  readonly result: Pick<Result, 'key' | 'title' | 'unit' | 'digits'>;
  readonly what: string;
  readonly of: (truth: Truth) => readonly (number | null)[];
}

const NOTE =
  'Each image gives one tile, and a slice of its stack in the same phase the other; tiles of one slice do not overlap. The trivial answer is the median of pairs drawn from the training images.';

/** Whether a feature's difference counts for or against distance: the signs of a linear layer, the rest of which is in the features. */
export const signOf = (feature: number, features: number): 1 | -1 => (2 * feature < features ? 1 : -1);

const softplus = (v: number): number => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)));

/** [size, size]: class `tile` where an image's pixels lie in a tile. */
function regionOf(matrix: Affine, size: number, tile: number): Uint8Array {
  const back = invertAffine(matrix);
  const isInside = (v: number): boolean => v >= -0.5 && v <= size - 0.5;
  return Uint8Array.from({ length: size * size }, (_, i) =>
    applyAffine(back, i % size, Math.floor(i / size)).every(isInside) ? tile : 0,
  );
}

export class DistanceJudge implements Judge {
  readonly #options: DistanceJudgeOptions;
  readonly #measures: readonly Measure[];
  readonly #pairs: Pair[] = [];
  #first = 0;
  #images: InputImages | undefined;

  constructor(options: DistanceJudgeOptions) {
    this.#options = options;
    const { views } = options;
    const places = (i: number) => (truth: Truth) => truth.places.map((place) => place[i]!);
    this.#measures = [
      {
        result: { key: 'siameseDistance.distanceMm', title: 'Distance of two tiles', unit: ' mm', digits: 1 },
        what: 'pair',
        of: ({ distanceMm }) => [distanceMm],
      },
      ...views.map((view, i) => ({
        result: {
          key: `siameseDistance.${view}.mm`,
          title: `Distance from the ${viewName(view)} line`,
          ...{ unit: ' mm', digits: 1 },
        },
        ...{ what: 'tile', of: places(i) },
      })),
      {
        result: { key: 'siameseDistance.location', title: 'Location of a tile', unit: '', digits: 3 },
        ...{ what: 'tile', of: places(views.length) },
      },
    ];
  }

  add(
    outputs: HostOutputs,
    samples: readonly Sample[],
    drawn: ArrayLike<number>,
    images?: InputImages,
  ): void {
    const { far, place, truthOf } = this.#options;
    const [features, places] = [far, place].map((head) => blockOf(outputs, head, 2 * samples.length));
    if (!images)
      throw new ShapeError('Judge.add', 'images', 'are missing', 'Pass where the tiles of the pairs lie.');
    this.#first = this.#pairs.length;
    this.#images = images;
    for (const [row, { subject }] of samples.entries()) {
      const said = this.#saidOf(
        features!.subarray(2 * row * far.channels, 2 * (row + 1) * far.channels),
        places!.subarray(2 * row * place.channels, 2 * (row + 1) * place.channels),
      );
      const truth = drawn[row] ? truthOf(images.views.slice(2 * row, 2 * row + 2)) : null;
      this.#pairs.push({ subject, said, truth });
    }
  }

  #saidOf(features: Float32Array, places: Float32Array): Truth {
    const { unitMm, views } = this.#options;
    const [count, width] = [features.length / 2, places.length / 2];
    const differences = Array.from(
      { length: count },
      (_, i) => signOf(i, count) * Math.abs(features[i]! - features[count + i]!),
    );
    return {
      distanceMm: unitMm * softplus(differences.reduce((sum, v) => sum + v, 0)),
      places: [0, 1].map((tile) =>
        Array.from(places.subarray(tile * width, (tile + 1) * width), (v, i) =>
          i < views.length ? v * unitMm : v,
        ),
      ),
    };
  }

  marks(row: number): Mark[] {
    const { said, truth } = this.#pairs[this.#first + row]!;
    if (!truth) return [{ kind: 'words', text: 'has no other slice in its stack and phase' }];
    const { size, views, ends } = this.#options;
    const [from, to] = ends;
    const [own, other] = this.#images!.views.slice(2 * row, 2 * row + 2);
    const isSame = own!.sample.index === other!.sample.index;
    const tiles = [own!, ...(isSame ? [other!] : [])];
    const [x, y] = [said, truth].map(({ places }) => places[0]![views.length]!);
    return [
      {
        kind: 'words',
        text: `another tile, ${isSame ? 'of this slice' : 'of another slice'}, is ${truth.distanceMm.toFixed(0)} mm away, said to be ${said.distanceMm.toFixed(0)} mm`,
      },
      ...(y === null
        ? []
        : [
            {
              kind: 'scale',
              title: 'location of its slice',
              from,
              to,
              predicted: x!,
              truth: y!,
            } satisfies Mark,
          ]),
      ...tiles.map(
        ({ matrix }, i): Mark => ({
          ...{ kind: 'region', classes: regionOf(matrix, size, i + 1), of: 'truth' },
        }),
      ),
      ...['this tile', 'another tile'].flatMap((title, i) =>
        pictureOf(this.#images, 2 * row + i, size, title),
      ),
    ];
  }

  done(): Verdict {
    const pairs = this.#pairs.flatMap(({ truth, ...pair }) => (truth ? [{ ...pair, truth }] : []));
    if (pairs.length === 0) return { results: [], summary: null, scatters: [], notes: [] };
    const alone = this.#pairs.length - pairs.length;
    const left = `${plural(alone, 'image')} without another slice in the stack and phase left out.`;
    const results = this.#measures.flatMap(({ result, what, of }): Result[] => {
      const usual = median(this.#options.usual.flatMap(of).filter((v) => v !== null));
      const errors = pairs.flatMap(({ subject, said, truth }) => {
        const values = of(said);
        return of(truth).flatMap((v, i) =>
          v === null
            ? []
            : [
                {
                  subject,
                  error: Math.abs(values[i]! - v),
                  trivial: usual === null ? null : Math.abs(usual - v),
                },
              ],
        );
      });
      const known = errors.flatMap(({ trivial }) => trivial ?? []);
      if (errors.length === 0) return [];
      return [
        {
          ...{ ...result, better: 'lower', missing: null, count: errors.length },
          ...{ value: mean(errors.map(({ error }) => error)), trivial: mean(known) },
          about: `mean absolute error of ${plural(errors.length, what)}`,
          notes: alone > 0 ? [left] : [],
          bySubject: subjectMeans(errors, ({ error }) => error),
        },
      ];
    });
    const figures = results.map(({ key, value, trivial }) => [
      key.slice(key.indexOf('.') + 1),
      { mae: value, trivial },
    ]);
    return {
      ...{ results, scatters: [], notes: [NOTE] },
      summary: { pairs: pairs.length, alone, ...Object.fromEntries(figures) },
    };
  }
}
