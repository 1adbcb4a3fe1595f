/** @file Which bytes of encapsulated pixel data are which image (PS3.5 §A.4). */

import type { Extent } from './elements.ts';
import type { DicomFile } from './file.ts';
import { tags } from './tags.ts';

/** Fragments without the offset table, which comes first by rule; a lone fragment is the image. */
const withoutTable = (fragments: readonly Extent[]): readonly Extent[] =>
  fragments.length > 1 ? fragments.slice(1) : fragments.filter(({ length }) => length > 0);

/** The fragments of pixel data: also where its length is defined, and where the syntax does not announce them. */
export function fragmentsOf({ data, pixels }: DicomFile): readonly Extent[] | null {
  if (pixels === undefined) return null;
  if (pixels.fragments) return withoutTable(pixels.fragments);
  const { offset, length } = pixels;
  if (length < 16 || data.reader.tagAt(offset) !== 0xfffee000) return null;
  const { fragments } = data.reader.fragments(offset, offset + length);
  return fragments.length > 1 ? withoutTable(fragments) : null;
}

/** Where each image begins, in bytes from the first fragment's head; null where no table says. */
function offsetsOf({ data, pixels }: DicomFile, frames: number): number[] | null {
  const { view } = data.reader;
  const extended = data.element(tags.extendedOffsets);
  if (extended && extended.length >= 8 * frames)
    return Array.from({ length: frames }, (_, i) => Number(view.getBigUint64(extended.offset + 8 * i, true)));
  const table = pixels?.fragments?.[0];
  if (table === undefined || table.length < 4 * frames) return null;
  return Array.from({ length: frames }, (_, i) => view.getUint32(table.offset + 4 * i, true));
}

/** Streams of the JPEG family begin with one of these. */
const begins = (bytes: Uint8Array, { offset, length }: Extent): boolean =>
  length > 1 && bytes[offset] === 0xff && (bytes[offset + 1] === 0xd8 || bytes[offset + 1] === 0x4f);

function join(bytes: Uint8Array, parts: readonly Extent[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const { offset, length } of parts) {
    whole.set(bytes.subarray(offset, offset + length), at);
    at += length;
  }
  return whole;
}

/** By file, for one of many images has as many to look through. */
const known = new WeakMap<DicomFile, readonly number[]>();

/** The number of each image's first fragment; negative where there is none. */
function startsOf(dicom: DicomFile, parts: readonly Extent[], frames: number): readonly number[] {
  const before = known.get(dicom);
  if (before) return before;
  const { bytes } = dicom.data.reader;
  const origin = parts[0] ? parts[0].offset - 8 : 0;
  const places = new Map(parts.map(({ offset }, i) => [offset - 8, i]));
  const offsets = offsetsOf(dicom, frames);
  const starts = offsets
    ? offsets.map((offset) => places.get(origin + offset) ?? -1)
    : parts.flatMap((part, i) => (begins(bytes, part) ? [i] : []));
  known.set(dicom, starts);
  return starts;
}

/** The stream of image `frame` of `frames`; null where nothing tells which fragments are its. */
export function frameStream(
  dicom: DicomFile,
  parts: readonly Extent[],
  frame: number,
  frames: number,
): Uint8Array | null {
  const { bytes } = dicom.data.reader;
  if (frames === 1) return join(bytes, parts);
  if (parts.length === frames) return join(bytes, [parts[frame]!]);
  const starts = startsOf(dicom, parts, frames);
  if (starts.length !== frames || starts.some((start) => start < 0)) return null;
  return join(bytes, parts.slice(starts[frame], starts[frame + 1]));
}
