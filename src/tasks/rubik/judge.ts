/** @file Judges Rubik's cubes: how often the order is told, which tiles are turned and masked, and the tiles put back. */
import { mean } from '../../base/statistics.ts';
import { plural } from '../../base/words.ts';
import type { Field } from '../../data/field.ts';
import type { Sample } from '../../data/sample.ts';
import type { Head } from '../../models/heads.ts';
import type { Mark } from '../../results/mark.ts';
import type { Result } from '../../results/result.ts';
import { blockOf, largest } from '../outputs.ts';
import type { HostOutputs, InputImages, Judge, Verdict } from '../task.ts';
import { imagesIn, mirroredTile, putBack, type Told, tilesPicture, toldResult } from '../tiles/judge.ts';
import { differing, type Order } from '../tiles/permutations.ts';
import { type Cubes, LEAST_SLICES, mirrorings, SLICES, TILES, TOO_THIN } from './input.ts';

/** What is asked of every tile, and answered by yes or no. */
export interface Question {
  readonly head: Head;
  /** The truth, [head.channels], 0 or 1. */
  readonly table: Field;
  /** For programs: `turns`. */
  readonly key: string;
  /** For people: `turns`. */
  readonly title: string;
}

export interface CubeJudgeOptions {
  /** The task's name and title. */
  readonly task: string;
  readonly title: string;
  readonly order: Head;
  readonly turns: Question;
  /** Of Rubik's cube+. */
  readonly masks: Question | null;
  readonly cubes: Cubes;
}

/** A yes-or-no question about the tiles of some images. */
class Tally {
  readonly question: Question;
  readonly told: Told[] = [];
  /** Share of yes, by image. */
  readonly yes: number[] = [];
  /** Of the newest block, by image. */
  block: boolean[][] = [];

  constructor(question: Question) {
    this.question = question;
  }

  add(
    outputs: HostOutputs,
    samples: readonly Sample[],
    judged: readonly boolean[],
    truths: ArrayLike<number>,
  ): void {
    const { head } = this.question;
    const { channels } = head;
    const scores = blockOf(outputs, head, samples.length);
    this.block = samples.map((_, row) =>
      Array.from({ length: channels }, (_, i) => scores[row * channels + i]! > 0),
    );
    for (const [row, { subject }] of samples.entries()) {
      if (!judged[row]) continue;
      const truth = Array.from({ length: channels }, (_, i) => truths[row * channels + i]! === 1);
      const right = this.block[row]!.map((answer, i) => Number(answer === truth[i]));
      this.told.push({ subject, share: mean(right)! });
      this.yes.push(mean(truth.map(Number))!);
    }
  }

  /** Saying yes always, or no, whichever is right more often. */
  get trivial(): number {
    const yes = mean(this.yes) ?? 0;
    return Math.max(yes, 1 - yes);
  }
}

/** What is said of an image of the newest block. */
interface Answer {
  readonly predicted: Order;
  /** Null where its stack is too thin. */
  readonly truth: Order | null;
}

const HALVES = ['basal', 'apical'];

const NOTE =
  'Every image stands for its stack, of which six slices are cut into tiles once, in an order and with turns that are drawn for it. The trivial answer to the order is a guess; to what is asked of every tile, always yes or always no, whichever is right more often.';

export class CubeJudge implements Judge {
  readonly #options: CubeJudgeOptions;
  readonly #orders: Told[] = [];
  readonly #questions: readonly Tally[];
  #thin = 0;
  #block: readonly Answer[] = [];
  #images: InputImages | undefined;

  constructor(options: CubeJudgeOptions) {
    const { turns, masks } = options;
    this.#options = options;
    this.#questions = [turns, ...(masks ? [masks] : [])].map((question) => new Tally(question));
  }

