/** @file One image a slice and phase: of all images at one place, those of the wanted acquisition. */

import { groupBy } from '../lists.ts';
import { type LeftOut, type ScannedImage, seriesOf } from '../scan.ts';
import type { Reason } from '../types.ts';
import { acquisitionOrder, inPhaseOrder, madeAt, wantedOf, wholeOf } from './order.ts';

/** Phases of one acquisition follow each other within this; acquisitions are breath-holds apart, s. */
const pauseSeconds = 5;

/** Trigger times of two single images closer than this are one phase of two acquisitions, ms. */
const samePhaseMs = 50;

type Images = readonly ScannedImage[];

/** Trigger times, or temporal positions; null where all are equal and so say nothing. */
function phasesOf(images: Images): (number | null)[] {
  const of = (key: 'triggerTimeMs' | 'temporalPosition'): (number | null)[] =>
    images.map(({ header }) => header[key]);
  const telling = [of('triggerTimeMs'), of('temporalPosition')].find((values) => new Set(values).size > 1);
  return telling ?? images.map(() => null);
}

/** More single images than this are a series in time, not one acquired again and again. */
const mostAgain = 3;

/** Whether single images are the phases of one acquisition: each has a phase, or at least a number, of its own. */
function arePhases(groups: readonly Images[]): boolean {
  if (groups.some((group) => group.length > 1)) return false;
  const phases = phasesOf(groups.flat());
  const numbers = new Set(groups.flatMap(([image]) => image!.header.instanceNumber ?? []));
  if (phases.includes(null)) return groups.length > mostAgain && numbers.size === groups.length;
  const sorted = (phases as number[]).toSorted((a, b) => a - b);
  const series = new Set(groups.flat().map(seriesOf)).size;
  if (series === 1 || groups.length > 2) return new Set(sorted).size === sorted.length;
  return sorted[1]! - sorted[0]! > samePhaseMs;
}

/** Whether groups follow each other in the heart's cycle, as parts of one acquisition do. */
function areParts(groups: readonly Images[]): boolean {
  const all = groups.flat();
  const phases = phasesOf(all);
  if (phases.includes(null)) return false;
  const phase = new Map(all.map((image, i) => [image, phases[i]!]));
  const ranges = groups.map((group) => {
    const own = group.map((image) => phase.get(image)!);
    return [Math.min(...own), Math.max(...own)] as const;
  });
  ranges.sort(([a], [b]) => a - b);
  return ranges.every(([low], i) => i === 0 || low > ranges[i - 1]![1]);
}

/** Groups of images made without a pause between them. */
function byPause(images: Images): Images[] {
  const time = madeAt(images, 'acquired');
  if (images.some((image) => time(image) === null)) return [images];
  const groups: ScannedImage[][] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const image of images.toSorted((a, b) => time(a)! - time(b)!)) {
    if (time(image)! - last > pauseSeconds) groups.push([]);
    groups.at(-1)!.push(image);
    last = time(image)!;
  }
  return groups;
}

/** Runs in the order of InstanceNumber in which the phases do not fall; null where images lack either. */
function cyclesOf(images: Images): ScannedImage[][] | null {
  const phases = phasesOf(images);
  const phase = new Map(images.map((image, i) => [image, phases[i]!]));
  const numbers = images.map(({ header }) => header.instanceNumber);
  if (phases.includes(null) || numbers.includes(null) || new Set(numbers).size < numbers.length) return null;
  const cycles: ScannedImage[][] = [];
  let last = Number.POSITIVE_INFINITY;
  for (const image of images.toSorted((a, b) => a.header.instanceNumber! - b.header.instanceNumber!)) {
    if (phase.get(image)! < last) cycles.push([]);
    cycles.at(-1)!.push(image);
    last = phase.get(image)!;
  }
  return cycles;
}

/** How far one step from phase to phase is from another within one acquisition, as a share; and rounding, ms. */
const alikeShare = 0.05;
const roundedMs = 1;

/** Whether all phases together are evenly spaced in the heart's cycle, as those of one acquisition are. */
function areEvenlyTimed(images: Images): boolean {
  const phases = (phasesOf(images) as number[]).toSorted((a, b) => a - b);
  const steps = phases.slice(1).map((phase, i) => phase - phases[i]!);
  const [least, most] = [Math.min(...steps), Math.max(...steps)];
  return least > 2 * roundedMs && most - least <= alikeShare * most + roundedMs;
}

/** Groups of images in each of which the heart beats once. */
function byCycle(images: Images): Images[] {
  const cycles = cyclesOf(images);
  // Numbers that run through every second phase, then through the others, are of one cycle.
  if (cycles === null || areEvenlyTimed(images)) return [images];
  // Images numbered in another order than that of their phases have no cycles.
  const few = cycles.length <= mostAgain && wholeOf(cycles).length === cycles.length;
  return few ? cycles : [images];
}

