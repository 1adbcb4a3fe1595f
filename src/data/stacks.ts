/** @file Groups the images of one subject and view into stacks: parallel slices, base to apex, phases in order. */

import {
  type LocationDirection,
  type LocationResult,
  locationToleranceMm,
  relativeLocations,
  sameOrientation,
  stackPositions,
} from './geometry.ts';
import { folderOf, type ScannedImage } from './scan.ts';
import type { SkippedFile } from './types.ts';

/** Parallel slices in one frame of reference. */
export interface Stack {
  readonly frameOfReferenceUid: string | null;
  /** locations[slice][frame]: slices from base to apex (`stackDirection`), phases by TriggerTime, then InstanceNumber. */
  readonly locations: readonly (readonly ScannedImage[])[];
}

/** Values grouped by key, both in order of first appearance. */
export function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}

const seriesOf = ({ header, source }: ScannedImage): string => header.seriesUid ?? folderOf(source.path);

function parallelGroups(images: readonly ScannedImage[]): ScannedImage[][] {
  const groups: ScannedImage[][] = [];
  for (const image of images) {
    const { frameOfReferenceUid, plane } = image.header;
    const fits = groups.find(
      ([first]) =>
        first!.header.frameOfReferenceUid === frameOfReferenceUid &&
        sameOrientation(first!.header.plane, plane),
    );
    if (fits) fits.push(image);
    else groups.push([image]);
  }
  return groups;
}

const byNumber = (a: number | null, b: number | null): number =>
  (a ?? Number.NEGATIVE_INFINITY) - (b ?? Number.NEGATIVE_INFINITY) || 0;

/** Cardiac phase order: TriggerTime (0018,1060), then InstanceNumber (0020,0013), then path. */
export function byPhase(a: ScannedImage, b: ScannedImage): number {
  return (
    byNumber(a.header.triggerTimeMs, b.header.triggerTimeMs) ||
    byNumber(a.header.instanceNumber, b.header.instanceNumber) ||
    (a.source.path < b.source.path ? -1 : 1)
  );
}

/** Images of parallel planes by slice location, base to apex. */
function byLocation(images: readonly ScannedImage[]): ScannedImage[][] {
  const positions = stackPositions(images.map((image) => image.header.plane));
  const order = positions.map((_, i) => i).sort((a, b) => positions[a]! - positions[b]!);
  const locations: ScannedImage[][] = [];
  let start = Number.NEGATIVE_INFINITY;
  for (const i of order) {
    if (positions[i]! - start > locationToleranceMm) {
      locations.push([]);
      start = positions[i]!;
    }
    locations.at(-1)!.push(images[i]!);
  }
  return locations;
}

/** Repeated acquisitions of one slice: the series with most phases stays, of equals the last. */
function withoutRepeats(location: readonly ScannedImage[], skipped: SkippedFile[]): ScannedImage[] {
  const series = [...groupBy(location, seriesOf).values()];
  const kept = series.reduce((best, next) => (next.length >= best.length ? next : best));
  for (const image of series.filter((s) => s !== kept).flat()) {
    const message = `The same slice was acquired again; ${kept[0]!.source.path} and its series are used.`;
    skipped.push({ file: image.source.path, reason: { code: 'REPEATED_SLICE', message } });
  }
  return kept;
}

function toStack(images: readonly ScannedImage[], skipped: SkippedFile[]): Stack {
  return {
    frameOfReferenceUid: images[0]!.header.frameOfReferenceUid,
    locations: byLocation(images).map((location) => withoutRepeats(location, skipped).sort(byPhase)),
  };
}

/**
 * The stacks of one subject's images of one view. Images belong together when they share FrameOfReferenceUID and
 * their normals agree within `stackToleranceDeg`; a series with several locations is a stack of its own, series of one
 * location each (a folder per slice) make one stack together. Repeats of a slice go to `skipped`.
 */
export function buildStacks(images: readonly ScannedImage[], skipped: SkippedFile[] = []): Stack[] {
  return parallelGroups(images).flatMap((group) => {
    const series = [...groupBy(group, seriesOf).values()];
    const whole = series.filter((s) => byLocation(s).length > 1);
    const single = series.filter((s) => !whole.includes(s)).flat();
    return (single.length > 0 ? [...whole, single] : whole).map((s) => toStack(s, skipped));
  });
}

/** Relative location of each slice of a stack, 0 (base) … 1 (apex), or why there is none. */
export function stackLocations(stack: Stack, direction: LocationDirection = 'anatomical'): LocationResult {
  return relativeLocations(
    stack.locations.map(([first]) => first!.header.plane),
    direction,
  );
}
