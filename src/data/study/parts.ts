/** @file Which parallel images were acquired together as a stack, and which beside it: again, or as something else. */

import { groupBy } from '../lists.ts';
import { type LeftOut, type ScannedImage, seriesOf } from '../scan.ts';
import type { Reason } from '../types.ts';
import { inAcquisitionOrder, wholeOf } from './order.ts';
import { acquiredAgain } from './passes.ts';
import { areEven, fillsGrid, type Place, placesOf, stepOf } from './spacing.ts';

type Images = readonly ScannedImage[];

const isEven = (images: Images): boolean => areEven(placesOf(images));
const isWhole = (images: Images): boolean => placesOf(images).length > 1;

/** Whether images lie where others do. */
const coincide = (images: Images, others: Images): boolean =>
  placesOf([...others, ...images]).length === placesOf(others).length;

/** Images of each place of a series, the median. */
function depthOf(series: Images): number {
  const counts = placesOf(series).map(({ images }) => images.length);
  return counts.sort((a, b) => a - b)[Math.floor((counts.length - 1) / 2)]!;
}

/**
 * Series of one kind: those with twice as many images a slice are of another (cine, perfusion, late enhancement). First
 * the kind with most slices, of equals the one with most images.
 */
function kindsOf(group: Images): Images[][] {
  const series = [...groupBy(group, seriesOf).values()].map((images) => ({ images, depth: depthOf(images) }));
  const kinds: { images: Images[]; depth: number }[] = [];
  for (const { images, depth } of series.sort((a, b) => a.depth - b.depth)) {
    const kind = kinds.at(-1);
    if (kind && depth < 2 * kind.depth) kind.images.push(images);
    else kinds.push({ images: [images], depth });
  }
  const slices = ({ images }: { images: Images[] }): number => placesOf(images.flat()).length;
  return kinds.sort((a, b) => slices(b) - slices(a) || b.depth - a.depth).map(({ images }) => images);
}

/** Series of several slices, those joined that are evenly spaced together. */
function joined(series: readonly Images[]): ScannedImage[][] {
  const stacks: ScannedImage[][] = [];
  for (const own of series.toSorted((a, b) => placesOf(b).length - placesOf(a).length)) {
    const stack = stacks.find((other) => isEven([...other, ...own]));
    if (stack) stack.push(...own);
    else stacks.push([...own]);
  }
  return stacks;
}

/** Series of one slice each, in runs that were acquired one after the other and are evenly spaced; null where they are not. */
function runsOf(single: readonly Images[]): Images[] | null {
  const runs: ScannedImage[][] = [];
  for (const own of inAcquisitionOrder(single)) {
    const run = runs.at(-1);
    if (run && isEven([...run, ...own])) run.push(...own);
    else runs.push([...own]);
  }
  return runs.every((run) => placesOf(run).length > 2) ? runs : null;
}

/** At most this share of slices may lie astray between evenly spaced ones. */
const mostAstray = 0.25;

/** Slices without those that lie astray between the others, and these; null where the rest is uneven all the same. */
function withoutStrays(images: Images): Images[] | null {
  let places = placesOf(images);
  const strays: Images[] = [];
  const most = Math.floor(mostAstray * places.length);
  while (strays.length < most && !areEven(places)) {
    const gaps = places.slice(1).map(({ positionMm }, i) => positionMm - places[i]!.positionMm);
    const at = gaps.indexOf(Math.min(...gaps));
    const inner = [at, at + 1].filter((i) => i > 0 && i < places.length - 1);
    const fewest = inner.sort((a, b) => places[a]!.images.length - places[b]!.images.length);
    const stray = fewest.find((i) => areEven(places.filter((_, j) => j !== i))) ?? fewest[0];
    if (stray === undefined) return null;
    strays.push(places[stray]!.images);
    places = places.filter((_, i) => i !== stray);
  }
  return areEven(places) && strays.length > 0 ? [places.flatMap((place) => place.images), ...strays] : null;
}

/** Series of one slice each beside stacks: slices of these, a stack of their own, or astray. */
function placeSingles(single: readonly Images[], stacks: ScannedImage[][]): Images[] {
  const together = single.flat();
  const home = stacks.find((stack) => isEven([...stack, ...together]));
  if (home) home.push(...together);
  if (home || single.length === 0) return [];
  if (placesOf(together).length > 2 && isEven(together)) return [together];
  return single.filter((own) => {
    const stack = stacks.find((other) => coincide(own, other) || fillsGrid(placesOf(other), placesOf(own)));
    stack?.push(...own);
    return !stack;
  });
}

/** Series of one kind, as stacks. */
function stacksOf(series: readonly Images[]): Images[] {
  const all = series.flat();
  if (isEven(all)) return [all];
  const stacks = joined(series.filter(isWhole));
  const single = series.filter((own) => !isWhole(own));
  if (stacks.length > 0) return [...stacks, ...placeSingles(single, stacks)];
  return runsOf(single) ?? withoutStrays(all) ?? [all];
}

