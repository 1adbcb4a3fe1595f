/** @file Errors of the planes that the lines of a whole stack tell, beside those of the mean lines. */
import { PlanningError } from '../../base/errors.ts';
import { median } from '../../base/statistics.ts';
import { plural } from '../../base/words.ts';
import { planeNormal } from '../../data/geometry.ts';
import { groupBy } from '../../data/lists.ts';
import type { Sample } from '../../data/sample.ts';
import { sameOrientation } from '../../data/stackgeometry.ts';
import type { ImagePlane, Line } from '../../data/types.ts';
import { dot } from '../../data/vector.ts';
import { fewestSlices } from '../../planning/axes.ts';
import type { FoundLine, LineSlice } from '../../planning/evidence.ts';
import { fitPlane, type PlaneFit } from '../../planning/fit.ts';
import { middleOf } from '../../planning/image.ts';
import { footOn, type PlaneError, planeAngleDeg, planeDistanceMm } from '../../planning/plane.ts';
import { sharedError } from '../../planning/uncertainty.ts';
import type { Result } from '../../results/result.ts';

/** An image with its true lines and those that were found. */
export interface StackImage extends Pick<Sample, 'subject' | 'space' | 'view' | 'plane' | 'lines'> {
  readonly found: readonly (FoundLine | null)[];
}

/** A plane of one stack. */
interface ScoredPlane {
  /** Which of the views. */
  readonly view: number;
  readonly subject: string;
  readonly missing: boolean;
  readonly ours: PlaneError | null;
  readonly trivial: PlaneError | null;
  /** What the fit says of its own error; null where there is none. */
  readonly uncertainty: PlaneError | null;
}

/** What of evaluation.json is about planes. */
export interface PlaneErrors {
  /** Medians; null where no plane was found at all, or without training images. */
  readonly angleDeg: number | null;
  readonly distanceMm: number | null;
  readonly baselineAngleDeg: number | null;
  readonly baselineDistanceMm: number | null;
  readonly stacks: number;
  /** Planes of all stacks and views. */
  readonly planes: number;
  /** Of those, planes that could not be fitted. */
  readonly missing: number;
}

export const PLANES_NOTE =
  'Planes are fitted to the lines of all slices and phases of a stack. Their angle is that between the normals; their distance is that of the predicted plane from the point of the true one in the middle of the stack, where the true planes cross.';

/** Images of parallel slices of one heart, by slice. */
function slicesOf(images: readonly StackImage[]): StackImage[][] {
  const normal = planeNormal(images[0]!.plane);
  const place = ({ plane }: StackImage): string => dot(plane.position, normal).toFixed(1);
  return [...groupBy(images, place).values()];
}

function stacksOf(images: readonly StackImage[]): StackImage[][] {
  const hearts = groupBy(images, ({ subject, space, view }) =>
    JSON.stringify([subject, space ?? null, view]),
  );
  return [...hearts.values()].flatMap((own) => {
    const groups: StackImage[][] = [];
    for (const image of own) {
      const fits = groups.find(([first]) => sameOrientation(first!.plane, image.plane));
      if (fits) fits.push(image);
      else groups.push([image]);
    }
    return groups;
  });
}

/** The plane of lines, or null where there is none. */
function planeBy(
  slices: readonly StackImage[][],
  linesOf: (image: StackImage) => FoundLine | null,
): PlaneFit | null {
  const lines = slices.map(
    (own): LineSlice => ({ plane: own[0]!.plane, lines: own.flatMap((image) => linesOf(image) ?? []) }),
  );
  try {
    return fitPlane(lines);
  } catch (error) {
    if (error instanceof PlanningError) return null;
    throw error;
  }
}

const sure = (line: Line | null | undefined): FoundLine | null => (line ? { line, weight: 1 } : null);

