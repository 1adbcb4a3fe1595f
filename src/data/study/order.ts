/** @file In which order images were made, and in which they follow each other in the heart's cycle. */

import { dayOf } from '../dicom/moment.ts';
import type { ScannedImage } from '../scan.ts';

type Order = (a: ScannedImage, b: ScannedImage) => number;
type Key = (image: ScannedImage) => number | null;

/** Folder and file names as people number them: sax_9 before sax_10. */
const names = new Intl.Collator('en', { numeric: true });

const byPath: Order = (a, b) =>
  names.compare(a.source.path, b.source.path) ||
  (a.source.path < b.source.path ? -1 : Number(a.source.path > b.source.path)) ||
  (a.header.fileFrame ?? 0) - (b.header.fileFrame ?? 0);

type Made = 'acquired' | 'seriesMade' | 'contentMade';

/** When images were made, s: since an epoch where all have a date, else since midnight. */
export function madeAt(images: readonly ScannedImage[], made: Made): Key {
  const dated = images.every(({ header }) => header[made].date !== null);
  return ({ header }) => {
    const { date, seconds } = header[made];
    return seconds === null || !dated ? seconds : seconds + dayOf(date!) * 86_400;
  };
}

/** Orders some images by keys, each where all of them have it, and by path at last: so it is one order for all. */
function orderBy(images: readonly ScannedImage[], keys: readonly Key[]): Order {
  const telling = keys.filter((key) => images.every((image) => key(image) !== null));
  return (a, b) => telling.reduce((order, key) => order || key(a)! - key(b)!, 0) || byPath(a, b);
}

const number =
  (
    key: 'seriesNumber' | 'acquisitionNumber' | 'triggerTimeMs' | 'temporalPosition' | 'instanceNumber',
  ): Key =>
  ({ header }) =>
    header[key];

/**
 * The order in which some images were acquired: by acquisition time, the series' time and number, the acquisition's
 * number, the image's time; by name only where no header says.
 */
export function acquisitionOrder(images: readonly ScannedImage[]): Order {
  return orderBy(images, [
    madeAt(images, 'acquired'),
    madeAt(images, 'seriesMade'),
    number('seriesNumber'),
    number('acquisitionNumber'),
    madeAt(images, 'contentMade'),
  ]);
}

/**
 * Images of one slice in cardiac phase order: by trigger time, temporal position and InstanceNumber, each where all have
 * it, then by the time they were made, then by path.
 */
export function inPhaseOrder(images: readonly ScannedImage[]): ScannedImage[] {
  const order = orderBy(images, [
    number('triggerTimeMs'),
    number('temporalPosition'),
    number('instanceNumber'),
    madeAt(images, 'contentMade'),
    madeAt(images, 'acquired'),
  ]);
  return images.toSorted(order);
}

/** Groups in the order in which the first image of each was acquired. */
export function inAcquisitionOrder<T extends readonly ScannedImage[]>(groups: readonly T[]): T[] {
  const order = acquisitionOrder(groups.flat());
  const first = new Map(groups.map((group) => [group, group.reduce((a, b) => (order(b, a) < 0 ? b : a))]));
  return groups.toSorted((a, b) => order(first.get(a)!, first.get(b)!));
}

/**
 * Acquisitions that were not broken off: with more than half as many images as the fullest, or as is usual.
 * @param usual images of an acquisition elsewhere in the stack
 */
export function wholeOf<T extends readonly unknown[]>(
  groups: readonly T[],
  usual = Number.POSITIVE_INFINITY,
): T[] {
  const most = Math.min(usual, Math.max(...groups.map((group) => group.length)));
  return groups.filter((group) => 2 * group.length > most);
}

/** Of repeated acquisitions the one to use: the latest of those that are whole (`wholeOf`). */
export function wantedOf(
  groups: readonly (readonly ScannedImage[])[],
  usual?: number,
): readonly ScannedImage[] {
  return inAcquisitionOrder(wholeOf(groups, usual)).at(-1)!;
}
