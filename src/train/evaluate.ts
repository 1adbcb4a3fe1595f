/** @file Errors of predicted lines and locations in degrees, millimetres and stack lengths, beside the trivial predictor's. */

import { ShapeError } from '../base/errors.ts';
import { mean, median } from '../base/statistics.ts';
import { lineAngleDeg, lineOffsetMm } from '../data/affine.ts';
import type { Line, PreparedImage, PreparedManifest } from '../data/types.ts';
import { type Baseline, crossesImage, type Point, referencePoint } from './baseline.ts';
import { fitLine } from './linefit.ts';

export { type Baseline, fitBaseline } from './baseline.ts';

/** Sigma of the heatmaps in mm: 6 px at 1.26 mm (paper §1). */
export const defaultSigmaMm = 7.56;

export type ImageGrid = Pick<PreparedManifest, 'size' | 'spacingMm' | 'referenceViews'>;

/** What a network said about N images. */
export interface Predictions {
  /** [N, size, size, views], or null for a task without lines. */
  readonly heatmaps: Float32Array | null;
  /** [N], or null for a task without locations. */
  readonly locations: Float32Array | null;
}

/**
 * Errors of one reference view over the images whose true line runs through the image. Numbers are null where there
 * is nothing to average.
 *
 * Angle: between predicted and true line, undirected, 0 … 90°. Offset: distance from the predicted line to a point of
 * the true line: the crossing of the image's two true reference lines where they cross inside the image, otherwise
 * the point nearest the image centre. An image in whose heatmap no line could be fitted counts as `missing` and is
 * scored with the trivial line, which is what one would use there.
 */
export interface ViewErrors {
  /** Medians. */
  readonly angleDeg: number | null;
  readonly offsetMm: number | null;
  readonly baselineAngleDeg: number | null;
  readonly baselineOffsetMm: number | null;
  readonly meanAngleDeg: number | null;
  readonly meanOffsetMm: number | null;
  readonly baselineMeanAngleDeg: number | null;
  readonly baselineMeanOffsetMm: number | null;
  /** Images scored. */
  readonly images: number;
  /** Of those, images without a fitted line. */
  readonly missing: number;
  /** Images not scored: they have no line of this view, or it misses the image. */
  readonly unlabelled: number;
}

/** Mean absolute errors of the relative slice location, 0 … 1. */
export interface LocationErrors {
  readonly mae: number;
  readonly baselineMae: number;
  readonly images: number;
}

/** The content of evaluation.json. */
export interface Evaluation {
  readonly images: number;
  readonly subjects: number;
  readonly orientation: Readonly<Record<string, ViewErrors>> | null;
  readonly location: LocationErrors | null;
}

/** Line errors of one image and view. */
export interface LineError {
  readonly angleDeg: number;
  readonly offsetMm: number;
}

export function lineError(predicted: Line, truth: Line, point: Point, spacingMm: number): LineError {
  return {
    angleDeg: lineAngleDeg(predicted, truth),
    offsetMm: lineOffsetMm(predicted, truth, point, spacingMm),
  };
}

/** One channel of one image of [N, size, size, views], as a plain map. */
export function heatmapOf(
  heatmaps: Float32Array,
  image: number,
  view: number,
  { size, referenceViews }: ImageGrid,
): Float32Array {
  const [views, pixels] = [referenceViews.length, size * size];
  const map = new Float32Array(pixels);
  for (let i = 0, from = image * pixels * views + view; i < pixels; i++, from += views)
    map[i] = heatmaps[from]!;
  return map;
}

/**
 * The line of each image and view, fitted to its heatmap; null where there is none.
 * @throws ShapeError when the heatmaps are not [count, size, size, views]
 */
