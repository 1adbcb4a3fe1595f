/** @file How an image's stored pixels become values (PS3.3 C.7.6.3, C.7.5.1.1.2, C.11.1). */

import type { DataSet } from './dataset.ts';
import type { DicomFile } from './file.ts';
import { tags } from './tags.ts';

/** How an image’s pixels are stored (DICOM PS3.3 C.7.6.3). */
export interface PixelFormat {
  readonly transferSyntax: string;
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  /** Bits below the stored ones in a word: HighBit + 1 − BitsStored. */
  readonly shift: number;
  readonly signed: boolean;
  /** MONOCHROME1: small stored values are bright. */
  readonly inverted: boolean;
  readonly slope: number;
  readonly intercept: number;
  /** PixelPaddingValue (0028,0120) to PixelPaddingRangeLimit (0028,0121): stored values that are no image. */
  readonly padding: readonly [low: number, high: number] | null;
}

function checkBits(data: DataSet, bitsAllocated: number, bitsStored: number): void {
  if (![8, 16, 32].includes(bitsAllocated))
    throw data.error(tags.bitsAllocated, `is ${bitsAllocated}`, 'Only 8, 16 and 32 bit images can be read.');
  if (bitsStored < 1 || bitsStored > bitsAllocated)
    throw data.error(
      tags.bitsStored,
      `is ${bitsStored} of ${bitsAllocated} allocated`,
      'Correct the header.',
    );
}

function checkGrey(data: DataSet): string {
  const photometric = data.terms(tags.photometric)[0] ?? 'MONOCHROME2';
  const samples = data.count(tags.samplesPerPixel, 1);
  if (samples !== 1 || !photometric.startsWith('MONOCHROME'))
    throw data.error(
      tags.photometric,
      `is ${photometric} with ${samples} samples per pixel`,
      'Only grey-scale images can be used; remove screen captures and colour maps.',
    );
  return photometric;
}

/** Padding as stored values; its representation follows the pixels', whatever the element says. */
function readPadding(data: DataSet, bitsStored: number, signed: boolean): PixelFormat['padding'] {
  const range = 2 ** bitsStored;
  const stored = (value: number | null): number | null => {
    if (value === null) return null;
    const bits = ((value % range) + range) % range;
    return signed && bits >= range / 2 ? bits - range : bits;
  };
  const first = stored(data.hint(tags.pixelPadding));
  if (first === null) return null;
  const last = stored(data.hint(tags.pixelPaddingLimit)) ?? first;
  return [Math.min(first, last), Math.max(first, last)];
}

/** What values may be rescaled by; of 32 stored bits, and squared in a variance, they stay within what doubles hold. */
const MOST_RESCALED = 1e20;

function checkRescale(data: DataSet, slope: number, intercept: number): void {
  const absurd = (value: number): boolean => Math.abs(value) > MOST_RESCALED;
  const fix = `Values up to ${MOST_RESCALED} can be used; correct it.`;
  if (absurd(slope) || absurd(1 / slope)) throw data.error(tags.rescaleSlope, `is ${slope}`, fix);
  if (absurd(intercept)) throw data.error(tags.rescaleIntercept, `is ${intercept}`, fix);
}

/** Throws DicomError where pixels are of a kind or size that cannot be read. */
export function readFormat(data: DataSet, dicom: DicomFile): PixelFormat {
  const photometric = checkGrey(data);
  const bitsAllocated = data.count(tags.bitsAllocated);
  const bitsStored = data.count(tags.bitsStored, bitsAllocated);
  checkBits(data, bitsAllocated, bitsStored);
  if (data.items(tags.modalityLut).length > 0)
    throw data.error(
      tags.modalityLut,
      'says that a table makes values of the stored pixels',
      'Only RescaleSlope and RescaleIntercept are applied; export the images with these.',
    );
  const slope = data.number(tags.rescaleSlope) ?? 1;
  if (slope === 0) throw data.error(tags.rescaleSlope, 'is 0', 'Every pixel would be equal; correct it.');
  const intercept = data.number(tags.rescaleIntercept) ?? 0;
  checkRescale(data, slope, intercept);
  const signed = data.count(tags.pixelRepresentation, 0) === 1;
  const highBit = data.hint(tags.highBit) ?? bitsStored - 1;
  return {
    transferSyntax: dicom.transferSyntax,
    bitsAllocated,
    bitsStored,
    // A HighBit that leaves no room for the stored bits says nothing.
    shift: highBit < bitsAllocated ? Math.max(0, highBit + 1 - bitsStored) : 0,
    signed,
    inverted: photometric === 'MONOCHROME1',
    slope,
    intercept,
    padding: readPadding(data, bitsStored, signed),
  };
}
