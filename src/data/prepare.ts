/** @file Prepares studies once: target images decoded, resampled, cropped and z-scored, with their labels. */

import { ConfigError } from '../base/errors.ts';
import { fromHalf, toHalf } from '../base/half.ts';
import { transformLine } from './affine.ts';
import { type Decoder, decodeHere, dicomReader } from './decoding.ts';
import type { PixelImage } from './dicom/pixels.ts';
import { transformPlane } from './geometry.ts';
import type { LabelOptions } from './labels.ts';
import { checkGrid, cropMap } from './resample.ts';
import { type ScannedImage, skippedText } from './scan.ts';
import type { Space } from './study/frames.ts';
import { planStudies, type StudyPlan } from './study/plan.ts';
import type { Target } from './study/targets.ts';
import type { Affine, FileSource, PreparedData, PreparedImage, Reason, SkippedFile } from './types.ts';
import { defaultSize, defaultSpacingMm, type Grid, usualSpacingMm } from './usualgrid.ts';

/** How a store is prepared: grid, views, and whom to tell. */
export interface PrepareOptions extends LabelOptions {
  /** Precision of the stored pixels; default f32. With f16 the pixels in memory are rounded to it too. */
  readonly dtype?: 'f32' | 'f16';
  /** Told of images that are used but lack something: a constant image, a missing line or location. */
  readonly onWarning?: (file: string, reason: Reason) => void;
  /** Gives an image's pixels; default: its file, decoded as DICOM. */
  readonly readImage?: (image: ScannedImage) => Promise<PixelImage>;
  /** Who decodes DICOM images, instead of one after another; `readImage` is not asked then. */
  readonly decode?: Decoder;
  /**
   * Takes the pixels [size, size] of each DICOM image as they are made, in the order of the images, not yet rounded to
   * `dtype`. What is prepared then has no pixels (an array of length 0). Other kinds of images are prepared in memory.
   */
  readonly onPixels?: (
    pixels: Float32Array,
    kind: { readonly size: number; readonly dtype: 'f32' | 'f16' },
  ) => Promise<void>;
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

/** Numbers for the spaces of a plan's images, counted in each subject in the order of these, so that no UID is stored. */
function spaceNumbers({ outcomes }: Pick<StudyPlan, 'outcomes'>): (space: Space) => number {
  const numbers = new Map<Space, number>();
  const counts = new Map<string, number>();
  for (const { space, subject } of outcomes) {
    if (numbers.has(space)) continue;
    const count = counts.get(subject) ?? 0;
    numbers.set(space, count);
    counts.set(subject, count + 1);
  }
  return (space) => numbers.get(space)!;
}

/** Pixels of images, one behind the other, in memory. */
class Gathered {
  readonly #values: Float32Array;
  #length = 0;

  /** @param most values that there can be */
  constructor(most: number) {
    this.#values = new Float32Array(most);
  }

  add(pixels: Float32Array): void {
    this.#values.set(pixels, this.#length);
    this.#length += pixels.length;
  }

  get values(): Float32Array {
    return this.#length === this.#values.length ? this.#values : this.#values.slice(0, this.#length);
  }
}

async function prepareTargets(
  { targets, skipped: before, targetView, ...plan }: StudyPlan,
  grid: Grid,
  options: PrepareOptions,
  take: (pixels: Float32Array) => void | Promise<void>,
): Promise<{ images: PreparedImage[]; skipped: SkippedFile[] }> {
  const images: PreparedImage[] = [];
  const skipped: SkippedFile[] = [...before];
  const decode = options.decode ?? decodeHere(options.readImage ?? dicomReader());
  const numberOf = spaceNumbers(plan);
  let done = 0;
  for await (const { pixels, reason } of decode(
    targets.map(({ image }) => image),
    grid,
  )) {
    const target = targets[done++]!;
    const file = target.image.source.path;
    if (pixels) {
      await take(pixels);
      if (reason) options.onWarning?.(file, reason);
      const map = cropMap(target.image.header.plane, grid.size, grid.spacingMm);
      images.push(preparedImage(target, targetView, numberOf(target.space), map, grid.size));
      warnOfGaps(target, options.onWarning);
    } else skipped.push({ file, ...frameOf(target.image), reason: reason! });
    options.onProgress?.({ phase: 'decode', done, total: targets.length, file });
  }
  return { images, skipped };
}

/**
 * Reads all target images: RescaleSlope/Intercept applied, resampled to `spacingMm` isotropic (`cropMap`,
 * `resample`), centre-cropped or padded with 0 to size × size, z-scored per image with population deviation, padding
 * included (paper §2). Pixels of reference views are never decoded. Files that cannot be used are in `skipped` with
 * the reason; a target without some line or location keeps the others. Throws ConfigError when nothing is usable.
 * @example
 * const { manifest, pixels } = await data.prepare(await data.listFiles(study), { size: 32, spacingMm: 8 });
 * [manifest.images.length, manifest.images[0].view, pixels.length]; // [24,"short-axis",24576]
 */
export async function prepare(
  files: readonly FileSource[],
  options: PrepareOptions = {},
): Promise<PreparedData> {
  checkGrid(options.size ?? defaultSize, options.spacingMm ?? defaultSpacingMm);
  return preparePlan(await planStudies(files, options), options);
}

/**
 * As `prepare`, of studies already planned.
 * @example
 * const across = { position: [0, 0, 0], rowDirection: [1, 0, 0], columnDirection: [0, 1, 0] };
 * const header = { plane: { ...across, spacingMm: [2, 2], rows: 2, columns: 2 }, fileFrame: null };
 * const target = { image: { source: { path: 'a.png' }, header }, subject: 'A', slice: 0, frame: 0, references: [] };
 * const plan = { targetView: 'short-axis', referenceViews: [], targets: [target], skipped: [], outcomes: [] };
 * const readImage = async () => ({ rows: 2, columns: 2, values: Float32Array.of(0, 0, 8, 8) });
 * (await data.preparePlan(plan, { size: 2, spacingMm: 2, readImage })).pixels; // [-1,-1,1,1]
 */
export async function preparePlan(plan: StudyPlan, options: PrepareOptions = {}): Promise<PreparedData> {
  const { size = defaultSize, dtype = 'f32' } = options;
  const { spacingMm = usualSpacingMm(plan.targetView, size) } = options;
  checkGrid(size, spacingMm);
  const grid = { size, spacingMm };
  const gathered = options.onPixels ? null : new Gathered(plan.targets.length * size ** 2);
  const take = (pixels: Float32Array): void | Promise<void> =>
    gathered ? gathered.add(pixels) : options.onPixels?.(pixels, { size, dtype });
  const { images, skipped } = await prepareTargets(plan, grid, options, take);
  const pixels = gathered?.values ?? new Float32Array(0);
  if (images.length === 0) {
    throw new ConfigError(
      `None of ${plan.targets.length} target images could be read. ${skippedText(skipped.at(-1)!)}`,
    );
  }
  const { targetView, referenceViews } = plan;
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
