/** @file The images of a file: one, or the frames of Enhanced MR, whose headers lie in functional groups (PS3.3 C.7.6.16). */

import { checkPixels, expectPixels } from './complete.ts';
import { DataSet } from './dataset.ts';
import type { Element, Elements } from './elements.ts';
import { type DicomFile, ofWhole, openDicom } from './file.ts';
import { type DicomHeader, headerOf } from './header.ts';
import { tags } from './tags.ts';

const none: Elements = new Map();

/** Functional groups (PS3.3 C.7.6.16.2, C.8.13.5) that say something of an image; others refer to other images. */
const groups = new Set([
  0x00189114, // MR Echo
  0x00189118, // Cardiac Synchronization
  0x00189226, // MR Image Frame Type
  0x00209111, // Frame Content
  0x00209113, // Plane Position
  0x00209116, // Plane Orientation
  0x00209310, // Temporal Position
  0x00289110, // Pixel Measures
  0x00289145, // Pixel Value Transformation
]);

/** What a converter knew of each image and found no group for (PS3.3 C.7.6.16.2.25, .26). */
const unassigned = new Set([0x00209170, 0x00209171]);

/** The elements of those functional groups of an item, as if they stood in one data set. */
function flattened(data: DataSet, item: Elements | undefined, among: ReadonlySet<number>): Elements {
  // What stands in the item itself is against the rule, and means the image all the same.
  const flat = new Map<number, Element>(among === groups ? item : none);
  for (const [group, element] of item ?? none)
    if (among.has(group))
      for (const [id, own] of data.itemsOf(element)[0] ?? none) if (!flat.has(id)) flat.set(id, own);
  return flat;
}

function checkFrames({ data, frames, pixels }: DicomFile, described: number, shared: Elements): void {
  // each image has a byte at least, whatever it is packed into
  if (frames > (pixels?.length ?? 0))
    throw data.error(
      tags.frames,
      `is ${frames}, more than the file has bytes of pixels`,
      'The file is damaged.',
    );
  if (described === 0 && frames > 1 && !shared.has(tags.position.id))
    throw data.error(
      tags.frames,
      `is ${frames}, and the file does not say where each image lies (it has no functional groups)`,
      'Multi-frame files other than Enhanced MR are not read; export one image a file.',
    );
  if (described > 0 && described !== frames)
    throw data.error(
      tags.frames,
      `is ${frames}, but PerFrameFunctionalGroupsSequence describes ${described}`,
      'The file is damaged; export it again.',
    );
}

/** An image's elements, and its number where a converter kept it. */
interface Image {
  readonly data: DataSet;
  readonly number: number | null;
}

/** A file's images: what a frame says of itself goes before what all share, and that before what is said of the file. */
function imagesOf(dicom: DicomFile): Image[] {
  const { data, frames } = dicom;
  const each = data.items(tags.perFrameGroups);
  const [shared] = data.items(tags.sharedGroups);
  const common = flattened(data, shared, groups);
  checkFrames(dicom, each.length, common);
  if (each.length === 0 && shared === undefined) return [{ data, number: null }];
  const rest = flattened(data, shared, unassigned);
  return Array.from({ length: frames }, (_, i) => {
    const own = flattened(data, each[i], unassigned);
    const number = new DataSet(dicom.file, data.reader, [own], data).hint(tags.instanceNumber);
    return { data: data.between([flattened(data, each[i], groups), common], [own, rest]), number };
  });
}

/** What a file says of each of its images, functional groups included. */
export const dataOf = (dicom: DicomFile): DataSet[] => imagesOf(dicom).map(({ data }) => data);

/** Headers of all images of an open file; see `readHeaders`. */
export function headersOf(dicom: DicomFile): DicomHeader[] {
  expectPixels(dicom);
  const images = imagesOf(dicom);
  const headers = images.map(({ data, number }, i) => {
    const header = headerOf(dicom, data, images.length > 1 ? i : null);
    return number === null ? header : { ...header, instanceNumber: number };
  });
  checkPixels(dicom, headers[0]!);
  return headers;
}

/**
 * Reads the headers of a file's images, in the file's order; pixels are not decoded.
 * @param file name used in errors
 * Throws FileError (not DICOM, truncated, damaged) or DicomError (a tag missing or unusable; colour; a multi-frame file
 * that is not Enhanced MR).
 * @example
 * const [file] = await data.listFiles(study);
 * data.readHeaders(await file.read(), file.path).map(({ patientId }) => patientId); // ["patient001"]
 */
export function readHeaders(bytes: Uint8Array, file: string): DicomHeader[] {
  return ofWhole(file, () => headersOf(openDicom(bytes, file)));
}

/**
 * The header of a file's first image; throws as `readHeaders`.
 * @example
 * const [file] = await data.listFiles(study);
 * data.parseHeader(await file.read(), file.path).plane.spacingMm; // [8,8]
 */
export function parseHeader(bytes: Uint8Array, file: string): DicomHeader {
  return readHeaders(bytes, file)[0]!;
}
