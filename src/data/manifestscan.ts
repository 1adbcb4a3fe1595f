/** @file Finds the images' records in a manifest that comes in pieces, so that none need hold all of it. */
import { FileError } from '../base/errors.ts';
import { advice } from './storenames.ts';

/** Numbers that become more. */
class Growing {
  #values = new Uint32Array(1024);
  length = 0;

  push(value: number): void {
    if (this.length === this.#values.length) {
      const more = new Uint32Array(2 * this.length);
      more.set(this.#values);
      this.#values = more;
    }
    this.#values[this.length++] = value;
  }

  /** What there is. */
  get values(): Uint32Array {
    return this.#values.slice(0, this.length);
  }
}

/** Records between two whose places are kept. */
const EVERY = 64;

/** Where records lie in a file. */
export class RecordPlaces {
  readonly #starts: readonly number[];
  readonly #spans: Uint32Array;

  /** @param starts of every 64th record @param spans of each record from its first byte to the next one's, of the last to its end */
  constructor(starts: readonly number[], spans: Uint32Array) {
    this.#starts = starts;
    this.#spans = spans;
  }

  get count(): number {
    return this.#spans.length;
  }

  /** Where record `index` begins; of one behind the last, where that ends. */
  startOf(index: number): number {
    const block = Math.min(Math.floor(index / EVERY), this.#starts.length - 1);
    let at = this.#starts[block] ?? 0;
    for (let i = block * EVERY; i < index; i++) at += this.#spans[i]!;
    return at;
  }
}

/** What a manifest holds. */
export interface ScannedManifest {
  /** The manifest's bytes with an empty list of images. */
  readonly rest: Uint8Array;
  readonly places: RecordPlaces;
}

const [QUOTE, BACKSLASH, COMMA, COLON] = [34, 92, 44, 58];
const [OPEN, CLOSE, BEGIN, END] = [123, 125, 91, 93];
const isSpace = (byte: number): boolean => byte === 32 || (byte >= 9 && byte <= 13);
const key = new TextEncoder().encode('"images"');

/** How far the scan is: before the images' key, between key and list, in the list, behind it. */
type Stage = 'before' | 'key' | 'list' | 'behind';

/** Reads a manifest's bytes in order. Whether its parts are JSON shows when they are parsed. */
export class ManifestScan {
  readonly #file: string;
  readonly #rest: Uint8Array[] = [];
  readonly #starts: number[] = [];
  readonly #spans = new Growing();
  #stage: Stage = 'before';
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** Bytes of the key that the string at hand, in the manifest itself, began with; -1: it is another. */
  #matched = -1;
  /** Of the whole file, where the piece begins. */
  #offset = 0;
  /** Where the record at hand, or the last one, began, and where that ended. */
  #start = -1;
  #end = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** @throws FileError where its images are no list of records */
  add(bytes: Uint8Array): void {
    // what is kept of this piece begins here; -1: nothing, for it lies in the list
    let kept = this.#stage === 'list' ? -1 : 0;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i]!;
      if (this.#inString) {
        this.#string(byte);
        continue;
      }
      if (isSpace(byte)) continue;
      if (this.#stage === 'key' && byte !== COLON) {
        if (byte !== BEGIN) throw this.#refused();
        this.#rest.push(bytes.slice(kept, i + 1));
        kept = -1;
        this.#stage = 'list';
        this.#depth++;
        continue;
      }
      if (this.#stage === 'list' && this.#depth === 2 && this.#element(byte, this.#offset + i)) {
        kept = i;
        this.#stage = 'behind';
      }
      this.#token(byte, this.#offset + i);
    }
    if (kept >= 0) this.#rest.push(bytes.slice(kept));
    this.#offset += bytes.length;
  }

  /** A byte within a string. */
  #string(byte: number): void {
    if (this.#matched >= 0) this.#matched = byte === key[this.#matched] ? this.#matched + 1 : -1;
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) this.#inString = false;
  }

  /** A byte between the list's records; whether it ends the list. */
  #element(byte: number, at: number): boolean {
    if (byte === OPEN) {
      if (this.#start >= 0) this.#spans.push(at - this.#start);
      if (this.#spans.length % EVERY === 0) this.#starts.push(at);
      this.#start = at;
      return false;
    }
    if (byte === END) {
      if (this.#start >= 0) this.#spans.push(this.#end - this.#start);
      return true;
    }
    if (byte !== COMMA) throw this.#refused();
    return false;
  }

  #token(byte: number, at: number): void {
    const whole = this.#matched === key.length;
    if (byte === COLON && whole && this.#depth === 1) {
      if (this.#stage !== 'before') throw this.#refused();
      this.#stage = 'key';
    }
    this.#matched = -1;
    if (byte === QUOTE) {
      this.#inString = true;
      this.#matched = this.#depth === 1 ? 1 : -1;
    } else if (byte === OPEN || byte === BEGIN) this.#depth++;
    else if (byte === CLOSE || byte === END) {
      this.#depth--;
      if (this.#stage === 'list' && this.#depth === 2) this.#end = at + 1;
    }
  }

  /** @throws FileError where the file ended within its images */
  end(): ScannedManifest {
    if (this.#stage === 'list' || this.#stage === 'key' || this.#inString)
      throw new FileError(this.#file, 'is not complete JSON', advice);
    const rest = new Uint8Array(this.#rest.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of this.#rest) {
      rest.set(part, at);
      at += part.length;
    }
    return { rest, places: new RecordPlaces(this.#starts, this.#spans.values) };
  }

  #refused(): FileError {
    return new FileError(this.#file, 'lacks fields of a prepared store', advice);
  }
}
