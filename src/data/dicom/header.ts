/** @file A DICOM image's header: where it lies in the patient, what it belongs to and how its pixels are stored. */

import { GeometryError } from '../../tensor/errors.ts';
import { imagePlane } from '../geometry.ts';
import type { ImagePlane } from '../types.ts';
import { Part10, tags } from './part10.ts';

/** How stored pixels become values (PS3.3 C.7.6.3, C.11.1). */
export interface PixelFormat {
  readonly transferSyntax: string;
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly signed: boolean;
  /** MONOCHROME1: small stored values are bright. */
  readonly inverted: boolean;
  readonly slope: number;
  readonly intercept: number;
}

export interface DicomHeader {
  readonly file: string;
  readonly plane: ImagePlane;
  readonly format: PixelFormat;
  /** PatientID (0010,0020). */
  readonly patientId: string | null;
  readonly studyUid: string | null;
  /** SeriesInstanceUID (0020,000e). */
  readonly seriesUid: string | null;
  readonly seriesNumber: number | null;
  readonly seriesDescription: string | null;
  readonly frameOfReferenceUid: string | null;
  readonly sopInstanceUid: string | null;
  readonly instanceNumber: number | null;
  /** TriggerTime (0018,1060), ms after the R wave. */
  readonly triggerTimeMs: number | null;
  /** SliceLocation (0020,1041), mm: informative, never used for geometry. */
  readonly sliceLocationMm: number | null;
}

function readPlane(part10: Part10): ImagePlane {
  const [px, py, pz] = part10.required(tags.position, 3) as [number, number, number];
  const o = part10.required(tags.orientation, 6) as [number, number, number, number, number, number];
  const [betweenRows, betweenColumns] = part10.required(tags.pixelSpacing, 2) as [number, number];
  if (betweenRows <= 0 || betweenColumns <= 0)
    throw part10.error(
      tags.pixelSpacing,
      `is [${betweenRows}, ${betweenColumns}] mm`,
      'Both spacings must be positive.',
    );
  const [rows, columns] = [part10.uint16(tags.rows), part10.uint16(tags.columns)];
  if (rows === 0) throw part10.error(tags.rows, 'is 0', 'The file holds no image.');
  if (columns === 0) throw part10.error(tags.columns, 'is 0', 'The file holds no image.');
  try {
    return imagePlane({
      position: [px, py, pz],
      rowDirection: [o[0], o[1], o[2]],
      columnDirection: [o[3], o[4], o[5]],
      spacingMm: [betweenRows, betweenColumns],
      rows,
      columns,
    });
  } catch (error) {
    if (!(error instanceof GeometryError)) throw error;
    throw part10.error(
      tags.orientation,
      `is [${o.join(', ')}]: not two perpendicular unit vectors`,
      'Correct it.',
    );
  }
}

function checkBits(part10: Part10, bitsAllocated: number, bitsStored: number): void {
  if (![8, 16, 32].includes(bitsAllocated))
    throw part10.error(
      tags.bitsAllocated,
      `is ${bitsAllocated}`,
      'Only 8, 16 and 32 bit images can be read.',
    );
  if (bitsStored < 1 || bitsStored > bitsAllocated)
    throw part10.error(
      tags.bitsStored,
      `is ${bitsStored} of ${bitsAllocated} allocated`,
      'Correct the header.',
    );
}

function checkGrey(part10: Part10): string {
  const photometric = part10.text(tags.photometric) ?? 'MONOCHROME2';
  const samples = part10.uint16(tags.samplesPerPixel, 1);
  if (samples !== 1 || !photometric.startsWith('MONOCHROME'))
    throw part10.error(
      tags.photometric,
      `is ${photometric} with ${samples} samples per pixel`,
      'Only grey-scale images can be used; remove screen captures and colour maps.',
    );
  return photometric;
}

function readFormat(part10: Part10): PixelFormat {
  const photometric = checkGrey(part10);
  const bitsAllocated = part10.uint16(tags.bitsAllocated);
  const bitsStored = part10.uint16(tags.bitsStored, bitsAllocated);
  checkBits(part10, bitsAllocated, bitsStored);
  const slope = part10.number(tags.rescaleSlope) ?? 1;
  if (slope === 0) throw part10.error(tags.rescaleSlope, 'is 0', 'Every pixel would be equal; correct it.');
  return {
    transferSyntax: part10.text(tags.transferSyntax) ?? '',
    bitsAllocated,
    bitsStored,
    signed: part10.uint16(tags.pixelRepresentation, 0) === 1,
    inverted: photometric === 'MONOCHROME1',
    slope,
    intercept: part10.number(tags.rescaleIntercept) ?? 0,
  };
}

function checkSingleFrame(part10: Part10): void {
  const frames = part10.number(tags.frames) ?? 1;
  if (frames > 1)
    throw part10.error(
      tags.frames,
      `is ${frames}`,
      'Multi-frame files are not read; export one image per file (classic MR Image Storage).',
    );
}

/** Header of a parsed file; see `parseHeader`. */
export function headerOf(part10: Part10): DicomHeader {
  checkSingleFrame(part10);
  const plane = readPlane(part10);
  if (part10.element(tags.pixelData) === undefined)
    throw part10.error(
      tags.pixelData,
      'is missing',
      'The file holds no image or is truncated; remove or copy it again.',
    );
  return {
    file: part10.file,
    plane,
    format: readFormat(part10),
    patientId: part10.text(tags.patientId),
    studyUid: part10.text(tags.studyInstance),
    seriesUid: part10.text(tags.seriesInstance),
    seriesNumber: part10.number(tags.seriesNumber),
    seriesDescription: part10.text(tags.seriesDescription),
    frameOfReferenceUid: part10.text(tags.frameOfReference),
    sopInstanceUid: part10.text(tags.sopInstance),
    instanceNumber: part10.number(tags.instanceNumber),
    triggerTimeMs: part10.number(tags.triggerTime),
    sliceLocationMm: part10.number(tags.sliceLocation),
  };
}

/**
 * Reads the header of a Part 10 file; pixels are not decoded.
 * @param file name used in errors
 * Throws FileError (not DICOM, truncated, damaged) or DicomError (a tag missing or unusable; multi-frame; colour).
 */
export function parseHeader(bytes: Uint8Array, file: string): DicomHeader {
  return headerOf(new Part10(bytes, file));
}
