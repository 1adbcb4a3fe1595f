/** @file In which order images were made, and in which they follow each other in the heart's cycle. */

import { compareMoments } from '../dicom/moment.ts';
import type { ScannedImage } from '../scan.ts';

type Order = (a: ScannedImage, b: ScannedImage) => number;

const byNumber = (a: number | null, b: number | null): number =>
  (a ?? Number.NEGATIVE_INFINITY) - (b ?? Number.NEGATIVE_INFINITY) || 0;

/** 0 where either does not say. */
const ifBoth = (a: number | null, b: number | null): number => (a === null || b === null ? 0 : a - b);

/** Folder and file names as people number them: sax_9 before sax_10. */
const names = new Intl.Collator('en', { numeric: true });

export const byPath: Order = (a, b) =>
  names.compare(a.source.path, b.source.path) ||
  (a.source.path < b.source.path ? -1 : Number(a.source.path > b.source.path)) ||
  byNumber(a.header.fileFrame, b.header.fileFrame);

/**
 * Which image was acquired later: by acquisition time, the series' time and number, the acquisition's number, the
 * image's time; by name only where no header says.
 */
export const byAcquisition: Order = (a, b) =>
  compareMoments(a.header.acquired, b.header.acquired) ||
  compareMoments(a.header.seriesMade, b.header.seriesMade) ||
  ifBoth(a.header.seriesNumber, b.header.seriesNumber) ||
  ifBoth(a.header.acquisitionNumber, b.header.acquisitionNumber) ||
  compareMoments(a.header.contentMade, b.header.contentMade) ||
  byPath(a, b);

/**
 * Images of one slice in cardiac phase order: by trigger time, temporal position and InstanceNumber, each where all have
 * it, then by the time they were made, then by path.
 */
export function inPhaseOrder(images: readonly ScannedImage[]): ScannedImage[] {
  const keys = (['triggerTimeMs', 'temporalPosition', 'instanceNumber'] as const).filter((key) =>
    images.every(({ header }) => header[key] !== null),
  );
  const byKeys: Order = (a, b) =>
    keys.reduce((order, key) => order || a.header[key]! - b.header[key]!, 0) ||
    compareMoments(a.header.contentMade, b.header.contentMade) ||
    compareMoments(a.header.acquired, b.header.acquired) ||
    byPath(a, b);
  return images.toSorted(byKeys);
}

/** The group acquired last, by the first image of each to be acquired. */
export function latestGroup(groups: readonly (readonly ScannedImage[])[]): readonly ScannedImage[] {
  const first = (group: readonly ScannedImage[]): ScannedImage =>
    group.reduce((best, next) => (byAcquisition(next, best) < 0 ? next : best));
  return groups.reduce((best, next) => (byAcquisition(first(next), first(best)) > 0 ? next : best));
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
  return latestGroup(wholeOf(groups, usual));
}
