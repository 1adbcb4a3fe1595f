/** @file Finds where a file's data set begins and how it is written: by what the bytes say, not by what they should be. */

import { inflateUpTo, mostUnpacked } from '../files/unpack.ts';
import { fromCodes } from './charset/tables.ts';
import { type Element, ElementReader, type Elements, type Encoding } from './elements.ts';
import { tags } from './tags.ts';

/** A file's first bytes, or all of them; where what is looked for lies beyond, reading throws RangeError. */
export interface FileStart {
  readonly bytes: Uint8Array;
  /** Bytes of the whole file. */
  readonly size: number;
}

/** All of a file. */
export const wholeFile = (bytes: Uint8Array): FileStart => ({ bytes, size: bytes.length });

/** A data set found in a file. */
export interface DataSetStart {
  /** The file's bytes; of a deflated data set, with what follows `position` inflated. */
  readonly file: FileStart;
  readonly position: number;
  readonly encoding: Encoding;
  /** File meta information (group 0002), in explicit VR; empty where there is none. */
  readonly meta: Elements;
  /** TransferSyntaxUID as the meta information has it, or null. */
  readonly transferSyntax: string | null;
}

export const implicitLittle = '1.2.840.10008.1.2';
export const explicitLittle = '1.2.840.10008.1.2.1';
export const deflated = '1.2.840.10008.1.2.1.99';
export const bigEndian = '1.2.840.10008.1.2.2';

const marker = [0x44, 0x49, 0x43, 0x4d];
const hasMarker = (bytes: Uint8Array, at: number): boolean =>
  marker.every((byte, i) => bytes[at + i] === byte);

const encodings: readonly Encoding[] = [
  { explicit: true, littleEndian: true },
  { explicit: false, littleEndian: true },
  { explicit: true, littleEndian: false },
  { explicit: false, littleEndian: false },
];

/** Elements in a row that tell a data set from chance. */
const enough = 3;

/** Whether `enough` elements, or all there are, follow each other in this encoding, tags ascending. */
function fits({ bytes, size }: FileStart, at: number, encoding: Encoding): boolean {
  const reader = new ElementReader(bytes, encoding);
  let [place, before] = [at, 0];
  for (let i = 0; i < enough; i++) {
    if (i > 0 && (place === size || (before >>> 16 === 2 && leavesMeta(reader, place, size)))) return true;
    if (place + 8 > size || !reader.plausible(place, size)) return false;
    const tag = reader.tagAt(place);
    // A data set begins with the groups of identification; that also keeps other files out.
    if (tag <= before || (i === 0 && !(tag >= 0x00020000 && tag < 0x00110000))) return false;
    before = tag;
    place = reader.element(place, size).next;
  }
  return true;
}

/** Whether file meta information ends at `at`: what follows may be in another encoding. */
const leavesMeta = (reader: ElementReader, at: number, size: number): boolean =>
  at + 8 <= size && reader.tagAt(at) >>> 16 !== 2;

/** The encoding whose elements begin at `at`, the one that was announced first. */
function encodingAt(file: FileStart, at: number, announced: Encoding | undefined): Encoding | undefined {
  const candidates = announced ? [announced, ...encodings] : encodings;
  return candidates.find((encoding) => fits(file, at, encoding));
}

function announcedBy(transferSyntax: string | null): Encoding | undefined {
  if (transferSyntax === null) return undefined;
  if (transferSyntax === implicitLittle) return encodings[1];
  return transferSyntax === bigEndian ? encodings[2] : encodings[0];
}

/** Where the first element is: behind preamble and marker (PS3.10 §7.1), the marker alone, or at the start. */
function firstElement(file: FileStart): number | null {
  const { bytes } = file;
  if (hasMarker(bytes, 128)) return 132;
  if (hasMarker(bytes, 0)) return 4;
  return [0, 128].find((at) => encodingAt(file, at, undefined) !== undefined) ?? null;
}

/** The elements of group 0002, which is explicit little endian by rule and implicit in some files. */
function readMeta({ bytes, size }: FileStart, at: number): { meta: Elements; end: number } {
  const meta = new Map<number, Element>();
  const explicit = new ElementReader(bytes, encodings[0]!);
  const reader =
    at + 8 <= size && explicit.plausible(at, size) ? explicit : new ElementReader(bytes, encodings[1]!);
  let place = at;
  while (place + 8 <= size && reader.tagAt(place) >>> 16 === 2) {
    const { element, next } = reader.element(place, size);
    meta.set(reader.tagAt(place), element);
    place = next;
  }
  return { meta, end: place };
}

/** A deflated data set becomes more than so few bytes may. */
export class TooLarge extends Error {}

function inflated(bytes: Uint8Array, position: number): Uint8Array | null {
  const most = mostUnpacked(bytes.length);
  try {
    const body = inflateUpTo(bytes.subarray(position), most);
    if (body === null) throw new TooLarge(`unpacks to more than ${most} bytes, from ${bytes.length}`);
    const whole = new Uint8Array(position + body.length);
    whole.set(bytes.subarray(0, position));
    whole.set(body, position);
    return whole;
  } catch (error) {
    if (error instanceof TooLarge) throw error;
    return null;
  }
}

/** Whether a file is DICOM, with or without preamble and file meta information. */
export function isDicom(file: FileStart): boolean {
  return firstElement(file) !== null;
}

/**
 * The data set of a file; null where the bytes are none. The announced encoding counts where the bytes bear it out, else
 * the one they are in; a data set that should be deflated and is not is read as it is.
 */
export function findDataSet(file: FileStart): DataSetStart | null {
  const { bytes, size } = file;
  const at = firstElement(file);
  if (at === null) return null;
  const { meta, end: position } = readMeta(file, at);
  const transferSyntax = syntaxOf(bytes, meta.get(tags.transferSyntax.id));
  const announced = announcedBy(transferSyntax);
  const asItIs = encodingAt(file, position, announced);
  const packed = asItIs === undefined || transferSyntax === deflated;
  if (packed && bytes.length < size) throw new RangeError('All of a deflated data set is needed.');
  const whole = packed ? inflated(bytes, position) : null;
  const encoding = whole ? encodingAt(wholeFile(whole), position, announced) : asItIs;
  const found = { position, meta, transferSyntax };
  if (whole && encoding) return { ...found, file: wholeFile(whole), encoding };
  return { ...found, file, encoding: asItIs ?? announced ?? encodings[0]! };
}

function syntaxOf(bytes: Uint8Array, element: Element | undefined): string | null {
  if (element === undefined) return null;
  const { offset, length } = element;
  const text = fromCodes(bytes.subarray(offset, offset + Math.min(length, 64)));
  return text.replaceAll('\0', '').trim() || null;
}
