/** @file Predictions over a few held-out slices while a network trains, every few seconds. */
import type { Split } from '../../src/data/split.ts';
import type { PreparedData } from '../../src/data/types.ts';
import type { UNet } from '../../src/models/unet.ts';
import type { TrainConfig } from '../../src/train/config.ts';
import { fitLines } from '../../src/train/evaluate.ts';
import { windowed } from '../../src/report/pictures.ts';
import { predictImages } from '../../src/train/predict.ts';
import type { Events, PreviewItem } from '../protocol.ts';
import { lineErrors } from './predict.ts';
import { shownBy } from './shows.ts';

/** Least time between two rounds, and the largest share of the run they may take. */
const EVERY_MS = 3000;
const SHARE = 0.04;
/** Subjects shown, and slices of each. */
const SUBJECTS = 2;
const SLICES = 4;

/** Slices of the first phase, evenly from base to apex, of the first of these subjects. */
function shownImages({ manifest }: PreparedData, subjects: readonly string[]): number[] {
  return subjects.slice(0, SUBJECTS).flatMap((subject) => {
    const stack = manifest.images.flatMap((image, index) =>
      image.subject === subject && image.frame === 0 ? [index] : [],
    );
    stack.sort((a, b) => manifest.images[a]!.slice - manifest.images[b]!.slice);
    const count = Math.min(SLICES, stack.length);
    return Array.from({ length: count }, (_, i) => stack[Math.floor(((i + 0.5) * stack.length) / count)]!);
  });
}

export class Previews {
  readonly #data: PreparedData;
  readonly #config: TrainConfig;
  readonly #indices: readonly number[];
  readonly #heldOut: boolean;
  readonly #tell: (preview: Events['preview']) => void;
  #due = 0;

  constructor(
    data: PreparedData,
    split: Split,
    config: TrainConfig,
    tell: (preview: Events['preview']) => void,
  ) {
    this.#data = data;
    this.#config = config;
    const held = [...split.validation, ...split.test];
    this.#heldOut = held.length > 0;
    this.#indices = shownImages(data, this.#heldOut ? held : split.train);
    this.#tell = tell;
  }

  /** Predicts and tells, when it is time; the last step is always shown. */
  async show(network: UNet, step: number): Promise<void> {
    const began = performance.now();
    if (began < this.#due && step < this.#config.steps) return;
    const { heatmaps, locations } = await predictImages(network, this.#data, this.#indices, {
      // what training has memory for
      batch: Math.min(this.#config.batch, this.#indices.length),
    });
    const { manifest } = this.#data;
    const lines = heatmaps && fitLines(heatmaps, this.#indices.length, manifest, this.#config.lineSigmaMm);
    const items = this.#indices.map((index, row) =>
      this.#item(index, lines?.[row] ?? [], locations?.[row] ?? null),
    );
    const { referenceViews } = manifest;
    const shows = shownBy(this.#config.tasks);
    this.#tell({ step, heldOut: this.#heldOut, shows, referenceViews, items });
    const took = performance.now() - began;
    this.#due = performance.now() + Math.max(EVERY_MS, took / SHARE);
  }

  #item(index: number, lines: PreviewItem['lines'], location: number | null): PreviewItem {
    const { manifest, pixels } = this.#data;
    const { size, images } = manifest;
    const image = images[index]!;
    const values = pixels.subarray(index * size * size, (index + 1) * size * size);
    return {
      caption: `${image.subject}, slice ${image.slice + 1}`,
      size,
      grey: windowed(values) as Uint8Array<ArrayBuffer>,
      lines,
      truth: lines.length > 0 ? image.lines : [],
      errors: lineErrors(lines, image.lines, manifest),
      location: location === null ? null : { predicted: location, truth: image.location },
    };
  }
}
