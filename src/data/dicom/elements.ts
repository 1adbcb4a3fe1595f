/** @file Walks encoded elements (PS3.5 §7): tags, value representations and lengths, also where a writer got one wrong. */

/** How a data set is written. */
export interface Encoding {
  readonly explicit: boolean;
  readonly littleEndian: boolean;
}

/** Where bytes lie in a file. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** An element: its value's place, and that of its fragments where it is encapsulated pixel data. */
export interface Element extends Extent {
  /** As written; '' where it is not. */
  readonly vr: string;
  /** Whether it stands among elements in explicit VR. */
  readonly explicit: boolean;
  /** False where the file ends within the value; `length` is then what there is of it. */
  readonly whole: boolean;
  /** Of encapsulated pixel data (PS3.5 §A.4): first the offset table, then the fragments. */
  readonly fragments?: readonly Extent[];
}

export type Elements = ReadonlyMap<number, Element>;

/** Elements up to and including PixelData, and the one within or behind which the file breaks off, if it does. */
export interface Walk {
  readonly elements: Elements;
  readonly cut: number | null;
  readonly end: number;
}

const names = 'AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US';
const longNames = 'OB OD OF OL OV OW SQ SV UC UN UR UT UV';
const longVrs = new Set(longNames.split(' '));

/** Value representations by their two bytes, as a big-endian number. */
const vrs = new Map(
  `${names} ${longNames}`
    .split(' ')
    .map((vr): [number, string] => [vr.charCodeAt(0) * 256 + vr.charCodeAt(1), vr]),
);

const undefinedLength = 0xffffffff;
const item = 0xfffee000;
const itemEnd = 0xfffee00d;
const sequenceEnd = 0xfffee0dd;
const pixelData = 0x7fe00010;

/** Sequences within sequences; more is damage. */
const deepest = 500;

/** One way to read an element's head. */
interface Head {
  readonly vr: string;
  readonly offset: number;
  readonly length: number;
}

/** Reads elements of one encoding out of a file's bytes. */
export class ElementReader {
  readonly bytes: Uint8Array;
  readonly encoding: Encoding;
  readonly view: DataView;

  constructor(bytes: Uint8Array, encoding: Encoding) {
    this.bytes = bytes;
    this.encoding = encoding;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  tagAt(at: number): number {
    const little = this.encoding.littleEndian;
    return this.view.getUint16(at, little) * 0x10000 + this.view.getUint16(at + 2, little);
  }

  /** The value representation at `at`, or '' where there is none. */
  #vrAt(at: number): string {
    return vrs.get(this.view.getUint16(at)) ?? '';
  }

