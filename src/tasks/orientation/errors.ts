/** @file Errors of predicted lines in degrees and millimetres, beside those of the mean line. */
import { mean, median } from '../../base/statistics.ts';
import { lineAngleDeg, lineOffsetMm } from '../../data/affine.ts';
import type { Line } from '../../data/types.ts';
import type { Grid } from '../task.ts';
import { crossesImage, type Point, referencePoint } from './baseline.ts';

/** Line errors of one image and view. */
export interface LineError {
  readonly angleDeg: number;
  readonly offsetMm: number;
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

/** An image's true lines and the fitted ones, by reference view. */
export interface FittedImage {
  readonly subject: string;
  readonly truth: readonly (Line | null)[];
  readonly fitted: readonly (Line | null)[];
}

export function lineError(predicted: Line, truth: Line, point: Point, spacingMm: number): LineError {
  return {
    angleDeg: lineAngleDeg(predicted, truth),
    offsetMm: lineOffsetMm(predicted, truth, point, spacingMm),
  };
}

/** How far an image's fitted lines are from the true ones; null where one of both is missing. */
export function lineErrors(
  { truth, fitted }: Omit<FittedImage, 'subject'>,
  { size, spacingMm }: Grid,
): (LineError | null)[] {
  const point = referencePoint(truth, size);
  return fitted.map((line, view) => {
    const other = truth[view];
    return line && other ? lineError(line, other, point, spacingMm) : null;
  });
}

/** The answer's and the trivial answer's error in one image. */
interface Scored {
  readonly subject: string;
  readonly missing: boolean;
  readonly ours: LineError | null;
  readonly trivial: LineError | null;
}

function scored(image: FittedImage, view: number, trivial: Line | null, { size, spacingMm }: Grid): Scored[] {
  const truth = image.truth[view];
  if (!truth || !crossesImage(truth, size)) return [];
  const point = referencePoint(image.truth, size);
  const line = image.fitted[view] ?? null;
  const errorOf = (answer: Line | null): LineError | null =>
    answer && lineError(answer, truth, point, spacingMm);
  return [
    { subject: image.subject, missing: !line, ours: errorOf(line ?? trivial), trivial: errorOf(trivial) },
  ];
}

function summarize(errors: readonly (LineError | null)[]) {
  const known = errors.filter((error) => error !== null);
  const [angles, offsets] = [known.map((e) => e.angleDeg), known.map((e) => e.offsetMm)];
  return {
    angle: median(angles),
    offset: median(offsets),
    meanAngle: mean(angles),
    meanOffset: mean(offsets),
  };
}

/** Medians by subject, of subjects that have any. */
export type SubjectErrors = ReadonlyMap<string, LineError>;

function bySubject(rows: readonly Scored[]): SubjectErrors {
  const subjects = [...new Set(rows.map(({ subject }) => subject))];
  return new Map(
    subjects.flatMap((subject) => {
      const own = summarize(rows.filter((row) => row.subject === subject).map(({ ours }) => ours));
      return own.angle === null || own.offset === null
        ? []
        : [[subject, { angleDeg: own.angle, offsetMm: own.offset }] as const];
    }),
  );
}

/**
 * Scores one reference view; `measured` is how many images the numbers are over.
 * @param trivial the mean line of the training images; without one, nothing stands in where no line was found
 */
export function viewErrors(
  images: readonly FittedImage[],
  view: number,
  trivial: Line | null,
  grid: Grid,
): { errors: ViewErrors; measured: number; subjects: SubjectErrors } {
  const rows = images.flatMap((image) => scored(image, view, trivial, grid));
  const missing = rows.filter((row) => row.missing).length;
  // A network that found no line at all has no error to report; its stand-in's would look like success.
  const answered = missing < rows.length ? rows : [];
  const [ours, theirs] = [
    summarize(answered.map((row) => row.ours)),
    summarize(rows.map((row) => row.trivial)),
  ];
  const errors: ViewErrors = {
    angleDeg: ours.angle,
    offsetMm: ours.offset,
    baselineAngleDeg: theirs.angle,
    baselineOffsetMm: theirs.offset,
    meanAngleDeg: ours.meanAngle,
    meanOffsetMm: ours.meanOffset,
    baselineMeanAngleDeg: theirs.meanAngle,
    baselineMeanOffsetMm: theirs.meanOffset,
    images: rows.length,
    missing,
    unlabelled: images.length - rows.length,
  };
  const measured = answered.filter(({ ours: error }) => error !== null).length;
  return { errors, measured, subjects: bySubject(answered) };
}
