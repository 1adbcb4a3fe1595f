/** @file Which phase of the heart's cycle an image shows, also where others of its slice are missing. */
import { median } from '../../base/statistics.ts';
import { plural, some } from '../../base/words.ts';
import type { ScannedImage } from '../scan.ts';
import type { Notice } from '../types.ts';

type Images = readonly ScannedImage[];

/** Farther than this share of a step from a phase, a time is of none. */
const OFF = 0.25;

/** A slice with fewer images than the others, and which phases it lacks, from 0. */
export interface MissingPhases {
  /** From 0, base to apex. */
  readonly slice: number;
  readonly lacks: readonly number[];
  /** Phases of the other slices. */
  readonly of: number;
}

/** The phases of a stack's images. */
export interface StackPhases {
  /** As the stack's locations: of each image its phase, from 0. */
  readonly phases: readonly (readonly number[])[];
  readonly missing: readonly MissingPhases[];
}

/** How many images most slices have; of several such counts the largest. */
function usualOf(slices: readonly Images[]): number {
  const times = new Map<number, number>();
  for (const { length } of slices) times.set(length, (times.get(length) ?? 0) + 1);
  return [...times].reduce((best, next) =>
    next[1] > best[1] || (next[1] === best[1] && next[0] > best[0]) ? next : best,
  )[0];
}

type Key = 'triggerTimeMs' | 'temporalPosition' | 'instanceNumber';

/** What headers say of images in phase order, where it rises from each to the next. */
function risingValues(images: Images, key: Key): number[] | null {
  const values = images.map(({ header }) => header[key]);
  return values.every((value, i): value is number => value !== null && (i === 0 || value > values[i - 1]!))
    ? (values as number[])
    : null;
}

const stepsOf = (values: readonly number[]): number[] =>
  values.slice(1).map((value, i) => value - values[i]!);

/** Phases of values at whole steps from where phase 0 is; null where they are at none of `count` phases. */
function atSteps(values: readonly number[], start: number, step: number, count: number): number[] | null {
  const exact = values.map((value) => (value - start) / step);
  const phases = exact.map((value) => Math.max(0, Math.round(value)));
  const fits = phases.every(
    (phase, i) => Math.abs(phase - exact[i]!) <= OFF && phase < count && (i === 0 || phase > phases[i - 1]!),
  );
  return fits ? phases : null;
}

/** By times: the step is the slice's own, for hearts beat faster in one breath-hold than in another. */
function byTime(values: readonly number[], whole: readonly (readonly number[])[]): number[] | null {
  if (values.length < 3) return null;
  const start = median(whole.map(([first]) => first!))!;
  return atSteps(values, start, median(stepsOf(values))!, whole[0]!.length);
}

/** By numbers, which rise by the same step in every whole slice; these may go on from slice to slice. */
function byNumber(values: readonly number[], whole: readonly (readonly number[])[]): number[] | null {
  const count = whole[0]!.length;
  const steps = new Set(whole.flatMap(stepsOf));
  const [step] = steps;
  if (steps.size !== 1) return null;
  const cycle = step! * count;
  const places = new Set(whole.map(([first]) => first! % cycle));
  const [first] = values as [number];
  const [place] = places;
  const start = places.size === 1 ? first - ((first - place! + cycle) % cycle) : first;
  return atSteps(values, start, step!, count);
}

const ways = [
  ['triggerTimeMs', byTime],
  ['temporalPosition', byNumber],
  ['instanceNumber', byNumber],
] as const;

/** Phases of a slice that has fewer images than whole ones; null where headers do not tell. */
function phasesIn(images: Images, whole: readonly Images[]): number[] | null {
  for (const [key, way] of ways) {
    const [own, ...others] = [images, ...whole].map((slice) => risingValues(slice, key));
    if (!own || others.includes(null)) continue;
    const found = way(own, others as number[][]);
    if (found) return found;
  }
  return null;
}

/**
 * The phases of a stack's images: in a slice with as many images as most slices their order; in one with fewer what trigger
 * times (DICOM 0018,1060), temporal positions (0020,0100) or InstanceNumbers say beside those of the whole slices, so that
 * a missing image does not make later ones pass for earlier phases. Where headers do not tell, their order.
 * @param slices the images of each, in phase order
 */
export function stackPhases(slices: readonly Images[]): StackPhases {
  const of = usualOf(slices);
  const whole = slices.filter(({ length }) => length === of);
  const missing: MissingPhases[] = [];
  const phases = slices.map((images, slice) => {
    const order = images.map((_, i) => i);
    const found = images.length < of ? phasesIn(images, whole) : null;
    if (!found) return order;
    const last = found.at(-1)!;
    const lacks = Array.from({ length: last }, (_, phase) => phase).filter((phase) => !found.includes(phase));
    if (lacks.length > 0) missing.push({ slice, lacks, of });
    return found;
  });
  return { phases, missing };
}

/** @param found by subject */
export function missingNotice(found: ReadonlyMap<string, readonly MissingPhases[]>, view: string): Notice[] {
  const [first] = found;
  if (!first) return [];
  const [subject, [{ slice, lacks, of }]] = first as [string, [MissingPhases]];
  const who = some([...found.keys()], 3);
  const which = some(
    lacks.map((phase) => String(phase + 1)),
    3,
  );
  const message = `Images of the heart's cycle are missing in ${view} slices of ${plural(found.size, 'subject')} (${who}): slice ${slice + 1} of ${subject} lacks phase ${which} of ${of}. Its other images keep their phases.`;
  return [{ code: 'MISSING_PHASES', message }];
}
