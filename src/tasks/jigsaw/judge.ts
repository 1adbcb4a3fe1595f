/** @file Judges orders of tiles: how often the order is told, beside a guess, and the tiles put back as the network says. */
import type { Sample } from '../../data/sample.ts';
import type { Head } from '../../models/heads.ts';
import type { Mark } from '../../results/mark.ts';
import { blockOf, largest } from '../outputs.ts';
import type { HostOutputs, InputImages, Judge, Verdict } from '../task.ts';
import type { Cells } from '../tiles/cut.ts';
import { imagesIn, putBack, type Told, tilesPicture, toldResult } from '../tiles/judge.ts';
import { differing, type Order } from '../tiles/permutations.ts';

const NOTE =
  'Each image is cut into tiles once, in an order that is drawn for it; the trivial answer is a guess. Two of the orders differ in most places, so an answer is right as a whole or hardly at all.';

/** What the network said of an image of the newest block. */
interface Answer {
  readonly predicted: Order;
  readonly truth: Order;
}

export class JigsawJudge implements Judge {
  readonly #head: Head;
  readonly #orders: readonly Order[];
  readonly #cells: Cells;
  readonly #rows: Told[] = [];
  #block: readonly Answer[] = [];
  #images: InputImages | undefined;

  constructor(head: Head, orders: readonly Order[], cells: Cells) {
    this.#head = head;
    this.#orders = orders;
    this.#cells = cells;
  }

  add(
    outputs: HostOutputs,
    samples: readonly Sample[],
    drawn: ArrayLike<number>,
    images?: InputImages,
  ): void {
    const scores = blockOf(outputs, this.#head, samples.length);
    const { channels } = this.#head;
    this.#images = images;
    this.#block = samples.map((_, row) => ({
      predicted: this.#orders[largest(scores.subarray(row * channels, (row + 1) * channels))]!,
      truth: this.#orders[drawn[row]!]!,
    }));
    for (const [row, { subject }] of samples.entries()) {
      const { predicted, truth } = this.#block[row]!;
      this.#rows.push({ subject, share: Number(predicted === truth) });
    }
  }

  marks(row: number): Mark[] {
    const { predicted, truth } = this.#block[row]!;
    const tiles = truth.length;
    const text = `${tiles - differing(predicted, truth)} of ${tiles} tiles put in their place`;
    const words: Mark = { kind: 'words', text };
    if (!this.#images) return [words];
    const { tile } = this.#cells;
    const each = tiles * tile ** 2;
    const seen = imagesIn(this.#images.seen.subarray(row * each, (row + 1) * each), tile);
    const picture = (title: string, shown: readonly Float32Array[]): Mark => ({
      ...{ kind: 'picture', title },
      values: tilesPicture(shown, this.#cells),
    });
    return [words, picture('tiles as seen', seen), picture('put back', putBack(seen, predicted))];
  }

  done(): Verdict {
    const images = this.#rows.length;
    const orders = this.#orders.length;
    const result = toldResult(this.#rows, {
      ...{ key: 'jigsaw.accuracy', title: 'Jigsaw, accuracy', trivial: 1 / orders },
      about: `share of ${images} images whose order of tiles is told, of ${orders}`,
      notes: [],
    });
    if (!result) return { results: [], summary: null, scatters: [], notes: [] };
    const summary = { accuracy: result.value, trivialAccuracy: 1 / orders, images, orders };
    return { results: [result], summary, scatters: [], notes: [NOTE] };
  }
}
