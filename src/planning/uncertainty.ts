/** @file How sure a fitted plane is, by leaving out slices; and its tilt, as far as the slices tell it. */
import { groupBy } from '../data/lists.ts';
import type { SliceEvidence } from './evidence.ts';
import { nearestPlane, type StackPlane } from './leastsquares.ts';
import { type Plane, type PlaneError, planeAngleDeg, planeDistanceMm } from './plane.ts';

/**
 * How far a planned plane is expected off the perpendicular to its stack: views are planned across each other, within a
 * few degrees.
 */
const USUAL_TILT = Math.tan((3 * Math.PI) / 180);

const sumOfSquares = (values: readonly number[]): number => values.reduce((sum, v) => sum + v * v, 0);

/** The jackknife's variance, of deviations from the whole. */
const overSlices = (deviations: readonly number[]): number =>
  ((deviations.length - 1) / deviations.length) * sumOfSquares(deviations);

/** Variance of looks, of deviations from the whole; one alone tells nothing. */
const overLooks = (deviations: readonly number[]): number =>
  deviations.length > 1 ? sumOfSquares(deviations) / (deviations.length - 1) : 0;

/** The slope of a plane as its twin has it that faces the other way. */
const slopeAlong = (plane: StackPlane, other: StackPlane): number =>
  Math.cos(plane.angle - other.angle) < 0 ? -plane.slope : plane.slope;

/** A plane, and what it would be by less. */
export interface Steadied {
  readonly plane: StackPlane;
  /** Each without one slice. */
  readonly withoutSlice: readonly StackPlane[];
  /** Each by one look alone. */
  readonly ofLook: readonly StackPlane[];
}

/**
 * The plane with its slope drawn to 0 (perpendicular to the slices) as far as it is uncertain, and so those by less. The
 * factor is τ²/(τ² + error²), of which τ is the usual tilt, or the tilt itself beyond its error: what the slices are sure
 * of stays. The offset at the pivot stays too.
 */
export function steadied(plane: StackPlane, used: readonly SliceEvidence[]): Steadied {
  const withoutSlice = used.flatMap(
    (_, left) => nearestPlane(used.filter((_, i) => i !== left).flat()) ?? [],
  );
  const looks = groupBy(used.flat(), ({ look }) => String(look));
  const ofLook = [...looks.values()].flatMap((own) => nearestPlane(own) ?? []);
  const deviation = (other: StackPlane): number => slopeAlong(other, plane) - plane.slope;
  const error = overSlices(withoutSlice.map(deviation)) + overLooks(ofLook.map(deviation));
  const usual = Math.max(USUAL_TILT ** 2, plane.slope ** 2 - error);
  const factor = usual / (usual + error);
  const steady = (one: StackPlane): StackPlane => ({ ...one, slope: one.slope * factor });
  return { plane: steady(plane), withoutSlice: withoutSlice.map(steady), ofLook: ofLook.map(steady) };
}

/** Standard error of a plane: angle between normals, and distance at the plane's point. */
export function spreadOf(plane: Plane, withoutSlice: readonly Plane[], ofLook: readonly Plane[]): PlaneError {
  const error = (deviation: (other: Plane) => number): number =>
    Math.sqrt(overSlices(withoutSlice.map(deviation)) + overLooks(ofLook.map(deviation)));
  return {
    angleDeg: error((other) => planeAngleDeg(plane, other)),
    distanceMm: error((other) => planeDistanceMm(other, plane.point)),
  };
}

/** A plane with a known error, beside what was said of it. */
export interface KnownError {
  readonly error: PlaneError;
  readonly uncertainty: PlaneError;
}

/** Standard error of a planned plane. */
export interface PlannedUncertainty extends PlaneError {
  /** Whether the weights know what planes are off by beyond what fits say; without it this is too small. */
  readonly complete: boolean;
}

/** Of how many planes at least a root mean square tells something. */
const FEWEST_PLANES = 5;

const errorBy = (of: (key: keyof PlaneError) => number): PlaneError => ({
  angleDeg: of('angleDeg'),
  distanceMm: of('distanceMm'),
});

/**
 * What the errors of planes have beyond what was said of them: the root of the mean square error less the mean square
 * uncertainty, 0 where nothing is beyond. All slices of a stack share it, so that leaving some out cannot show it. Null of
 * fewer than five planes.
 */
export function sharedError(planes: readonly KnownError[]): PlaneError | null {
  if (planes.length < FEWEST_PLANES) return null;
  const meanSquare = (of: (one: KnownError) => number): number =>
    planes.reduce((sum, one) => sum + of(one) ** 2, 0) / planes.length;
  return errorBy((key) =>
    Math.sqrt(
      Math.max(0, meanSquare(({ error }) => error[key]) - meanSquare(({ uncertainty }) => uncertainty[key])),
    ),
  );
}

/** Standard errors of independent causes, together. */
export const together = (one: PlaneError, other: PlaneError): PlaneError =>
  errorBy((key) => Math.hypot(one[key], other[key]));
