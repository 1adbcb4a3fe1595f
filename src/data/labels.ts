/** @file Labels of every target image as plain records, without decoding a pixel. */

import { transformLine } from './affine.ts';
import { checkGrid } from './resample.ts';
import { planStudies, type StudyOptions } from './study/plan.ts';
import { type SeriesRow, seriesRows } from './study/summary.ts';
import type { Target } from './study/targets.ts';
import type { FileSource, Line, Notice, Reason, SkippedFile } from './types.ts';
import { preparedMap } from './upright.ts';
import { defaultSize, defaultSpacingMm, usualSpacingMm } from './usualgrid.ts';

/** Of `labelStudies`: the grid that lines are given in, and how views are told apart. */
export interface LabelOptions extends StudyOptions {
  /** Side of the prepared image in pixels; default `defaultSize`, of volumes with masks `maskedGrid`'s. */
  readonly size?: number;
  /** Pixel spacing of the prepared image, mm; default: what shows as much as the default size does (`usualSpacingMm`). */
  readonly spacingMm?: number;
}

/** A reference view's line in one image: in its own pixels, and in the prepared ones. */
export interface ReferenceLabel {
  readonly native: Line | null;
  readonly crop: Line | null;
  readonly reason?: Reason;
  readonly file?: string;
  /** Index of the image in a file of several, from 0. */
  readonly fileFrame?: number;
}

/** What is known of one target image: lines of the other views, place in its stack, or why not. */
export interface ImageLabel {
  readonly file: string;
  /** Index of the image in a file of several, from 0. */
  readonly fileFrame?: number;
  readonly subject: string;
  readonly view: string;
  readonly frame: number;
  readonly slice: number;
  /** Index of the stack among the subject's; slices and phases count anew in each. */
  readonly stack: number;
  readonly references: Readonly<Record<string, ReferenceLabel>>;
  readonly location: number | null;
  readonly locationReason?: Reason;
}

/** The labels of all target images, and what was not used. */
export interface StudyLabels {
  readonly targetView: string;
  readonly referenceViews: readonly string[];
  readonly size: number;
  readonly spacingMm: number;
  readonly images: readonly ImageLabel[];
  readonly skipped: readonly SkippedFile[];
  /** What a user should know about the data as a whole. */
  readonly notices: readonly Notice[];
  /** What became of every image, by series. */
  readonly series: readonly SeriesRow[];
  /** Files that are not DICOM. */
  readonly ignored: readonly string[];
}

function imageLabel(
  target: Target,
  view: string,
  names: readonly string[],
  grid: [number, number],
): ImageLabel {
  const map = preparedMap(target.image.header.plane, target.turn, ...grid);
  const references = target.references.map(({ line, ...rest }, i): [string, ReferenceLabel] => [
    names[i]!,
    { native: line, crop: line && transformLine(line, map), ...rest },
  ]);
  const { source, header } = target.image;
  return {
    file: source.path,
    ...(header.fileFrame !== null && { fileFrame: header.fileFrame }),
    subject: target.subject,
    view,
    frame: target.frame,
    slice: target.slice,
    stack: target.stack,
    references: Object.fromEntries(references),
    location: target.location,
    ...(target.locationReason ? { locationReason: target.locationReason } : {}),
  };
}

/**
 * Lines and relative locations of all target images (paper §1), from headers alone: `native` lines in original
 * pixels, `crop` lines in prepared ones. Throws ConfigError as `planStudies` does, and for an impossible size.
 * @example
 * const { images } = await data.labelStudies(await data.listFiles(study));
 * const { file, location, references } = images[0];
 * [file, location, Object.keys(references)]; // ["sax_1/IM-0003-0001.dcm",0,["2-chamber","4-chamber"]]
 */
export async function labelStudies(
  files: readonly FileSource[],
  options: LabelOptions = {},
): Promise<StudyLabels> {
  const { size = defaultSize } = options;
  checkGrid(size, options.spacingMm ?? defaultSpacingMm);
  const plan = await planStudies(files, options);
  const { targetView, referenceViews, targets, skipped, notices, outcomes, ignored } = plan;
  const { spacingMm = usualSpacingMm(targetView, size) } = options;
  const images = targets.map((t) => imageLabel(t, targetView, referenceViews, [size, spacingMm]));
  const series = seriesRows(outcomes);
  return { targetView, referenceViews, size, spacingMm, images, skipped, notices, series, ignored };
}
