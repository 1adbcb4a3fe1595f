/** @file What the DICOM files of all phantoms have in common: who was examined, where an image lies, its pixels. */

import { hashText, hashWords } from '../../base/hash.ts';
import { decimals, type Elements, element, identifier, MR_IMAGE_STORAGE } from '../dicom/write.ts';
import type { ImagePlane } from '../types.ts';
import { cross, dot } from '../vector.ts';
import { LARGEST_VALUE } from './acquisition.ts';

/** A file's path in the cohort, with forward slashes, and its content. */
export interface EncodedFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Days from which examination dates are drawn: 2000-01-01 and the 7300 days after it. */
const FIRST_DAY = Date.UTC(2000, 0, 1);
const DAYS = 7300;

/** A day of the examination as YYYYMMDD, drawn by the subject's numbers. */
function dateOf(words: readonly number[], yearsBefore: number): string {
  const day = (hashWords(...words, hashText('date')) >>> 0) % DAYS;
  const date = new Date(FIRST_DAY + day * 86_400_000);
  const year = date.getUTCFullYear() - yearsBefore;
  const part = (value: number): string => String(value).padStart(2, '0');
  return `${year}${part(date.getUTCMonth() + 1)}${part(Math.min(28, date.getUTCDate()))}`;
}

/** Who a phantom is made out to be. */
export interface Person {
  readonly heightCm: number;
  readonly weightKg: number;
  readonly ageYears: number;
  readonly sex: 'F' | 'M';
}

/** Patient, study and equipment. @param words all that identifiers depend on */
export function examinationElements(
  { id, index }: { readonly id: string; readonly index: number },
  person: Person,
  words: readonly number[],
): Elements {
  const date = dateOf(words, 0);
  return {
    '00080005': element('CS', 'ISO_IR 100'),
    '00080008': element('CS', 'ORIGINAL', 'PRIMARY', 'OTHER'),
    '00080016': element('UI', MR_IMAGE_STORAGE),
    '0008001C': element('CS', 'YES'),
    '00080020': element('DA', date),
    '00080023': element('DA', date),
    '00080030': element('TM', '120000'),
    '00080033': element('TM', '120000'),
    '00080050': element('SH'),
    '00080060': element('CS', 'MR'),
    '00080070': element('LO', 'planewise'),
    '00080090': element('PN'),
    '00081090': element('LO', 'phantom'),
    '00100010': element('PN', `PHANTOM^${id}`),
    '00100020': element('LO', id),
    '00100030': element('DA', dateOf(words, person.ageYears)),
    '00100040': element('CS', person.sex),
    '00101010': element('AS', `${String(person.ageYears).padStart(3, '0')}Y`),
    '00101020': decimals([person.heightCm / 100], 2),
    '00101030': decimals([person.weightKg], 1),
    '0020000D': element('UI', identifier(...words)),
    '00200010': element('SH', String(index + 1)),
    '00200052': element('UI', identifier(...words, hashText('frame of reference'))),
    '00201040': element('LO'),
  };
}

export function planeElements(plane: ImagePlane, sliceDistanceMm: number): Elements {
  const { position, rowDirection, columnDirection, spacingMm, rows, columns } = plane;
  return {
    '00180088': decimals([sliceDistanceMm], 6),
    '00200032': decimals(position, 8),
    '00200037': decimals([...rowDirection, ...columnDirection], 12),
    '00201041': decimals([dot(position, cross(rowDirection, columnDirection))], 8),
    '00280010': element('US', rows),
    '00280011': element('US', columns),
    '00280030': decimals(spacingMm, 10),
  };
}

export function pixelElements(pixels: Uint16Array): Elements {
  const largest = pixels.reduce((most, value) => Math.max(most, value), 1);
  return {
    '00280002': element('US', 1),
    '00280004': element('CS', 'MONOCHROME2'),
    '00280100': element('US', 16),
    '00280101': element('US', Math.log2(LARGEST_VALUE + 1)),
    '00280102': element('US', Math.log2(LARGEST_VALUE + 1) - 1),
    '00280103': element('US', 0),
    '00281050': decimals([largest / 2], 1),
    '00281051': decimals([largest], 1),
    '7FE00010': { vr: 'OW', Value: [pixels.slice().buffer] },
  };
}
