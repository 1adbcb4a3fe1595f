/** @file Slices put together again: the stack of a subject's heart at one phase, as a volume on the prepared grid. */

import { groupBy } from '../../data/lists.ts';
import type { Sample } from '../../data/sample.ts';
import { locationToleranceMm, sameOrientation, stackPositions } from '../../data/stackgeometry.ts';
import { UNKNOWN } from '../../data/types.ts';
import type { VoxelGrid } from '../../results/grid.ts';
import type { Grid } from '../task.ts';

/** A slice with what was answered for it; its mask knows of background. */
export interface JudgedSlice {
  readonly sample: Sample;
  /** [size, size] class numbers. */
  readonly answer: Uint8Array;
}

/** Slices of one phase of one heart. */
export interface Stack {
  readonly subject: string;
  /** The same for all phases of the heart: subject, view, study and frame of reference. */
  readonly heart: string;
  readonly phase: Sample['phase'];
  /** In order along the normal. */
  readonly slices: readonly JudgedSlice[];
  /** Place of each slice on the volume's grid; holes between them are unknown. */
  readonly places: readonly number[];
  /** mm between places; null of a single slice, and of slices that are not evenly spaced. */
  readonly stepMm: number | null;
}

/** How far a slice may lie from its place on an even grid, as a share of the step. */
const PLACE_TOLERANCE = 0.1;

/**
 * Places of sorted positions on an even grid, or null where they are not on one. Gaps are counted in the smallest of them;
 * the step is then the mean, for the smallest is too small by the headers' rounding, which would add up.
 */
function evenPlaces(positions: readonly number[]): Pick<Stack, 'places' | 'stepMm'> | null {
  const gaps = positions.slice(1).map((position, i) => position - positions[i]!);
  const smallest = Math.min(...gaps);
  if (!(smallest > locationToleranceMm)) return null;
  const places = [0];
  for (const gap of gaps) places.push(places.at(-1)! + Math.round(gap / smallest));
  const [first, last] = [positions[0]!, positions.at(-1)!];
  const stepMm = (last - first) / places.at(-1)!;
  const offsets = positions.map((position) => (position - first) / stepMm);
  const even = offsets.every((offset, i) => Math.abs(offset - places[i]!) <= PLACE_TOLERANCE);
  // of a stack of which most is missing, the step is a guess
  return even && places.at(-1)! < 2 * positions.length ? { places, stepMm } : null;
}

function stackOf(heart: string, own: readonly JudgedSlice[]): Stack {
  const [first] = own;
  const planes = own.map(({ sample }) => sample.plane);
  const positions = stackPositions(planes);
  const order = [...own.keys()].sort((a, b) => positions[a]! - positions[b]!);
  const parallel = planes.every((plane) => sameOrientation(plane, planes[0]!));
  const spaced = parallel && own.length > 1 ? evenPlaces(order.map((i) => positions[i]!)) : null;
  const { subject, phase } = first!.sample;
  const slices = order.map((i) => own[i]!);
  return { subject, heart, phase, slices, ...(spaced ?? { places: [...own.keys()], stepMm: null }) };
}

/** The slices by heart and frame. */
export function stacksOf(slices: readonly JudgedSlice[]): Stack[] {
  const heartOf = ({ subject, space, view }: Sample): string =>
    JSON.stringify([subject, space ?? null, view]);
  const byHeart = groupBy(slices, ({ sample }) => heartOf(sample));
  return [...byHeart].flatMap(([heart, own]) =>
    [...groupBy(own, ({ sample }) => String(sample.frame)).values()].map((phase) => stackOf(heart, phase)),
  );
}

/** A class map of a stack and the true one, [slices, rows, columns]; what is not known is UNKNOWN in both. */
export interface Volume {
  readonly answer: Uint8Array;
  readonly truth: Uint8Array;
  readonly grid: VoxelGrid;
}

/** @param answerOf what is measured: the network's answer or another */
export function volumeOf(
  { slices, places, stepMm }: Stack,
  answerOf: (slice: JudgedSlice) => Uint8Array,
  { size, spacingMm }: Grid,
): Volume {
  const area = size * size;
  const depth = places.at(-1)! + 1;
  const truth = new Uint8Array(depth * area).fill(UNKNOWN);
  const answer = truth.slice();
  for (const [i, slice] of slices.entries()) {
    const [own, mask, first] = [answerOf(slice), slice.sample.mask()!, places[i]! * area];
    truth.set(mask, first);
    for (let k = 0; k < area; k++) if (mask[k] !== UNKNOWN) answer[first + k] = own[k]!;
  }
  // a single slice has no step, and no distance along it
  const grid = {
    shape: [depth, size, size],
    spacingMm: [stepMm ?? spacingMm, spacingMm, spacingMm],
  } as const;
  return { answer, truth, grid };
}