/** Groups by what image this is of those with the same phase or number: the first ones, the second ones. */
function byRank(images: Images): Images[] {
  // One cycle whose neighbours share phases is one acquisition: views are shared, or times rounded.
  if (cyclesOf(images)?.length === 1) return [images];
  const phases = phasesOf(images);
  const numbered = images.map((image, i) => ({ image, number: phases[i] ?? image.header.instanceNumber }));
  if (numbered.some(({ number }) => number === null)) return [images];
  const groups: ScannedImage[][] = [];
  for (const alike of groupBy(numbered, ({ number }) => String(number)).values())
    for (const [rank, image] of alike
      .map((own) => own.image)
      .sort(acquisitionOrder(images))
      .entries()) {
      groups[rank] ??= [];
      groups[rank].push(image);
    }
  // A phase that stands twice among many is a number that was rounded.
  return (groups[1]?.length ?? 0) * 2 < groups[0]!.length ? [images] : groups;
}

/** A way in which images at one place can differ in more than their phase. */
interface Difference {
  readonly groups: (images: Images) => Images[];
  readonly wanted: (groups: readonly Images[], usual: number) => Images;
  /** Whether the header says outright that these are no phases. */
  readonly outright?: boolean;
  readonly code: string;
  readonly message: (kept: ScannedImage) => string;
}

const by =
  (key: (image: ScannedImage) => string | number | null) =>
  (images: Images): Images[] => [...groupBy(images, (image) => String(key(image))).values()];

/** The group with the lowest value, unless it lacks most images. */
const lowest =
  (key: (image: ScannedImage) => number) =>
  (groups: readonly Images[], usual: number): Images =>
    wholeOf(groups, usual).reduce((best, next) => (key(next[0]!) < key(best[0]!) ? next : best));

const echoNumber = ({ header }: ScannedImage): number => header.echoNumber ?? 0;
const echoTime = ({ header }: ScannedImage): number => header.echoTimeMs ?? 0;

/** How much longer a second echo is than a first; less is another setting of the same sequence. */
const echoRatio = 2;

/** Groups by echo time, where these are echoes of one acquisition. */
function byEchoTime(images: Images): Images[] {
  const groups = by(echoTime)(images).sort((a, b) => echoTime(a[0]!) - echoTime(b[0]!));
  const times = groups.map(([image]) => echoTime(image!));
  const apart = times.every((time, i) => i === 0 || time >= echoRatio * times[i - 1]!);
  return apart && times[0]! > 0 && byPause(images).length === 1 ? groups : [images];
}

const derived = ({ header }: ScannedImage): number => Number(header.imageType[0] === 'DERIVED');

const otherEcho = (kept: ScannedImage): string =>
  `It is of another echo; ${kept.source.path}, of the first, is used.`;

/** What is said of an image whose slice was acquired again. */
export const acquiredAgain = (kept: ScannedImage): string =>
  `The same slice was acquired again; ${kept.source.path} and its series are used.`;

const repeated = (groups: Difference['groups']): Difference => ({
  groups,
  wanted: wantedOf,
  code: 'REPEATED_SLICE',
  message: acquiredAgain,
});

const differences: readonly Difference[] = [
  {
    groups: by(echoNumber),
    wanted: lowest(echoNumber),
    outright: true,
    code: 'OTHER_ECHO',
    message: otherEcho,
  },
  { groups: byEchoTime, wanted: lowest(echoTime), code: 'OTHER_ECHO', message: otherEcho },
  {
    groups: by(derived),
    wanted: lowest(derived),
    outright: true,
    code: 'DERIVED_IMAGE',
    message: (kept) =>
      `It is derived from other images (ImageType); ${kept.source.path}, an original, is used.`,
  },
  repeated(by(seriesOf)),
  repeated(by(({ header }) => header.acquisitionNumber)),
  repeated(byPause),
  repeated(byCycle),
  repeated(byRank),
];

/** Images of one series at one place, as they usually are in a stack: the median over places and series. */
export function usualCount(places: readonly { readonly images: Images }[]): number {
  const counts = places.flatMap(({ images }) => by(seriesOf)(images).map(({ length }) => length));
  return counts.sort((a, b) => a - b)[Math.floor((counts.length - 1) / 2)] ?? 0;
}

/**
 * The images to use of those at one place, in the order of their phases; the others go to `left` with the reason:
 * of several echoes the first, of original and derived the original, of repeated acquisitions the latest.
 * @param usual see `usualCount`
 */
export function onePass(images: Images, usual: number, left: LeftOut): ScannedImage[] {
  let kept = images;
  for (const { groups, wanted, outright, code, message } of differences) {
    const found = groups(kept);
    if (found.length < 2 || (!outright && (arePhases(found) || areParts(found)))) continue;
    const chosen = wanted(found, usual);
    const reason: Reason = { code, message: message(chosen[0]!) };
    for (const image of found.filter((group) => group !== chosen).flat()) left.set(image, reason);
    kept = chosen;
  }
  return inPhaseOrder(kept);
}
