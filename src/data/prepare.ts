/** @file Prepares studies once: target images decoded, resampled, cropped and z-scored, with their labels. */

import type { Decoder } from './decoding.ts';
import type { PixelImage } from './dicom/pixels.ts';
import type { LabelOptions } from './labels.ts';
import { groupBy, memoized } from './lists.ts';
import { type Numbered, numbersOf, type PreparedSink, preparedFrom } from './prepareinto.ts';
import { checkGrid } from './resample.ts';
import { type Scan, type ScannedImage, scanFiles } from './scan.ts';
import type { StudyPlan } from './study/plan.ts';
import { StudyPlanner } from './study/planner.ts';
import { type SeriesRow, seriesRows } from './study/summary.ts';
import type { Target } from './study/targets.ts';
import type { FileSource, Notice, PreparedData, Reason } from './types.ts';
import { defaultSize, defaultSpacingMm } from './usualgrid.ts';

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
   * Takes each DICOM image as it is made, in order. What is prepared then has no pixels (an array of length 0), and the
   * images that this has. Other kinds of images are prepared in memory.
   */
  readonly into?: PreparedSink;
}

/** What a scan's images came to. */
export interface PreparedScan {
  readonly data: PreparedData;
  readonly notices: readonly Notice[];
  /** What became of the scanned images. */
  readonly series: readonly SeriesRow[];
}

/** As `prepare`, of files already scanned. Subjects are planned one after another, as their images are decoded. */
export async function prepareScan(scan: Scan, options: PrepareOptions = {}): Promise<PreparedScan> {
  const planner = new StudyPlanner(scan, options);
  function* targets(): Numbered {
    for (const { images, plan } of planner.subjects()) {
      const numberOf = numbersOf(images.map(({ image }) => plan.spaceOf(image)));
      for (const target of plan.targets) yield [target, numberOf(target.space)];
    }
  }
  const { targetView, referenceViews } = planner;
  const wanted = {
    targetView,
    referenceViews,
    targets: targets(),
    get expected() {
      return planner.expected;
    },
  };
  let end: ReturnType<StudyPlanner['end']> | undefined;
  const data = await preparedFrom(wanted, options, () => {
    end = planner.end();
    return end.skipped;
  });
  const { skipped, notices } = end!;
  const undecoded = data.manifest.skipped.slice(skipped.length);
  return { data, notices, series: seriesRows(planner.outcomes(), undecoded) };
}

/**
 * Reads all target images: RescaleSlope/Intercept applied, turned as radiology shows them, resampled to `spacingMm`
 * isotropic (`preparedMap`, `resample`), centre-cropped or padded with 0 to size × size, z-scored per image with
 * population deviation, padding included (paper §2). Pixels of reference views are never decoded. Files that cannot be used are in `skipped` with
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
  return (await prepareScan(await scanFiles(files, options.onProgress), options)).data;
}

/**
 * As `prepare`, of studies already planned.
 * @example
 * const across = { position: [0, 0, 0], rowDirection: [1, 0, 0], columnDirection: [0, 1, 0] };
 * const header = { plane: { ...across, spacingMm: [2, 2], rows: 2, columns: 2 }, fileFrame: null };
 * const image = { source: { path: 'a.png' }, header };
 * const target = { image, subject: 'A', slice: 0, turn: [1, 0, 0, 1], frame: 0, references: [] };
 * const plan = { targetView: 'short-axis', referenceViews: [], targets: [target], skipped: [], outcomes: [] };
 * const readImage = async () => ({ rows: 2, columns: 2, values: Float32Array.of(0, 0, 8, 8) });
 * (await data.preparePlan(plan, { size: 2, spacingMm: 2, readImage })).pixels; // [-1,-1,1,1]
 */
export async function preparePlan(plan: StudyPlan, options: PrepareOptions = {}): Promise<PreparedData> {
  const subjects = groupBy(plan.outcomes, ({ subject }) => subject);
  const numbers = memoized(
    ({ subject }: Target) => subject,
    ({ subject }) => numbersOf((subjects.get(subject) ?? []).map(({ space }) => space)),
  );
  const wanted = {
    ...plan,
    targets: plan.targets.map((target) => [target, numbers(target)(target.space)] as const),
    expected: plan.targets.length,
  };
  return preparedFrom(wanted, options, () => plan.skipped);
}
