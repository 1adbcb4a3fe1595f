/** @file Fits a plane to the lines that were found in the slices of a stack; slices that contradict the others do not count. */
import { PlanningError } from '../base/errors.ts';
import { median } from '../base/statistics.ts';
import type { Reason } from '../data/types.ts';
import { add, normalize, scale } from '../data/vector.ts';
import { fewestSlices, fromStack, type StackAxes, stackAxes } from './axes.ts';
import { disagreementMm, evidenceOf, type LineSlice, type SliceEvidence } from './evidence.ts';
import { nearestPlane, type StackPlane } from './leastsquares.ts';
import type { Plane, PlaneError } from './plane.ts';
import { spreadOf, steadied } from './uncertainty.ts';

/** What became of a slice. */
export interface SliceOutcome {
  /** Share of its own weight with which it counts, 0 … 1. */
  readonly weight: number;
  /** How far its lines are from the plane, root mean square over 60 mm of line, mm; null without lines. */
  readonly disagreementMm: number | null;
  /** Why it does not count; absent where it does. */
  readonly reason?: Reason;
}

export interface PlaneFit {
  /** Its point is in the middle of the slices that count, near the middle of their images. */
  readonly plane: Plane;
  /**
   * Standard error: over slices (jackknife, each left out in turn), and over looks at the slices (their standard
   * deviation, for their errors are not independent), added as variances. What all get wrong alike is not in it.
   */
  readonly uncertainty: PlaneError;
  /** In the order of the slices. */
  readonly slices: readonly SliceOutcome[];
}

/** Tukey's constant: 95 % efficient where errors are normal. */
const TUKEY = 4.685;

/** Slices are not expected to agree better than this, mm, or in a stack of exact lines rounding would decide. */
const LEAST_SCALE_MM = 1.5;

const ROUNDS = 50;

/** Makes a median of absolute deviations a standard deviation. */
const NORMAL_MEDIAN = 1.4826;

/** Of all planes through the lines of two slices the one with the least median disagreement, which half of the slices may spoil. */
function startOf(evidence: readonly SliceEvidence[]): { plane: StackPlane; scaleMm: number } | null {
  let best: { plane: StackPlane; medianMm: number } | null = null;
  for (const [i, first] of evidence.entries())
    for (const second of evidence.slice(i + 1)) {
      const plane = nearestPlane([...first, ...second]);
      if (!plane) continue;
      const medianMm = median(evidence.map((own) => disagreementMm(own, plane)))!;
      if (!best || medianMm < best.medianMm) best = { plane, medianMm };
    }
  return best && { plane: best.plane, scaleMm: Math.max(LEAST_SCALE_MM, NORMAL_MEDIAN * best.medianMm) };
}

const weigh = (evidence: SliceEvidence, factor: number): SliceEvidence =>
  evidence.map((point) => ({ ...point, weight: point.weight * factor }));

/** Tukey's biweight of each slice's disagreement. */
const biweights = (evidence: readonly SliceEvidence[], plane: StackPlane, scaleMm: number): number[] =>
  evidence.map((own) => Math.max(0, 1 - (disagreementMm(own, plane) / (TUKEY * scaleMm)) ** 2) ** 2);

/** Iteratively reweighted least squares from the start, with its scale. */
function refine(evidence: readonly SliceEvidence[], start: { plane: StackPlane; scaleMm: number }) {
  let { plane } = start;
  let weights = biweights(evidence, plane, start.scaleMm);
  for (let round = 0; round < ROUNDS; round++) {
    const next = nearestPlane(evidence.flatMap((own, i) => weigh(own, weights[i]!)));
    if (!next) break;
    plane = next;
    const before = weights;
    weights = biweights(evidence, plane, start.scaleMm);
    if (weights.every((weight, i) => Math.abs(weight - before[i]!) < 1e-9)) break;
  }
  return { plane, weights };
}

/** A plane of the stack's coordinates in the patient. */
export function inPatient({ angle, offset, slope, pivot }: StackPlane, axes: StackAxes): Plane {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const across = add(scale(axes.x, c), add(scale(axes.y, s), scale(axes.z, -slope)));
  return { point: fromStack(axes, [c * offset, s * offset, pivot]), normal: normalize(across) };
}

const noLine: Reason = { code: 'NO_LINE', message: 'No line of this plane was found in the slice.' };
const outlier = (mm: number, scaleMm: number): Reason => ({
  code: 'OUTLIER',
  message: `Its line is ${mm.toFixed(1)} mm from the plane of the other slices, beyond ${(TUKEY * scaleMm).toFixed(1)} mm.`,
});

function expectEnough(count: number, all: number, code: string, what: string): void {
  if (count >= fewestSlices) return;
  const message = `${what} ${count} of ${all} slices; a plane needs ${fewestSlices} at least. The weights may be of other images, or the stack may miss the organ.`;
  throw new PlanningError(code, message);
}

/**
 * Fits m·(P − q) = 0 to points of all slices' lines. Starting from the best plane through two slices (least median
 * disagreement, all pairs tried, so nothing is drawn), slices are reweighted by Tukey's biweight; what is beyond its
 * reach is refused. The tilt against the slices is then drawn towards the perpendicular as far as it is uncertain.
 * @throws PlanningError FEW_SLICES or NOT_PARALLEL (`stackAxes`); FEW_LINES where too few slices show a line; NO_AGREEMENT
 * where too few agree
 */
export function fitPlane(slices: readonly LineSlice[]): PlaneFit {
  const axes = stackAxes(slices.map(({ plane }) => plane));
  const all = slices.map((slice) => evidenceOf(slice, axes));
  const evidence = all.filter((own) => own.length > 0);
  expectEnough(evidence.length, slices.length, 'FEW_LINES', 'A line was found in');
  const start = startOf(evidence);
  if (!start) throw new PlanningError('FEW_SLICES', 'All slices are at one place. Give a stack of slices.');
  const { plane, weights } = refine(evidence, start);
  const used = evidence.flatMap((own, i) => (weights[i]! > 0 ? [weigh(own, weights[i]!)] : []));
  expectEnough(used.length, slices.length, 'NO_AGREEMENT', 'One plane fits the lines of only');
  const { plane: steady, withoutSlice, ofLook } = steadied(plane, used);
  const place = (one: StackPlane): Plane => inPatient(one, axes);
  let next = 0;
  return {
    plane: place(steady),
    uncertainty: spreadOf(place(steady), withoutSlice.map(place), ofLook.map(place)),
    slices: all.map((own): SliceOutcome => {
      if (own.length === 0) return { weight: 0, disagreementMm: null, reason: noLine };
      const weight = weights[next++]!;
      const mm = disagreementMm(own, steady);
      return {
        weight,
        disagreementMm: mm,
        ...(weight === 0 && { reason: outlier(disagreementMm(own, plane), start.scaleMm) }),
      };
    }),
  };
}
