/** @file The only file that knows dicom-parser: Part 10 bytes to a data set with checked, typed access to tags. */

import dicomParser, { type DataSet, type Element } from 'dicom-parser';
import { inflateSync } from 'fflate';
import { DicomError, FileError } from '../../tensor/errors.ts';

/** A tag with its name, as DicomError prints it. */
export interface Tag {
  /** dicom-parser's key: x, group, element. */
  readonly key: string;
  readonly name: string;
}

const tag = (key: string, name: string): Tag => ({ key: `x${key}`, name });

export const tags = {
  transferSyntax: tag('00020010', 'TransferSyntaxUID'),
  characterSet: tag('00080005', 'SpecificCharacterSet'),
  sopInstance: tag('00080018', 'SOPInstanceUID'),
  seriesDescription: tag('0008103e', 'SeriesDescription'),
  patientId: tag('00100020', 'PatientID'),
  triggerTime: tag('00181060', 'TriggerTime'),
  studyInstance: tag('0020000d', 'StudyInstanceUID'),
  seriesInstance: tag('0020000e', 'SeriesInstanceUID'),
  seriesNumber: tag('00200011', 'SeriesNumber'),
  instanceNumber: tag('00200013', 'InstanceNumber'),
  position: tag('00200032', 'ImagePositionPatient'),
  orientation: tag('00200037', 'ImageOrientationPatient'),
  frameOfReference: tag('00200052', 'FrameOfReferenceUID'),
  sliceLocation: tag('00201041', 'SliceLocation'),
  samplesPerPixel: tag('00280002', 'SamplesPerPixel'),
  photometric: tag('00280004', 'PhotometricInterpretation'),
  frames: tag('00280008', 'NumberOfFrames'),
  rows: tag('00280010', 'Rows'),
  columns: tag('00280011', 'Columns'),
  pixelSpacing: tag('00280030', 'PixelSpacing'),
  bitsAllocated: tag('00280100', 'BitsAllocated'),
  bitsStored: tag('00280101', 'BitsStored'),
  pixelRepresentation: tag('00280103', 'PixelRepresentation'),
  rescaleIntercept: tag('00281052', 'RescaleIntercept'),
  rescaleSlope: tag('00281053', 'RescaleSlope'),
  pixelData: tag('7fe00010', 'PixelData'),
} as const;

/** "ImagePositionPatient (0020,0032)". */
export const tagLabel = (t: Tag): string => `${t.name} (${t.key.slice(1, 5)},${t.key.slice(5)})`;

/** DICOM defined terms (PS3.3 C.12.1.1.2) that are not Latin-1, with the names TextDecoder knows. */
const decoders: Record<string, string> = {
  'ISO_IR 192': 'utf-8',
  'ISO_IR 101': 'iso-8859-2',
  'ISO_IR 109': 'iso-8859-3',
  'ISO_IR 110': 'iso-8859-4',
  'ISO_IR 144': 'iso-8859-5',
  'ISO_IR 127': 'iso-8859-6',
  'ISO_IR 126': 'iso-8859-7',
  'ISO_IR 138': 'iso-8859-8',
  'ISO_IR 13': 'shift_jis',
  GB18030: 'gb18030',
  GBK: 'gbk',
};

/** Whether the bytes carry the Part 10 marker: 'DICM' after a 128-byte preamble. */
export function isDicom(bytes: Uint8Array): boolean {
  return bytes.length > 132 && [0x44, 0x49, 0x43, 0x4d].every((byte, i) => bytes[128 + i] === byte);
}

/** dicom-parser wants header and inflated data set in one array. */
function inflate(bytes: Uint8Array, position: number): Uint8Array {
  const body = inflateSync(bytes.subarray(position));
  const whole = new Uint8Array(position + body.length);
  whole.set(bytes.subarray(0, position));
  whole.set(body, position);
  return whole;
}

/** dicom-parser throws strings, errors, and records that wrap either. */
function describe(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  if (typeof thrown === 'object' && thrown !== null && 'exception' in thrown)
    return describe(thrown.exception);
  return String(thrown);
}

/** A parsed file: tag access that names file and tag when a value cannot be used. */
export class Part10 {
  readonly file: string;
  readonly dataSet: DataSet;
  private readonly decoder: TextDecoder;

  /** Throws FileError when `bytes` is no Part 10 file, or one that ends early or is damaged. */
  constructor(bytes: Uint8Array, file: string) {
    this.file = file;
    if (!isDicom(bytes))
      throw new FileError(
        file,
        'is not a DICOM file (no DICM marker at byte 128)',
        'Remove it, or export it again as DICOM Part 10.',
      );
    try {
      this.dataSet = dicomParser.parseDicom(bytes, { inflater: inflate } as dicomParser.ParseDicomOptions);
    } catch (error) {
      const problem = `cannot be read to its end: it is truncated or damaged (${describe(error)})`;
      throw new FileError(file, problem, 'Copy or export it again.');
    }
    const charset = this.dataSet.string(tags.characterSet.key)?.split('\\').at(-1)?.trim() ?? '';
    this.decoder = new TextDecoder(decoders[charset] ?? 'iso-8859-1');
  }

  error(t: Tag, problem: string, fix: string): DicomError {
    return new DicomError(this.file, tagLabel(t), problem, fix);
  }

  /** The element, if it is there and not empty. */
  element(t: Tag): Element | undefined {
    const element = this.dataSet.elements[t.key];
    return element !== undefined && element.length !== 0 ? element : undefined;
  }

  /** Text without padding, decoded by SpecificCharacterSet; null when absent or blank. */
  text(t: Tag): string | null {
    const element = this.element(t);
    if (element === undefined) return null;
    const { byteArray } = this.dataSet;
    const end = Math.min(element.dataOffset + element.length, byteArray.length);
    const text = this.decoder.decode(byteArray.subarray(element.dataOffset, end));
    return text.replaceAll('\0', '').trim() || null;
  }

  /** All numbers of a DS or IS element, or null when absent. Throws DicomError when one is not a finite number. */
  numbers(t: Tag): number[] | null {
    const text = this.text(t);
    if (text === null) return null;
    return text.split('\\').map((part) => {
      const value = part.trim() === '' ? Number.NaN : Number(part);
      if (Number.isFinite(value)) return value;
      throw this.error(t, `holds "${text}", which is not all finite numbers`, 'Correct or remove the file.');
    });
  }

  /** Exactly `count` numbers. Throws DicomError when absent, of another count or not finite. */
  required(t: Tag, count: number): number[] {
    const values = this.numbers(t);
    if (values === null)
      throw this.error(t, 'is missing', 'Only images that carry their position in the patient can be used.');
    if (values.length === count) return values;
    throw this.error(t, `holds ${values.length} numbers instead of ${count}`, 'Correct or remove the file.');
  }

  /** First number of an optional DS or IS element, or null. */
  number(t: Tag): number | null {
    return this.numbers(t)?.[0] ?? null;
  }

  /** A US element. Throws DicomError when absent and no default is given. */
  uint16(t: Tag, otherwise?: number): number {
    const element = this.element(t);
    const value = element && element.length >= 2 ? this.dataSet.uint16(t.key) : otherwise;
    if (value === undefined) throw this.error(t, 'is missing', 'The file is not a usable image.');
    return value;
  }
}
