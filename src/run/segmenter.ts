/** @file Segments volumes on their own grids with trained weights. */
import { FileError } from '../base/errors.ts';
import { classesOnImage, namedBytes } from '../data/segmentation/index.ts';
import type { FoundVolume } from '../data/sources/acdc/find.ts';
import type { Warn } from '../data/sources/acdc/labels.ts';
import { numbersOf } from '../data/sources/acdc/masks.ts';
import { acdcView, type PreparedVolume, prepareVolume } from '../data/sources/acdc/volume.ts';
import type { PreparedData } from '../data/types.ts';
import type { Head } from '../models/heads.ts';
import type { Plan } from '../train/plan.ts';
import { predictImages } from '../train/predict.ts';
import type { Trained } from './trained.ts';

/** A volume's class map on its own grid. */
export interface Segmented<V extends FoundVolume = FoundVolume> {
  readonly found: V;
  /** Bytes of the image's file, whose header the map belongs under. */
  readonly image: Uint8Array;
  /** i fastest, then j, then k: the numbers of its classes in files. */
  readonly labels: Uint8Array;
}

/** Images predicted together: what one recorded step is worth its making for. */
const GROUP = 96;

/** A class of class maps but background. */
export interface SegmentedClass {
  readonly name: string;
  /** In class maps. */
  readonly number: number;
}

/** A volume that is prepared. */
interface Ready<V extends FoundVolume> extends PreparedVolume {
  readonly found: V;
  readonly image: Uint8Array;
}

/** The head that tells classes, and their names. Throws FileError where the weights have none. */
function classHead({ tasks }: Plan, classes: readonly string[] | undefined, file: string): Head {
  const planned = tasks.find(({ part }) => part.fields.some(({ kind }) => kind === 'mask'));
  const head = planned?.part.heads[0];
  if (head && classes?.length === head.channels) return head;
  const names = tasks.map(({ task }) => task.name).join(', ');
  throw new FileError(
    file,
    `was trained on ${names}, which segments nothing`,
    'Give weights that were trained on masks (planewise finetune).',
  );
}

/** Scores to probabilities, in place. @param scores [pixels, classes] */
function softmax(scores: Float32Array, classes: number): void {
  for (let at = 0; at < scores.length; at += classes) {
    let [most, sum] = [-Infinity, 0];
    for (let k = at; k < at + classes; k++) most = Math.max(most, scores[k]!);
    for (let k = at; k < at + classes; k++) {
      scores[k] = Math.exp(scores[k]! - most);
      sum += scores[k]!;
    }
    for (let k = at; k < at + classes; k++) scores[k]! /= sum;
  }
}

export interface SegmentOptions {
  /** Images at a time. */
  readonly batch: number;
  /** Whether class probabilities are averaged over the image and its three mirror images; default false. */
  readonly mirror?: boolean;
  readonly onWarning: Warn;
}

/** Trained weights that segment volumes. */
export class Segmenter {
  readonly #trained: Trained;
  readonly #head: Head;
  /** Number in files of each class. */
  readonly #numbers: readonly number[];
  readonly #options: SegmentOptions;

  /** @throws FileError where the weights were not trained on masks. @param file what messages call the weights */
  constructor(trained: Trained, file: string, options: SegmentOptions) {
    const { classes } = trained.info;
    this.#trained = trained;
    this.#head = classHead(trained.plan, classes, file);
    this.#numbers = numbersOf(classes!);
    this.#options = options;
  }

  /** What its class maps hold, background aside. */
  get classes(): SegmentedClass[] {
    const named = this.#trained.info.classes!.map((name, i) => ({ name, number: this.#numbers[i]! }));
    return named.slice(1);
  }

  /** View of the images that the weights were trained on. */
  get targetView(): string {
    return this.#trained.info.targetView;
  }

  /**
   * Reads and segments volumes, some at a time; those that cannot be read are told to `onError`, with what was thrown.
   */
  async *segment<V extends FoundVolume>(
    volumes: readonly V[],
    onError: (found: V, error: unknown) => void,
  ): AsyncGenerator<Segmented<V>> {
    let group: Ready<V>[] = [];
    for (const [i, found] of volumes.entries()) {
      try {
        group.push(await this.#prepare(found));
      } catch (error) {
        onError(found, error);
      }
      const images = group.reduce((count, ready) => count + ready.images.length, 0);
      if (group.length === 0 || (images < GROUP && i < volumes.length - 1)) continue;
      yield* await this.#predict(group);
      group = [];
    }
  }

  async #prepare<V extends FoundVolume>(found: V): Promise<Ready<V>> {
    const { size, spacingMm } = this.#trained.info;
    const { subject, phase, frame, turn, image: source } = found;
    const { bytes } = await namedBytes(source);
    const image = { path: source.path, read: async () => bytes };
    const place = { subject, frame, phase, size, spacingMm, ...(turn && { turn }) };
    const told = { warn: this.#options.onWarning, skip: () => {} };
    const prepared = await prepareVolume({ ...found, image, labels: null }, place, told);
    return { ...prepared, found, image: bytes };
  }

  async #predict<V extends FoundVolume>(group: readonly Ready<V>[]): Promise<Segmented<V>[]> {
    const { network, info } = this.#trained;
    const data = dataOf(group, info.size, info.spacingMm);
    const maps = group.map(({ sides, images }) => new Uint8Array(sides.rows * sides.columns * images.length));
    const places = group.flatMap(({ images }, volume) =>
      images.map(({ fileFrame }) => ({ volume, slice: fileFrame! })),
    );
    const { batch, mirror = false } = this.#options;
    const options = { batch, heads: [this.#head], mirrored: mirror ? [this.#head] : [] };
    await predictImages(network, data, [...places.keys()], options, (outputs, { count, indices }) => {
      const scores = outputs(this.#head);
      const each = scores.length / count;
      for (let row = 0; row < count; row++) {
        const { volume, slice } = places[indices[row]!]!;
        const { sides, map } = group[volume]!;
        const own = this.#classes(scores.slice(row * each, (row + 1) * each), map, sides);
        maps[volume]!.set(own, slice * own.length);
      }
    });
    return group.map(({ found, image }, i) => ({ found, image, labels: maps[i]! }));
  }

  #classes(values: Float32Array, map: PreparedVolume['map'], sides: PreparedVolume['sides']): Uint8Array {
    const { size } = this.#trained.info;
    const classes = this.#numbers.length;
    softmax(values, classes);
    return classesOnImage({ values, size, classes }, map, sides).map((label) => this.#numbers[label]!);
  }
}

/** Prepared volumes as one data set. */
function dataOf(group: readonly PreparedVolume[], size: number, spacingMm: number): PreparedData {
  const pixels = new Float32Array(group.reduce((sum, ready) => sum + ready.pixels.length, 0));
  let at = 0;
  for (const ready of group) {
    pixels.set(ready.pixels, at);
    at += ready.pixels.length;
  }
  return {
    manifest: {
      ...{ format: 'planewise-prepared', version: 1, size, spacingMm, targetView: acdcView },
      ...{ referenceViews: [], dtype: 'f32', skipped: [] },
      images: group.flatMap(({ images }) => images),
    },
    pixels,
  };
}