const repeated = (kept: Images): Reason => ({ code: 'REPEATED_SLICE', message: acquiredAgain(kept[0]!) });

const astray = (kept: Images): Reason => ({
  code: 'STRAY_SLICE',
  message: `It lies between the evenly spaced slices of ${kept[0]!.source.path} and is none of them.`,
});

/** Whether series that differ in phases are one stack for all that: each slice is of one, and only all are evenly spaced. */
const areOneStack = (group: Images, main: Images): boolean =>
  !isEven(main) &&
  isEven(group) &&
  placesOf(group).every(({ images }) => new Set(images.map(seriesOf)).size === 1);

function leave(images: Images, reason: Reason, left: LeftOut): void {
  for (const image of images) left.set(image, reason);
}

/**
 * Series of other kinds than the stacks': those that lie where these do are left; a slice that fills a gap joins them, and
 * one of a series of its own that goes on at an end; others are stacks of their own.
 */
function placeOthers(series: readonly Images[], stacks: Images[], left: LeftOut): Images[] {
  const rest = series.filter((own) => {
    const places = placesOf(own);
    const shared = (stack: Images): number =>
      places.filter(({ images }) => coincide(images, stack)).length / places.length;
    const again = stacks.find((stack) => shared(stack) >= 0.5);
    const home = stacks.findIndex((stack) => fills(placesOf(stack), places));
    if (again) leave(own, repeated(again), left);
    else if (home >= 0) stacks[home] = [...stacks[home]!, ...own];
    return !again && home < 0;
  });
  return rest.length > 0 ? stacksOf(rest) : [];
}

/** Whether slices fill gaps of a stack, or a single one goes on at an end. */
function fills(stack: readonly Place[], slices: readonly Place[]): boolean {
  const [low, high] = endsOf(stack);
  const inside = slices.every(({ positionMm }) => positionMm > low && positionMm < high);
  return (inside || slices.length === 1) && fillsGrid(stack, slices);
}

/** How alike the steps of two stacks are that are one stack acquired again. */
const alikeShare = 0.2;

const endsOf = (places: readonly Place[]): [number, number] => [
  places[0]!.positionMm,
  places.at(-1)!.positionMm,
];

/** Whether two stacks cover the same part of the heart in the same steps, or a slice lies among those of a stack. */
function overlap(stack: readonly Place[], other: readonly Place[]): boolean {
  if (stack.length < 3 || !areEven(stack)) return false;
  const [[low, high], [from, to]] = [endsOf(stack), endsOf(other)];
  const shared = Math.min(high, to) - Math.max(low, from);
  if (other.length === 1) return shared >= 0;
  const [one, two] = [stepOf(stack), stepOf(other)];
  return (
    areEven(other) && Math.abs(one - two) <= alikeShare * one && 2 * shared > Math.min(high - low, to - from)
  );
}

/** Stacks without those acquired again: of one kind the last counts, of several the first. */
function withoutRepeats(kinds: readonly (readonly Images[])[], left: LeftOut): Images[] {
  const kept: Images[] = [];
  for (const stacks of kinds) {
    for (const own of byPrecedence(stacks)) {
      const stack = kept.find((other) => overlap(placesOf(other), placesOf(own)));
      if (stack) leave(own, isWhole(own) ? repeated(stack) : astray(stack), left);
      else kept.push(own);
    }
  }
  return kept;
}

/** Stacks before single slices, whole ones before those broken off, the latest first. */
function byPrecedence(stacks: readonly Images[]): Images[] {
  const whole = new Set(wholeOf(stacks));
  const claim = (stack: Images): number => 2 * Number(isWhole(stack)) + Number(whole.has(stack));
  return inAcquisitionOrder(stacks)
    .reverse()
    .sort((a, b) => claim(b) - claim(a));
}

/**
 * Parallel images of one study and frame of reference as stacks, each by slice. Evenly spaced slices are one stack in
 * whichever series they came; of a stack acquired again, a little aside, the last counts; images that lie where a stack's
 * do with far more or fewer a slice are something else. What is none of these goes to `left` with the reason.
 */
export function partsOf(group: Images, left: LeftOut): Place[][] {
  const [main, ...others] = kindsOf(group);
  if (areOneStack(group, main!.flat())) return [placesOf(group)];
  const first = stacksOf(main!);
  const kinds: Images[][] = [first];
  for (const series of others) kinds.push(placeOthers(series, first, left));
  const order = new Map(group.map((image, i) => [image, i]));
  const begin = (stack: Images): number => Math.min(...stack.map((image) => order.get(image)!));
  return withoutRepeats(kinds, left)
    .sort((a, b) => begin(a) - begin(b))
    .map(placesOf);
}
