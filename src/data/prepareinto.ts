/** @file Prepares images one after another: decoded, resampled, cropped and z-scored, with their labels, into what takes them. */

import { ConfigError } from '../base/errors.ts';
import { fromHalf, toHalf } from '../base/half.ts';
import { transformLine } from './affine.ts';
import { decodeHere, dicomReader } from './decoding.ts';
import { transformPlane } from './geometry.ts';
import type { PrepareOptions } from './prepare.ts';
import { checkGrid } from './resample.ts';
import { type ScannedImage, skippedText } from './scan.ts';
import type { Space } from './study/frames.ts';
import type { StudyPlan } from './study/plan.ts';
import type { Target } from './study/targets.ts';
import type { Affine, PreparedData, PreparedImage, SkippedFile } from './types.ts';
import { preparedMap } from './upright.ts';
import { defaultSize, type Grid, usualSpacingMm } from './usualgrid.ts';

/** What all images have in common that a sink is given. */
export interface SinkKind {
  readonly size: number;
  readonly dtype: 'f32' | 'f16';
  /** Reference views of each image. */
  readonly views: number;
}

/** Takes what is prepared as it is made, so that it need not be held. */
export interface PreparedSink {
  /** @param pixels [size, size], not yet rounded to `dtype` */
  add(image: PreparedImage, pixels: Float32Array, kind: SinkKind): void | Promise<void>;
  /** All images, when no more come. */
  images(): Promise<readonly PreparedImage[]>;
}

const frameOf = ({ header }: ScannedImage): { fileFrame?: number } =>
  header.fileFrame === null ? {} : { fileFrame: header.fileFrame };

function preparedImage(
  target: Target,
  view: string,
  space: number,
  map: Affine,
  size: number,
): PreparedImage {
  const { source, header } = target.image;
  return {
    subject: target.subject,
    file: source.path,
    ...frameOf(target.image),
    view,
    space,
    frame: target.frame,
    slice: target.slice,
    lines: target.references.map(({ line }) => line && transformLine(line, map)),
    location: target.location,
    plane: transformPlane(header.plane, map, size, size),
  };
}

function warnOfGaps(target: Target, onWarning: PrepareOptions['onWarning']): void {
  const file = target.image.source.path;
  for (const { reason } of target.references) if (reason) onWarning?.(file, reason);
  if (target.locationReason) onWarning?.(file, target.locationReason);
}

/** Numbers for the spaces of a subject's images, in the order of these, so that no UID is stored. */
export function numbersOf(spaces: Iterable<Space>): (space: Space) => number {
  const numbers = new Map<Space, number>();
  for (const space of spaces) if (!numbers.has(space)) numbers.set(space, numbers.size);
  return (space) => numbers.get(space)!;
}

/** What is prepared into, in memory. */
class Gathered implements PreparedSink {
  readonly #images: PreparedImage[] = [];
  readonly #values: Float32Array;
  #length = 0;

  /** @param most values that there can be */
  constructor(most: number) {
    this.#values = new Float32Array(most);
  }

  add(image: PreparedImage, pixels: Float32Array): void {
    this.#images.push(image);
    this.#values.set(pixels, this.#length);
    this.#length += pixels.length;
  }

  async images(): Promise<readonly PreparedImage[]> {
    return this.#images;
  }

  get values(): Float32Array {
    return this.#length === this.#values.length ? this.#values : this.#values.slice(0, this.#length);
  }
}

/** Targets in order, each with the number of its space. */
export type Numbered = Iterable<readonly [target: Target, space: number]>;

/** What is to be prepared. */
interface Wanted extends Pick<StudyPlan, 'targetView' | 'referenceViews'> {
  readonly targets: Numbered;
  /** Targets, at most; as many as there are once all were asked for. */
  readonly expected: number;
}

/** Files that cannot be decoded are returned. */
async function prepareInto(
  sink: PreparedSink,
  wanted: Wanted,
  grid: Grid,
  options: PrepareOptions,
): Promise<SkippedFile[]> {
  const { targets, targetView, referenceViews } = wanted;
  const skipped: SkippedFile[] = [];
  const decode = options.decode ?? decodeHere(options.readImage ?? dicomReader());
  const kind = { size: grid.size, dtype: options.dtype ?? 'f32', views: referenceViews.length };
  const waiting: (readonly [Target, number])[] = [];
  function* images(): Generator<Target> {
    for (const own of targets) {
      waiting.push(own);
      yield own[0];
    }
  }
  let done = 0;
  for await (const { pixels, reason } of decode(images(), grid)) {
    const [target, space] = waiting.shift()!;
    const file = target.image.source.path;
    if (pixels) {
      const map = preparedMap(target.image.header.plane, target.turn, grid.size, grid.spacingMm);
      await sink.add(preparedImage(target, targetView, space, map, grid.size), pixels, kind);
      if (reason) options.onWarning?.(file, reason);
      warnOfGaps(target, options.onWarning);
    } else skipped.push({ file, ...frameOf(target.image), reason: reason! });
    // asked for anew: fewer are expected the more subjects are planned
    options.onProgress?.({ phase: 'decode', done: ++done, total: wanted.expected, file });
  }
  return skipped;
}

/** As `prepareInto`, to what was asked for or into memory. @param before files that are skipped already, asked for when all were decoded */
export async function preparedFrom(
  wanted: Wanted,
  options: PrepareOptions,
  before: () => readonly SkippedFile[],
): Promise<PreparedData> {
  const { size = defaultSize, dtype = 'f32' } = options;
  const { targetView, referenceViews } = wanted;
  const { spacingMm = usualSpacingMm(targetView, size) } = options;
  checkGrid(size, spacingMm);
  const gathered = options.into ? null : new Gathered(wanted.expected * size ** 2);
  const sink = gathered ?? options.into!;
  const undecoded = await prepareInto(sink, wanted, { size, spacingMm }, options);
  const skipped = [...before(), ...undecoded];
  const images = await sink.images();
  if (images.length === 0)
    throw new ConfigError(
      `None of ${wanted.expected} target images could be read. ${skippedText(skipped.at(-1)!)}`,
    );
  const pixels = gathered?.values ?? new Float32Array(0);
  return {
    manifest: {
      format: 'planewise-prepared',
      version: 1,
      size,
      spacingMm,
      targetView,
      referenceViews,
      dtype,
      images,
      skipped,
    },
    pixels: dtype === 'f16' ? fromHalf(toHalf(pixels)) : pixels,
  };
}
