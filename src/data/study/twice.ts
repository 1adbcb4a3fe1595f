/** @file Images that lie in two folders: of one patient, though the pixels were compressed or processed in one of them. */

import type { ScannedImage } from '../scan.ts';

type Images = readonly ScannedImage[];

/** What one image alone has: its numbers and its place; null where its header lacks a number. */
function keyOf({ header }: ScannedImage): string | null {
  const { seriesUid, sopInstanceUid, plane } = header;
  return seriesUid && sopInstanceUid ? `${seriesUid} ${sopInstanceUid} ${plane.position.join()}` : null;
}

const keys = new WeakMap<Images, ReadonlySet<string>>();

function keysOf(images: Images): ReadonlySet<string> {
  const own = keys.get(images) ?? new Set(images.flatMap((image) => keyOf(image) ?? []));
  keys.set(images, own);
  return own;
}

/** Whether an image of one is among others: SeriesInstanceUID, SOPInstanceUID and position agree. */
export function shareImages(images: Images, others: Images): boolean {
  const own = keysOf(images);
  return others.some((image) => own.has(keyOf(image) ?? ''));
}
