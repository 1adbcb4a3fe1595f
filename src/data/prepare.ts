/** @file Prepares studies once: target images decoded, resampled, cropped and z-scored, with their labels. */

import { ConfigError } from '../base/errors.ts';
import { fromHalf, toHalf } from '../base/half.ts';
import { transformLine } from './affine.ts';
import { type DicomImages, openImages, type PixelImage } from './dicom/pixels.ts';
import { transformPlane } from './geometry.ts';
import { imageBytes } from './imagebytes.ts';
import type { LabelOptions } from './labels.ts';
import { checkGrid, cropMap, onGrid } from './resample.ts';
import { reasonOf, type ScannedImage, skippedText } from './scan.ts';
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
}

/** Reads images from their DICOM files; the file read last stays open, for it may hold the next image too. */
export function dicomReader(): (image: ScannedImage) => Promise<PixelImage> {
  let open: { readonly source: FileSource; readonly images: DicomImages } | undefined;
  return async ({ source, header }) => {
    if (open?.source !== source) open = { source, images: openImages(await imageBytes(source), source.path) };
    return open.images.pixels(header.fileFrame ?? 0);
  };
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

const constantImage: Reason = {
  code: 'CONSTANT',
  message: 'Every pixel has one value; the image is stored as zeros.',
};
const allPadding: Reason = {
  code: 'PADDING',
  message: 'Every pixel is padding (PixelPaddingValue); there is no image.',
};
const notFinite: Reason = { code: 'NOT_FINITE', message: 'Rescaled pixel values are not finite numbers.' };

/** Decodes one target into `out`; a reason when it cannot be used. */
async function prepareOne(
  target: Target,
  map: Affine,
  size: number,
  out: Float32Array,
  readImage: (image: ScannedImage) => Promise<PixelImage>,
  onWarning: PrepareOptions['onWarning'],
): Promise<Reason | null> {
  const { source } = target.image;
  try {
    const image = await readImage(target.image);
    if (image.padding?.every((pixel) => pixel === 1)) return allPadding;
    const { pixels, deviation } = onGrid(image, map, size);
    if (Number.isNaN(deviation)) return notFinite;
    if (deviation === 0) onWarning?.(source.path, constantImage);
    out.set(pixels);
    return null;
  } catch (error) {
    return reasonOf(error);
  }
}

/** Numbers for the spaces of a plan's images, counted in each subject in the order of these, so that no UID is stored. */
function spaceNumbers({ outcomes }: StudyPlan): (space: Space) => number {
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

async function prepareTargets(plan: StudyPlan, grid: Grid, options: PrepareOptions) {
  const area = grid.size ** 2;
  const pixels = new Float32Array(plan.targets.length * area);
  const images: PreparedImage[] = [];
  const skipped: SkippedFile[] = [...plan.skipped];
  const readImage = options.readImage ?? dicomReader();
  const numberOf = spaceNumbers(plan);
  for (const [index, target] of plan.targets.entries()) {
    const file = target.image.source.path;
    const map = cropMap(target.image.header.plane, grid.size, grid.spacingMm);
    const out = pixels.subarray(images.length * area, (images.length + 1) * area);
    const reason = await prepareOne(target, map, grid.size, out, readImage, options.onWarning);
    if (reason) skipped.push({ file, ...frameOf(target.image), reason });
    else {
      images.push(preparedImage(target, plan.targetView, numberOf(target.space), map, grid.size));
      warnOfGaps(target, options.onWarning);
    }
    options.onProgress?.({ phase: 'decode', done: index + 1, total: plan.targets.length, file });
  }
  return {
    images,
    skipped,
    pixels: images.length === plan.targets.length ? pixels : pixels.slice(0, images.length * area),
  };
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
  const { images, skipped, pixels } = await prepareTargets(plan, { size, spacingMm }, options);
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
