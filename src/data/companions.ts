/** @file Companions: the images beside one in its part of the data, by where they lie and when they were taken. */
import { isLazy, lazyList } from '../base/lazy.ts';
import { groupBy } from './lists.ts';
import type { Sample } from './sample.ts';
import { byOrientation, locationToleranceMm, stackPositions } from './stackgeometry.ts';

/** Images that an example may take beside the one whose turn it is. Each list is the same whenever it is asked for. */
export interface Companions {
  /** All, in stored order. */
  readonly all: readonly Sample[];
  /** Those of which `key` says the same, the image itself too, in stored order; sorted out once for each function. */
  alike(sample: Sample, key: (sample: Sample) => string | number | null): readonly Sample[];
  /**
   * The slices of its stack in its phase, itself too, from base to apex by their planes: parallel images of one subject,
   * view and space. Of images at one place the first.
   */
  stackOf(sample: Sample): readonly Sample[];
  /** Its slice in each cardiac phase, itself too, in the order of phases: images nearer to it than half a slice step. */
  phasesOf(sample: Sample): readonly Sample[];
}

/** An image and where it lies along the stack, mm. */
interface Placed {
  readonly sample: Sample;
  readonly at: number;
}

const spaceOf = ({ subject, view, space }: Sample): string => JSON.stringify([subject, view, space]);

/** Parallel images along their normal, as their slices are numbered: a right limb's run against the direction. */
function placed(samples: readonly Sample[]): Placed[] {
  const positions = stackPositions(samples.map(({ plane }) => plane));
  const along = samples.map((sample, i) => ({ sample, at: positions[i]! })).sort((a, b) => a.at - b.at);
  const steps = along.slice(1).map(({ sample }, i) => Math.sign(sample.slice - along[i]!.sample.slice));
  if (steps.reduce((sum, step) => sum + step, 0) >= 0) return along;
  return along.map(({ sample, at }) => ({ sample, at: -at })).sort((a, b) => a.at - b.at);
}

/** Images whose place in a stack is kept, where the images are not in memory. */
const MOST_KEPT = 2 ** 14;

/** As `groupBy`; groups of a lazy list are lazy. */
function grouped<K>(all: readonly Sample[], key: (sample: Sample) => K): Map<K, readonly Sample[]> {
  if (!isLazy(all)) return groupBy(all, key);
  const places = groupBy(Array.from(all.keys()), (place) => key(all[place]!));
  return new Map(
    [...places].map(([value, own]) => [value, lazyList(own.length, (i) => all[own[i]!]!)] as const),
  );
}

/**
 * What of some images lies beside each. @param all of one part of the data: no example mixes them with others
 * @example
 * const across = { rowDirection: [1, 0, 0], columnDirection: [0, 1, 0], spacingMm: [2, 2], rows: 2, columns: 2 };
 * const images = [16, 0, 8].map((z) => ({ subject: 'A', frame: 0, plane: { ...across, position: [0, 0, z] } }));
 * const samples = data.samplesOf({ manifest: { size: 2, images }, pixels: new Float32Array(12) });
 * const stack = data.companionsOf(samples).stackOf(samples[0]);
 * stack.map(({ plane }) => plane.position[2]); // [0,8,16]
 */
export function companionsOf(all: readonly Sample[]): Companions {
  const sorted = new Map<unknown, ReadonlyMap<unknown, readonly Sample[]>>();
  const alike: Companions['alike'] = (sample, key) => {
    if (!sorted.has(key)) sorted.set(key, grouped(all, key));
    return sorted.get(key)!.get(key(sample)) ?? [];
  };
  /** By image, the images parallel to it. */
  const parallels = new Map<number, readonly Placed[]>();
  const parallelTo = (sample: Sample): readonly Placed[] => {
    // of images that are not in memory nothing is kept for long
    if (isLazy(all) && parallels.size > MOST_KEPT) parallels.clear();
    if (!parallels.has(sample.index))
      for (const group of byOrientation(alike(sample, spaceOf), ({ plane }) => plane)) {
        const own = placed(group);
        for (const { sample: one } of own) parallels.set(one.index, own);
      }
    return parallels.get(sample.index) ?? [];
  };
  const slicesOf = (sample: Sample): Placed[] => {
    const phase = parallelTo(sample).filter((one) => one.sample.frame === sample.frame);
    const own = phase.find((one) => one.sample.index === sample.index);
    const isOwn = (one: Placed): boolean => Math.abs(one.at - own!.at) <= locationToleranceMm;
    return phase.filter((one, i) =>
      isOwn(one) ? one === own : i === 0 || one.at - phase[i - 1]!.at > locationToleranceMm,
    );
  };
  return {
    all,
    alike,
    stackOf: (sample) => slicesOf(sample).map((one) => one.sample),
    phasesOf(sample) {
      const slices = slicesOf(sample);
      const own = slices.find((one) => one.sample.index === sample.index);
      if (!own) return [];
      const far = (one: Placed): number => Math.abs(one.at - own.at);
      const step = Math.min(...slices.map((one) => (one === own ? Number.POSITIVE_INFINITY : far(one))));
      const near = parallelTo(sample).filter((one) => one === own || far(one) < step / 2);
      const phases = groupBy(near, (one) => one.sample.frame);
      return [...phases.values()]
        .map((images) => images.reduce((best, one) => (far(one) < far(best) ? one : best)).sample)
        .sort((a, b) => a.frame - b.frame);
    },
  };
}

/** Whether some of the images have another slice in their stack and phase. */
export function haveStacks(samples: readonly Sample[]): boolean {
  const among = companionsOf(samples);
  return samples.some((sample) => among.stackOf(sample).length > 1);
}
