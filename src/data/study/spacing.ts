/** @file Where parallel slices lie along their stack, which are one slice, and whether they are evenly spaced. */

import type { ScannedImage } from '../scan.ts';
import { locationToleranceMm, stackPositions } from '../stackgeometry.ts';

/** Images at one place along a stack. */
export interface Place {
  readonly positionMm: number;
  readonly images: ScannedImage[];
}

/** A share of the slice distance by which the images of one slice may differ: breathing, rounding. */
const jitterShare = 0.25;

/** How much larger the steps between slices must be than the differences within one, where no header tells the step. */
const clearJump = 5;

/** Without a slice thickness, differences above this are never jitter, mm. */
const mostJitterMm = 1;

/** The largest difference that still is one slice, from the gaps alone: below the clearest jump in their sizes. */
function jitterOf(gaps: readonly number[]): number {
  const sorted = gaps.filter((gap) => gap > locationToleranceMm).sort((a, b) => a - b);
  for (let i = sorted.length - 1; i > 0; i--)
    if (sorted[i]! >= clearJump * sorted[i - 1]! && sorted[i - 1]! < mostJitterMm) return sorted[i - 1]!;
  return locationToleranceMm;
}

function grouped(images: readonly ScannedImage[], positions: readonly number[], tolerance: number): Place[] {
  const order = positions.map((_, i) => i).sort((a, b) => positions[a]! - positions[b]!);
  const places: Place[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const i of order) {
    if (positions[i]! - last > tolerance) places.push({ positionMm: positions[i]!, images: [] });
    places.at(-1)!.images.push(images[i]!);
    last = positions[i]!;
  }
  return places;
}

const extentOf = ({ images }: Place, position: ReadonlyMap<ScannedImage, number>): number => {
  const own = images.map((image) => position.get(image)!);
  return Math.max(...own) - Math.min(...own);
};

/**
 * Parallel images by slice, base to apex (`stackDirection`). Images that differ by less than a quarter of the slice
 * thickness or spacing are one slice; where headers do not say it, or the images contradict it, by their own gaps.
 */
export function placesOf(images: readonly ScannedImage[]): Place[] {
  const positions = stackPositions(images.map(({ header }) => header.plane));
  const sorted = positions.toSorted((a, b) => a - b);
  const gaps = sorted.slice(1).map((position, i) => position - sorted[i]!);
  const steps = images.flatMap(({ header }) => header.sliceStepMm ?? []);
  const step = steps.length > 0 ? steps.reduce((a, b) => Math.min(a, b)) : null;
  if (step !== null) {
    const places = grouped(images, positions, Math.max(locationToleranceMm, jitterShare * step));
    const position = new Map(images.map((image, i) => [image, positions[i]!]));
    if (places.every((place) => extentOf(place, position) <= step / 2)) return places;
  }
  return grouped(images, positions, isOneSlice(images, sorted) ? 2 * mostJitterMm : jitterOf(gaps));
}

/** Whether images within a few tenths of a millimetre are the phases of one slice: one series, each its own phase. */
function isOneSlice(images: readonly ScannedImage[], sorted: readonly number[]): boolean {
  const phases = new Set(images.map(({ header }) => header.triggerTimeMs ?? header.temporalPosition));
  const series = new Set(images.map(({ header }) => header.seriesUid));
  const extent = sorted.at(-1)! - sorted[0]!;
  return images.length > 1 && phases.size === images.length && series.size === 1 && extent < 2 * mostJitterMm;
}

const stepsOf = (places: readonly Place[]): number[] =>
  places.slice(1).map(({ positionMm }, i) => positionMm - places[i]!.positionMm);

/** The distance between slices: the median step, mm. */
export function stepOf(places: readonly Place[]): number {
  const steps = stepsOf(places).sort((a, b) => a - b);
  return steps[Math.floor((steps.length - 1) / 2)] ?? 0;
}

/** A step may hold this many slice distances: slices can be missing. */
const mostMissing = 3;

/** By which share of the slice distance steps may be off. */
const unevenShare = 0.2;

/** Whether slices are evenly spaced, but for a missing one here and there. */
export function areEven(places: readonly Place[]): boolean {
  if (places.length < 3) return true;
  const steps = stepsOf(places);
  const step = stepOf(places);
  const slices = steps.map((own) => Math.round(own / step));
  const single = slices.filter((count) => count === 1).length;
  return (
    // Two stacks beside each other have long steps and short ones in turn.
    (steps.length < 3 || 3 * single >= 2 * steps.length) &&
    slices.every((count, i) => {
      const off = Math.abs(steps[i]! - count * step);
      return count >= 1 && count <= mostMissing && off <= unevenShare * step;
    })
  );
}

/** By which share of the slice distance a slice may be off the grid of others and still be theirs. */
const gridShare = 0.02;

/** Whether slices fill gaps of an evenly spaced stack, or go on at its ends, exactly on its grid. */
export function fillsGrid(stack: readonly Place[], slices: readonly Place[]): boolean {
  if (stack.length < 3 || !areEven(stack)) return false;
  const step = stepOf(stack);
  const taken = new Set(
    stack.map(({ positionMm }) => Math.round((positionMm - stack[0]!.positionMm) / step)),
  );
  return slices.every(({ positionMm }) => {
    const at = (positionMm - stack[0]!.positionMm) / step;
    return Math.abs(at - Math.round(at)) <= gridShare && !taken.has(Math.round(at));
  });
}