function scoredPlanes(images: readonly StackImage[], trivial: readonly (Line | null)[]): ScoredPlane[] {
  const slices = slicesOf(images);
  if (slices.length < fewestSlices) return [];
  const truths = trivial.map((_, view) => planeBy(slices, ({ lines }) => sure(lines[view]))?.plane);
  const planes: ImagePlane[] = slices.map(([first]) => first!.plane);
  const middle = middleOf(
    planes,
    truths.flatMap((plane) => plane ?? []),
  );
  return truths.flatMap((truth, view): ScoredPlane[] => {
    if (!truth) return [];
    const foot = footOn(truth, middle);
    const errorOf = (fit: PlaneFit | null): PlaneError | null =>
      fit && { angleDeg: planeAngleDeg(fit.plane, truth), distanceMm: planeDistanceMm(fit.plane, foot) };
    const plain = errorOf(planeBy(slices, () => sure(trivial[view])));
    const fit = planeBy(slices, ({ found }) => found[view] ?? null);
    return [
      {
        ...{ subject: images[0]!.subject, view, missing: !fit, trivial: plain },
        ...{ ours: errorOf(fit) ?? plain, uncertainty: fit?.uncertainty ?? null },
      },
    ];
  });
}

const medianOf = (errors: readonly (PlaneError | null)[], key: keyof PlaneError): number | null =>
  median(errors.flatMap((error) => error?.[key] ?? []));

function resultOf(
  rows: readonly ScoredPlane[],
  key: keyof PlaneError,
  { planes, missing, stacks }: PlaneErrors,
  words: Pick<Result, 'key' | 'title' | 'unit'>,
): Result {
  const lost = missing === planes;
  const own = groupBy(lost ? [] : rows, ({ subject }) => subject);
  const bySubject = [...own].flatMap(([subject, mine]): [string, number][] => {
    const value = medianOf(
      mine.map(({ ours }) => ours),
      key,
    );
    return value === null ? [] : [[subject, value]];
  });
  const measured = rows.filter(({ ours }) => ours !== null).length;
  const left =
    lost || measured === planes ? '' : `, without ${planes - measured} for which none could be fitted`;
  const fate = left ? 'not scored' : 'scored with that of the trivial lines';
  const standIn = lost ? '' : `; they are ${fate}`;
  return {
    ...words,
    digits: 2,
    better: 'lower',
    value: lost
      ? null
      : medianOf(
          rows.map(({ ours }) => ours),
          key,
        ),
    trivial: medianOf(
      rows.map(({ trivial }) => trivial),
      key,
    ),
    about: `median of ${plural(left ? measured : planes, 'plane')} of ${plural(stacks, 'stack')}${left}`,
    count: planes,
    missing,
    notes:
      missing > 0 && key === 'angleDeg'
        ? [`No plane could be fitted in ${missing} of ${planes} cases${standIn}.`]
        : [],
    bySubject: new Map(bySubject),
  };
}

/** What the planes of a view are off by beyond what their fits say. */
const sharedOf = (rows: readonly ScoredPlane[]): PlaneError | null =>
  sharedError(
    rows.flatMap(({ missing, ours, uncertainty }) =>
      !missing && ours && uncertainty ? [{ error: ours, uncertainty }] : [],
    ),
  );

/**
 * Scores the planes of all stacks of at least three slices; null where there is none. `shared` is, by view, what their
 * errors have beyond what the fits say of them.
 * @param trivial the mean line of each view of the training images
 */
export function planeErrors(
  images: readonly StackImage[],
  trivial: readonly (Line | null)[],
): { errors: PlaneErrors; results: Result[]; shared: (PlaneError | null)[] } | null {
  const scored = stacksOf(images).map((stack) => scoredPlanes(stack, trivial));
  const rows = scored.flat();
  if (rows.length === 0) return null;
  const missing = rows.filter((row) => row.missing).length;
  const [ours, plain] = [
    missing < rows.length ? rows.map((row) => row.ours) : [],
    rows.map((row) => row.trivial),
  ];
  const errors: PlaneErrors = {
    angleDeg: medianOf(ours, 'angleDeg'),
    distanceMm: medianOf(ours, 'distanceMm'),
    baselineAngleDeg: medianOf(plain, 'angleDeg'),
    baselineDistanceMm: medianOf(plain, 'distanceMm'),
    stacks: scored.filter((own) => own.length > 0).length,
    planes: rows.length,
    missing,
  };
  return {
    errors,
    shared: trivial.map((_, view) => sharedOf(rows.filter((row) => row.view === view))),
    results: [
      resultOf(rows, 'angleDeg', errors, {
        key: 'orientation.planeAngle',
        title: 'Planned planes, angle',
        unit: '°',
      }),
      resultOf(rows, 'distanceMm', errors, {
        key: 'orientation.planeDistance',
        title: 'Planned planes, distance',
        unit: ' mm',
      }),
    ],
  };
}
