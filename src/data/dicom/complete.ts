/** @file Whether a file's pixels are all there, and how they are kept. */

import { FileError } from '../../base/errors.ts';
import { isCompressed, transferSyntaxName } from './codecs.ts';
import { fragmentsOf } from './encapsulated.ts';
import type { DicomFile } from './file.ts';
import type { DicomHeader } from './header.ts';
import { tagLabel, tags } from './tags.ts';

/** Bytes that all images of a file take when they are not compressed. */
function plainBytes({ frames }: DicomFile, { plane, format }: DicomHeader): number {
  return frames * plane.rows * plane.columns * (format.bitsAllocated / 8);
}

/** Whether PixelData is to be decoded: by its form, whatever the transfer syntax announces. */
export function isEncoded(dicom: DicomFile, header: DicomHeader): boolean {
  if (fragmentsOf(dicom) !== null) return true;
  return isCompressed(dicom.transferSyntax) && dicom.pixels!.length < plainBytes(dicom, header);
}

/** Throws DicomError where a file has no pixels, or none that can be read. */
export function expectPixels({ data, pixels }: DicomFile): void {
  if (pixels !== undefined && pixels.length > 0) return;
  const float = [tags.floatPixelData, tags.doublePixelData].find((tag) => data.element(tag));
  if (float) throw data.error(float, 'holds the image', 'Only integer pixels (PixelData) can be read.');
  throw data.error(
    tags.pixelData,
    'is missing',
    'The file holds no image or is truncated; remove or copy it again.',
  );
}

/** Pixels that any compressed image may claim, 2048 × 2048, and those that all images of a file may. */
const [MOST_PIXELS, MOST_IN_ALL] = [2 ** 22, 2 ** 24];

/** Pixels to a byte in larger ones: images take more than a bit each, and a stream of nothing may claim any number. */
const [MOST_TO_A_BYTE, MOST_IN_ALL_TO_A_BYTE] = [8, 16];

/** Throws DicomError where a compressed file claims more pixels than its bytes can be believed to hold. */
function checkClaim({ data, pixels, frames }: DicomFile, { plane }: DicomHeader): void {
  const { length } = pixels!;
  const claimed = plane.rows * plane.columns;
  const one = Math.max(MOST_PIXELS, (MOST_TO_A_BYTE * length) / frames);
  const all = Math.max(MOST_IN_ALL, MOST_IN_ALL_TO_A_BYTE * length);
  if (claimed <= one && frames * claimed <= all) return;
  throw data.error(
    tags.pixelData,
    `has ${length} bytes for ${frames} × ${plane.rows} × ${plane.columns} pixels`,
    'If that is right, decompress the file first.',
  );
}

/** Throws FileError where a file ends before its pixels do, DicomError where it has fewer than its header says. */
export function checkPixels(dicom: DicomFile, header: DicomHeader): void {
  const { data } = dicom;
  const pixels = dicom.pixels!;
  const fragments = fragmentsOf(dicom);
  if (fragments === null && transferSyntaxName(dicom.transferSyntax) === dicom.transferSyntax)
    throw data.error(
      tags.transferSyntax,
      `is ${dicom.transferSyntax}, which the standard does not know`,
      'Convert the files to Explicit VR Little Endian first.',
    );
  const needed = plainBytes(dicom, header);
  const plain = fragments === null && !isCompressed(dicom.transferSyntax);
  const lacking = plain ? pixels.length < needed : fragments !== null && fragments.length < dicom.frames;
  if (!pixels.whole && (lacking || !plain))
    throw new FileError(
      dicom.file,
      `ends within ${tagLabel(tags.pixelData)}: it is truncated`,
      'Copy or export it again.',
    );
  if (!lacking) {
    if (isEncoded(dicom, header)) checkClaim(dicom, header);
    return;
  }
  const there = plain ? `${pixels.length} bytes of ${needed}` : 'fewer images than NumberOfFrames says';
  throw data.error(tags.pixelData, `holds ${there}`, 'The file is damaged; export it again.');
}
