/** @file A file's elements by tag: text, numbers and sequences, checked, with errors that name file and tag. */

import { DicomError } from '../../base/errors.ts';
import { fromCodes } from './charset/tables.ts';
import { type DecodeText, textDecoderFor } from './charset.ts';
import { type Element, ElementReader, type Elements } from './elements.ts';
import { type Tag, tagLabel, tags } from './tags.ts';

/** Bytes of one value of a binary number, by value representation. */
const binary: Record<string, [bytes: number, read: (v: DataView, at: number, little: boolean) => number]> = {
  US: [2, (v, at, little) => v.getUint16(at, little)],
  SS: [2, (v, at, little) => v.getInt16(at, little)],
  UL: [4, (v, at, little) => v.getUint32(at, little)],
  SL: [4, (v, at, little) => v.getInt32(at, little)],
  FL: [4, (v, at, little) => v.getFloat32(at, little)],
  FD: [8, (v, at, little) => v.getFloat64(at, little)],
  UV: [8, (v, at, little) => Number(v.getBigUint64(at, little))],
  SV: [8, (v, at, little) => Number(v.getBigInt64(at, little))],
};

/** A decimal or integer string (PS3.5 §6.2); a comma can mean nothing else in one. */
const decimal = /^[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?$/;

function decimalOf(text: string): number {
  const trimmed = text.trim();
  return trimmed.length <= MOST_DIGITS && decimal.test(trimmed)
    ? Number(trimmed.replace(',', '.'))
    : Number.NaN;
}

/** PS3.5 allows 16; no more are looked at than any program writes. */
const MOST_DIGITS = 64;

/** Bytes of a text that are read: the longest that an image needs, a list of names or numbers, takes a tenth. */
const MOST_TEXT = 2 ** 14;

/** Characters of an unusable value that an error shows. */
const MOST_SHOWN = 60;

/** Representations in the default repertoire whatever the character set is (PS3.5 §6.1.2.3). */
const asciiVrs = new Set(['CS', 'UI', 'DS', 'IS', 'DA', 'TM', 'DT']);
const ascii: DecodeText = fromCodes;

const control = /\p{Cc}/u;
const controls = /\p{Cc}/gu;

/** Elements of a data set, an item, or several of these, of which the first that has a tag answers. */
export class DataSet {
  readonly file: string;
  readonly reader: ElementReader;
  readonly #layers: readonly Elements[];
  readonly #decode: DecodeText;

  constructor(file: string, reader: ElementReader, layers: readonly Elements[], outer?: DataSet) {
    this.file = file;
    this.reader = reader;
    this.#layers = layers;
    const element = this.element(tags.characterSet);
    if (element === undefined && outer) this.#decode = outer.#decode;
    else {
      const sets = element ? ascii(this.#bytes(element), 'text') : '';
      this.#decode = textDecoderFor(
        sets === '' ? [] : sets.split('\\').map((set) => set.replaceAll('\0', '').trim()),
      );
    }
  }

  error(t: Tag, problem: string, fix: string): DicomError {
    return new DicomError(this.file, tagLabel(t), problem, fix);
  }

  /** The element, if it is there and not empty. */
  element(t: Tag): Element | undefined {
    for (const layer of this.#layers) {
      const element = layer.get(t.id);
      if (element !== undefined && element.length > 0) return element;
    }
    return undefined;
  }

  #bytes({ offset, length }: Element): Uint8Array {
    return this.reader.bytes.subarray(offset, offset + length);
  }

  /** Text without padding and control characters, decoded by SpecificCharacterSet; null when absent or blank. */
  text(t: Tag): string | null {
    const element = this.element(t);
    if (element === undefined) return null;
    const decode = asciiVrs.has(t.vr) ? ascii : this.#decode;
    const text = decode(this.#bytes(element).subarray(0, MOST_TEXT), t.vr === 'PN' ? 'name' : 'text');
    return (control.test(text) ? text.replace(controls, '') : text).trim() || null;
  }

  /** The values of a text element, in capitals; none when absent. */
  terms(t: Tag): string[] {
    const text = this.text(t);
    if (text === null) return [];
    return text.split('\\').flatMap((term) => term.trim().toUpperCase() || []);
  }

  #numbers(t: Tag): number[] | null {
    const element = this.element(t);
    if (element === undefined) return null;
    const kind = binary[element.vr && element.vr !== 'UN' ? element.vr : t.vr];
    if (kind === undefined) return this.text(t)?.split('\\').map(decimalOf) ?? null;
    const [size, read] = kind;
    return Array.from({ length: Math.floor(element.length / size) }, (_, i) =>
      read(this.reader.view, element.offset + i * size, this.reader.encoding.littleEndian),
    );
  }

  /** All numbers of an element, or null when absent. Throws DicomError when one is not a finite number. */
  numbers(t: Tag): number[] | null {
    const values = this.#numbers(t);
    if (values === null || values.every(Number.isFinite)) return values;
    const kind = this.element(t)!.vr;
    const shown = (binary[kind] ? values.join('\\') : this.text(t)!).slice(0, MOST_SHOWN);
    throw this.error(t, `holds "${shown}", which is not all finite numbers`, 'Correct or remove the file.');
  }

  /** Exactly `count` numbers. Throws DicomError when absent, of another count or not finite. */
  required(t: Tag, count: number): number[] {
    const values = this.numbers(t);
    if (values === null)
      throw this.error(t, 'is missing', 'Only images that carry their position in the patient can be used.');
    if (values.length === count) return values;
    throw this.error(t, `holds ${values.length} numbers instead of ${count}`, 'Correct or remove the file.');
  }

  /** First number of an element, or null. Throws DicomError when it is not a finite number. */
  number(t: Tag): number | null {
    return this.numbers(t)?.[0] ?? null;
  }

  /** First number of an element that images can do without; null also where it is none. */
  hint(t: Tag): number | null {
    const value = this.#numbers(t)?.[0];
    return value !== undefined && Number.isFinite(value) ? value : null;
  }

  /** A count of pixels or bits. Throws DicomError when absent and no default is given, or not a number. */
  count(t: Tag, otherwise?: number): number {
    const value = this.number(t) ?? otherwise;
    if (value === undefined) throw this.error(t, 'is missing', 'The file is not a usable image.');
    return value;
  }

  /** The elements of each item of a sequence; none where it is absent. */
  items(t: Tag): Elements[] {
    const element = this.element(t);
    return element ? this.itemsOf(element) : [];
  }

  itemsOf(element: Element): Elements[] {
    const reader = this.#readerOf(element);
    return reader.items(element).map(({ offset, length }) => reader.walk(offset, offset + length).elements);
  }

  /** A sequence of unknown representation is in implicit VR, unless its first item says otherwise. */
  #readerOf(element: Element): ElementReader {
    if (element.explicit !== this.reader.encoding.explicit) return this.#implicit();
    if (element.vr !== 'UN') return this.reader;
    const first = element.offset + 8;
    const inExplicit = this.reader.plausible(first, element.offset + element.length);
    return inExplicit ? this.reader : this.#implicit();
  }

  #implicit(): ElementReader {
    return new ElementReader(this.reader.bytes, { explicit: false, littleEndian: true });
  }

  /** This data set between other layers: `before` answer first, `behind` where nothing else does. */
  between(before: readonly Elements[], behind: readonly Elements[] = []): DataSet {
    return new DataSet(this.file, this.reader, [...before, ...this.#layers, ...behind], this);
  }
}
