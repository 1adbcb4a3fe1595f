/** @file Writes DICOM files: elements as values, decimal strings, identifiers made of numbers, Part 10. */

import { type DicomElement, data } from 'dcmjs';
import { hashText, hashWords } from '../../base/hash.ts';

/** Elements by tag: eight hexadecimal digits, in capitals. */
export type Elements = Readonly<Record<string, DicomElement>>;

export const MR_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.4';
const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';

export const element = (vr: string, ...Value: (string | number)[]): DicomElement => ({ vr, Value });

/** A decimal string (DS, at most 16 characters) with `digits` decimals. */
const decimal = (value: number, digits: number): string => String(Number(value.toFixed(digits)));

export const decimals = (values: readonly number[], digits: number): DicomElement =>
  element('DS', ...values.map((value) => decimal(value, digits)));

/** A unique identifier that follows from the numbers given: a UUID-derived one (DICOM PS3.5 B.2). */
export function identifier(...words: readonly number[]): string {
  let value = 0n;
  for (let part = 0; part < 4; part++) {
    value = (value << 32n) | BigInt(hashWords(...words, part) >>> 0);
  }
  return `2.25.${value}`;
}

/** An MR image as a Part 10 file, explicit little endian. @param instance its SOPInstanceUID */
export function encodeMrImage(content: Elements, instance: string): Uint8Array {
  const file = new data.DicomDict({
    '00020001': { vr: 'OB', Value: [new Uint8Array([0, 1]).buffer] },
    '00020002': element('UI', MR_IMAGE_STORAGE),
    '00020003': element('UI', instance),
    '00020010': element('UI', EXPLICIT_LITTLE_ENDIAN),
    '00020012': element('UI', identifier(hashText('planewise'))),
    '00020013': element('SH', 'PLANEWISE'),
  });
  file.dict = content;
  // what is taken over from other files stays as it is, also where it is too long
  return new Uint8Array(file.write({ fragmentMultiframe: false, allowInvalidVRLength: true }));
}
