/** @file Opens a DICOM file: its data set, its transfer syntax, and where its pixels are. */

import { FileError } from '../../base/errors.ts';
import { DataSet } from './dataset.ts';
import { type Element, ElementReader } from './elements.ts';
import {
  type DataSetStart,
  explicitLittle,
  type FileStart,
  findDataSet,
  implicitLittle,
  TooLarge,
  wholeFile,
} from './encoding.ts';
import { tagNumber, tags } from './tags.ts';

/** A DICOM file's elements up to its pixels. */
export interface DicomFile {
  readonly file: string;
  readonly data: DataSet;
  /** TransferSyntaxUID (0002,0010); of the encoding found where the file has none. */
  readonly transferSyntax: string;
  /** MediaStorageSOPClassUID (0002,0002) or SOPClassUID (0008,0016). */
  readonly sopClass: string | null;
  readonly pixels: Element | undefined;
  /** NumberOfFrames (0028,0008); 1 where the file does not say. */
  readonly frames: number;
}

/**
 * What is read of a whole file: a length that leads beyond its end is damage. Throws FileError instead of RangeError.
 */
export function ofWhole<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const problem = 'has an element whose length leads beyond its end: it is truncated or damaged';
    throw new FileError(file, problem, 'Copy or export it again.', { cause: error });
  }
}

/**
 * Opens a file: Part 10 or a bare data set, in any encoding, whichever the meta information claims.
 * Throws FileError where the bytes are no DICOM file, or end before the pixels begin.
 */
export function openDicom(bytes: Uint8Array, file: string): DicomFile {
  return ofWhole(file, () => openStart(wholeFile(bytes), file));
}

export const notDicom = (file: string): FileError =>
  new FileError(
    file,
    'is not a DICOM file (it begins with neither a DICM marker nor a data set)',
    'Remove it, or export it again as DICOM Part 10.',
  );

function dataSetOf(from: FileStart, file: string): DataSetStart | null {
  try {
    return findDataSet(from);
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    throw new FileError(file, error.message, 'If that is right, convert it to Explicit VR Little Endian.');
  }
}

/** As `openDicom`, of a file's first bytes; throws RangeError where the pixels begin beyond them. */
export function openStart(from: FileStart, file: string): DicomFile {
  const start = dataSetOf(from, file);
  if (start === null) throw notDicom(file);
  const reader = new ElementReader(start.file.bytes, start.encoding);
  const { elements, cut } = reader.walk(start.position, start.file.size);
  const pixels = elements.get(tags.pixelData.id);
  if (cut !== null && pixels === undefined)
    throw new FileError(
      file,
      `breaks off at element ${tagNumber(cut)}, before its pixels: it is truncated or damaged`,
      'Copy or export it again.',
    );
  const data = new DataSet(file, reader, [elements]);
  const meta = new DataSet(file, new ElementReader(from.bytes, { explicit: true, littleEndian: true }), [
    start.meta,
  ]);
  const frames = data.hint(tags.frames) ?? data.items(tags.perFrameGroups).length;
  return {
    file,
    data,
    transferSyntax: start.transferSyntax ?? (start.encoding.explicit ? explicitLittle : implicitLittle),
    sopClass: data.text(tags.sopClass) ?? meta.text(tags.mediaStorage),
    pixels,
    frames: Number.isInteger(frames) && frames > 0 ? frames : 1,
  };
}