  add(
    outputs: HostOutputs,
    samples: readonly Sample[],
    drawn: ArrayLike<number>,
    images?: InputImages,
  ): void {
    const { order, cubes } = this.#options;
    const scores = blockOf(outputs, order, samples.length);
    const { channels } = order;
    this.#images = images;
    this.#block = samples.map((_, row) => ({
      predicted: cubes.orders[largest(scores.subarray(row * channels, (row + 1) * channels))]!,
      truth: drawn[row] === TOO_THIN ? null : cubes.orders[drawn[row]!]!,
    }));
    const judged = this.#block.map(({ truth }) => truth !== null);
    this.#thin += judged.filter((is) => !is).length;
    for (const [row, { subject }] of samples.entries()) {
      const { predicted, truth } = this.#block[row]!;
      if (truth) this.#orders.push({ subject, share: Number(predicted === truth) });
    }
    for (const tally of this.#questions)
      tally.add(outputs, samples, judged, images?.at(tally.question.table) ?? []);
  }

  marks(row: number): Mark[] {
    const { predicted, truth } = this.#block[row]!;
    if (!truth) return [{ kind: 'words', text: `its stack has no ${LEAST_SLICES} slices around it` }];
    const text = `${TILES - differing(predicted, truth)} of ${TILES} tiles put in their place`;
    return [{ kind: 'words', text }, ...this.#pictures(row, predicted)];
  }

  /** The middle slices of the tiles as they were seen, and put back and turned back as the network says. */
  #pictures(row: number, predicted: Order): Mark[] {
    if (!this.#images) return [];
    const { cells } = this.#options.cubes;
    const { tile } = cells;
    const each = TILES * SLICES * tile ** 2;
    const slices = imagesIn(this.#images.seen.subarray(row * each, (row + 1) * each), tile);
    const seen = slices.filter((_, i) => i % SLICES === Math.floor(SLICES / 2));
    const turns = this.#questions[0]!.block[row]!;
    const upright = seen.map((pixels, place) => {
      const [over, plane] = [turns[place], turns[TILES + place]];
      const back = over ? mirroredTile(pixels, tile, mirrorings.over) : pixels;
      return plane ? mirroredTile(back, tile, mirrorings.plane) : back;
    });
    const each2 = TILES / HALVES.length;
    const pictures = (title: string, tiles: readonly Float32Array[]): Mark[] =>
      HALVES.map((half, i) => ({
        ...{ kind: 'picture', title: `${title}, ${half}` },
        values: tilesPicture(tiles.slice(i * each2, (i + 1) * each2), cells),
      }));
    return [...pictures('tiles as seen', seen), ...pictures('put back', putBack(upright, predicted))];
  }

  done(): Verdict {
    const { task, title, cubes } = this.#options;
    const images = this.#orders.length;
    const count = cubes.orders.length;
    const thin = `${plural(this.#thin, 'image')} left out: ${LEAST_SLICES} slices are needed, and one between the halves that is not the image’s own.`;
    const notes = this.#thin > 0 ? [thin] : [];
    const order = toldResult(this.#orders, {
      ...{ key: `${task}.order`, title: `${title}, order`, trivial: 1 / count, notes },
      about: `share of ${images} images whose order of tiles is told, of ${count}`,
    });
    const others = this.#questions.map(({ question, told, trivial }) =>
      toldResult(told, {
        ...{ key: `${task}.${question.key}`, title: `${title}, ${question.title}`, trivial, notes: [] },
        about: `share of the tiles of ${images} images of which it is told`,
      }),
    );
    const results = [order, ...others].filter((result): result is Result => result !== null);
    if (!order) return { results, summary: null, scatters: [], notes };
    const figures = results.map(({ key, value, trivial }) => [
      key.slice(task.length + 1),
      { accuracy: value, trivialAccuracy: trivial },
    ]);
    const summary = { ...Object.fromEntries(figures), images, leftOut: this.#thin, orders: count };
    return { results, summary, scatters: [], notes: [NOTE] };
  }
}