export function fitLines(
  heatmaps: Float32Array,
  count: number,
  grid: ImageGrid,
  sigmaMm = defaultSigmaMm,
): (Line | null)[][] {
  const { size, spacingMm, referenceViews } = grid;
  const expected = count * size * size * referenceViews.length;
  if (heatmaps.length !== expected) {
    const shape = `${count}×${size}×${size}×${referenceViews.length}`;
    throw new ShapeError(
      'fitLines',
      'heatmaps',
      `hold ${heatmaps.length} values`,
      `${shape} needs ${expected}.`,
    );
  }
  return Array.from({ length: count }, (_, image) =>
    referenceViews.map((_, view) => {
      const map = heatmapOf(heatmaps, image, view, grid);
      return fitLine(map, size, size, sigmaMm / spacingMm)?.line ?? null;
    }),
  );
}

function summarize(errors: readonly LineError[]) {
  const [angles, offsets] = [errors.map((e) => e.angleDeg), errors.map((e) => e.offsetMm)];
  return {
    angle: median(angles),
    offset: median(offsets),
    meanAngle: mean(angles),
    meanOffset: mean(offsets),
  };
}

function evaluateView(
  images: readonly PreparedImage[],
  fitted: readonly (readonly (Line | null)[])[],
  view: number,
  trivial: Line | null,
  { size, spacingMm }: ImageGrid,
): ViewErrors {
  const [errors, baseline]: [LineError[], LineError[]] = [[], []];
  let [scored, missing] = [0, 0];
  for (const [i, { lines }] of images.entries()) {
    const truth = lines[view];
    if (!truth || !crossesImage(truth, size)) continue;
    const point = referencePoint(lines, size);
    const line = fitted[i]![view] ?? null;
    scored++;
    if (!line) missing++;
    const answer = line ?? trivial;
    if (answer) errors.push(lineError(answer, truth, point, spacingMm));
    if (trivial) baseline.push(lineError(trivial, truth, point, spacingMm));
  }
  // A network that found no line at all has no error to report; its stand-in's would look like success.
  const [ours, theirs] = [summarize(missing < scored ? errors : []), summarize(baseline)];
  return {
    angleDeg: ours.angle,
    offsetMm: ours.offset,
    baselineAngleDeg: theirs.angle,
    baselineOffsetMm: theirs.offset,
    meanAngleDeg: ours.meanAngle,
    meanOffsetMm: ours.meanOffset,
    baselineMeanAngleDeg: theirs.meanAngle,
    baselineMeanOffsetMm: theirs.meanOffset,
    images: scored,
    missing,
    unlabelled: images.length - scored,
  };
}

function evaluateLocations(
  images: readonly PreparedImage[],
  locations: Float32Array,
  trivial: number | null,
): LocationErrors | null {
  if (locations.length !== images.length)
    throw new ShapeError(
      'evaluateImages',
      'locations',
      `hold ${locations.length} values`,
      `${images.length} images need as many.`,
    );
  const pairs = images.flatMap(({ location }, i) => (location === null ? [] : [[location, locations[i]!]]));
  const mae = mean(pairs.map(([truth, predicted]) => Math.abs(predicted! - truth!)));
  const baselineMae = mean(pairs.map(([truth]) => Math.abs((trivial ?? 0.5) - truth!)));
  return mae === null || baselineMae === null ? null : { mae, baselineMae, images: pairs.length };
}

/**
 * Scores predictions against the exact labels of prepared images, beside the trivial predictor.
 * @param sigmaMm sigma of the heatmaps the network was trained on
 * @throws ShapeError when the predictions do not fit the images
 */
export function evaluateImages(
  images: readonly PreparedImage[],
  predictions: Predictions,
  baseline: Baseline,
  grid: ImageGrid,
  sigmaMm = defaultSigmaMm,
): Evaluation {
  const { heatmaps, locations } = predictions;
  const fitted = heatmaps && fitLines(heatmaps, images.length, grid, sigmaMm);
  const orientation =
    fitted &&
    Object.fromEntries(
      grid.referenceViews.map((name, view) => [
        name,
        evaluateView(images, fitted, view, baseline.lines[view] ?? null, grid),
      ]),
    );
  return {
    images: images.length,
    subjects: new Set(images.map(({ subject }) => subject)).size,
    orientation,
    location: locations && evaluateLocations(images, locations, baseline.location),
  };
}