  #long(at: number): number {
    return this.view.getUint32(at, this.encoding.littleEndian);
  }

  #implicit(at: number): Head {
    return { vr: '', offset: at + 8, length: this.#long(at + 4) };
  }

  #short(at: number, vr: string): Head {
    const length = this.view.getUint16(at + 6, this.encoding.littleEndian);
    return { vr, offset: at + 8, length };
  }

  #longForm(at: number, vr: string, end: number): Head {
    // Where the file ends within the length, the value is one that is not there.
    return at + 12 > end
      ? { vr, offset: end, length: 1 }
      : { vr, offset: at + 12, length: this.#long(at + 8) };
  }

  /** The head at `at` as it should be read. */
  #regular(at: number, end: number): Head {
    if (!this.encoding.explicit || this.tagAt(at) >= 0xfffe0000) return this.#implicit(at);
    const vr = this.#vrAt(at + 4);
    return longVrs.has(vr) ? this.#longForm(at, vr, end) : this.#short(at, vr);
  }

  /** Other ways to read it, likeliest first: a VR left out, blank, or of an edition to come (long form, PS3.5 §6.2.2). */
  #irregular(at: number, end: number): Head[] {
    if (!this.encoding.explicit || this.tagAt(at) >= 0xfffe0000) return [];
    const vr = this.#vrAt(at + 4);
    const letters = /^[A-Z]{2}$/.test(String.fromCharCode(this.bytes[at + 4]!, this.bytes[at + 5]!));
    const long = this.#longForm(at, vr, end);
    return letters ? [long, this.#short(at, vr), this.#implicit(at)] : [this.#implicit(at), long];
  }

  /** Whether an element may begin at `at`. */
  plausible(at: number, end: number): boolean {
    if (at + 8 > end) return at <= end;
    const tag = this.tagAt(at);
    if (tag >= 0xfffe0000) return tag === item || tag === itemEnd || tag === sequenceEnd;
    if (this.encoding.explicit) return this.#vrAt(at + 4) !== '';
    const length = this.#long(at + 4);
    return tag > 0 && (length === undefinedLength || at + 8 + length <= end);
  }

  #fits({ offset, length }: Head, end: number): boolean {
    return length === undefinedLength || (offset + length <= end && this.plausible(offset + length, end));
  }

  /** Whether a head leads to an element that lacks its VR too, or to items, of which there may be none. */
  #leadsOn({ offset, length }: Head, tag: number, end: number): boolean {
    if (length === undefinedLength)
      return offset + 8 <= end && [item, sequenceEnd].includes(this.tagAt(offset));
    const next = offset + length;
    return next + 8 <= end && this.tagAt(next) > tag && next + 8 + this.#long(next + 4) <= end;
  }

  #head(at: number, end: number): Head {
    const regular = this.#regular(at, end);
    const tag = this.tagAt(at);
    const known = regular.vr !== '' || !this.encoding.explicit;
    if ((tag === pixelData && known) || this.#fits(regular, end)) return regular;
    const irregular = this.#irregular(at, end);
    const fitting = irregular.find((head) => head.length !== undefinedLength && this.#fits(head, end));
    if (fitting || known) return fitting ?? regular;
    return irregular.find((head) => this.#leadsOn(head, tag, end)) ?? regular;
  }

  /** The element at `at`, and where the next one begins. */
  element(at: number, end: number, depth = 0): { element: Element; next: number } {
    const { vr, offset, length } = this.#head(at, end);
    const { explicit } = this.encoding;
    if (length !== undefinedLength) {
      const there = Math.min(length, end - offset);
      const element = { vr, explicit, offset, length: there, whole: there === length };
      return { element, next: offset + there };
    }
    if (this.tagAt(at) === pixelData) {
      const { fragments, whole, next } = this.fragments(offset, end);
      return { element: { vr, explicit, offset, length: next - offset, whole, fragments }, next };
    }
    // A sequence of unknown representation is written in implicit VR, little endian (PS3.5 §6.2.2 note 2).
    const inner = vr === 'UN' ? this.#inImplicit() : this;
    const next = inner.#skipItems(offset, end, depth + 1);
    return { element: { vr: vr || 'SQ', explicit, offset, length: next - offset, whole: true }, next };
  }

  #inImplicit(): ElementReader {
    return new ElementReader(this.bytes, { explicit: false, littleEndian: true });
  }

  /** The fragments of encapsulated pixel data, up to the sequence's delimiter, whatever length that claims. */
  fragments(at: number, end: number): { fragments: Extent[]; whole: boolean; next: number } {
    const fragments: Extent[] = [];
    let place = at;
    while (place + 8 <= end) {
      const tag = this.tagAt(place);
      if (tag === sequenceEnd) return { fragments, whole: true, next: place + 8 };
      if (tag !== item) break;
      const length = this.#long(place + 4);
      const there = Math.min(length, end - place - 8);
      fragments.push({ offset: place + 8, length: there });
      if (there < length) return { fragments, whole: false, next: end };
      place += 8 + length;
    }
    return { fragments, whole: true, next: Math.min(place, end) };
  }

  /** Past the items of a sequence of undefined length, and its delimiter. */
  #skipItems(at: number, end: number, depth: number): number {
    let place = at;
    while (place + 8 <= end && depth < deepest) {
      const tag = this.tagAt(place);
      if (tag === sequenceEnd) return place + 8;
      if (tag !== item) return place;
      place = this.#item(place, end, depth).next;
    }
    return Math.min(place, end);
  }

  /** The extent of the item at `at`, without its delimiter. */
  #item(at: number, end: number, depth: number): { from: number; to: number; next: number } {
    const length = this.#long(at + 4);
    if (length !== undefinedLength) {
      const to = Math.min(at + 8 + length, end);
      return { from: at + 8, to, next: to };
    }
    const { end: to } = this.walk(at + 8, end, depth);
    const next = to + 8 <= end && this.tagAt(to) === itemEnd ? to + 8 : to;
    return { from: at + 8, to, next };
  }

  /** The extents of a sequence's items. */
  items({ offset, length }: Extent): Extent[] {
    const end = offset + length;
    const found: Extent[] = [];
    for (let at = offset; at + 8 <= end && this.tagAt(at) === item; ) {
      const { from, to, next } = this.#item(at, end, 1);
      found.push({ offset: from, length: to - from });
      at = next;
    }
    return found;
  }

  /** Elements from `at` on, up to PixelData, the item's end or `end`. The first of two with one tag counts. */
  walk(at: number, end: number, depth = 0): Walk {
    const elements = new Map<number, Element>();
    let [place, last] = [at, 0];
    while (place + 8 <= end && depth < deepest) {
      const tag = this.tagAt(place);
      if (tag === itemEnd || tag === sequenceEnd) break;
      const { element, next } = this.element(place, end, depth);
      if (!elements.has(tag)) elements.set(tag, element);
      if (tag === pixelData) return { elements, cut: null, end: next };
      if (!element.whole) return { elements, cut: tag, end };
      [place, last] = [next, tag];
    }
    // Bytes that are too few for an element are what is left of one.
    const cut = place < end && place + 8 > end ? last : null;
    return { elements, cut, end: Math.min(place, end) };
  }
}
