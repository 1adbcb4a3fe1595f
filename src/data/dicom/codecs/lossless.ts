/** @file JPEG lossless (ITU-T T.81 annex H): one component, Huffman coding, any predictor and point transform. */

import { type JpegHead, markers, segments } from './markers.ts';
import { type DecodedFrame, frameOf, sampleBytes } from './types.ts';

/** A code's length and symbol at every 16 bits that begin with it (length · 256 + symbol); 0 where none does. */
type HuffmanTable = Uint16Array;

const codeBits = 16;
/** The largest category of a difference (table H.2). */
const largestCategory = 16;

interface Scan {
  readonly table: HuffmanTable;
  /** Selection value, 1 to 7 (table H.1). */
  readonly predictor: number;
  readonly pointTransform: number;
  /** Rows from one restart marker to the next, 0 without any. */
  readonly restartRows: number;
  /** Where entropy-coded data begin. */
  readonly start: number;
}

/** Codes of one table, shortest first (annex C). */
function tableOf(counts: Uint8Array, symbols: Uint8Array): HuffmanTable {
  const table = new Uint16Array(1 << codeBits);
  let [filled, next] = [0, 0];
  for (let length = 1; length <= codeBits; length++)
    for (let i = 0; i < counts[length - 1]!; i++) {
      const symbol = symbols[next++];
      const span = 1 << (codeBits - length);
      if (symbol === undefined || filled + span > table.length)
        throw new Error('a Huffman table of the stream is damaged');
      table.fill(length * 256 + symbol, filled, filled + span);
      filled += span;
    }
  return table;
}

/** Adds the tables of a DHT segment (B.2.4.2); AC tables have no use here. */
function readTables(content: Uint8Array, tables: Map<number, HuffmanTable>): void {
  for (let at = 0; at + 17 <= content.length; ) {
    const counts = content.subarray(at + 1, at + 17);
    const symbols = counts.reduce((sum, count) => sum + count, 0);
    const end = at + 17 + symbols;
    if (content[at]! < 16) tables.set(content[at]!, tableOf(counts, content.subarray(at + 17, end)));
    at = end;
  }
}

/** The head of a scan (B.2.3) with what the segments before it define. */
function readScan(stream: Uint8Array, { columns, precision }: JpegHead): Scan {
  const tables = new Map<number, HuffmanTable>();
  let interval = 0;
  for (const { marker, content, next: start } of segments(stream)) {
    if (marker === markers.huffman) readTables(content, tables);
    if (marker === markers.interval) interval = (content[0]! << 8) | content[1]!;
    if (marker !== markers.scan) continue;
    const table = tables.get(content[2]! >> 4);
    const [predictor, pointTransform] = [content[3]!, content[5]! & 15];
    if (!table) throw new Error('the stream lacks its Huffman table');
    if (content[0] !== 1 || !(predictor >= 1 && predictor <= 7) || pointTransform >= precision)
      throw new Error('the scan header of the stream is not one of JPEG lossless');
    if (interval % columns !== 0)
      throw new Error('the stream restarts within rows, which JPEG lossless cannot');
    return { table, predictor, pointTransform, restartRows: interval / columns, start };
  }
  throw new Error('the stream ends before its image');
}

/** Bits of entropy-coded data. Those past its end are zeros to look at and an error to take. */
class BitReader {
  readonly #stream: Uint8Array;
  #at: number;
  #held = 0;
  #count = 0;
  #beyond = 0;

  constructor(stream: Uint8Array, start: number) {
    this.#stream = stream;
    this.#at = start;
  }

  #fill(): void {
    const byte = this.#stream[this.#at];
    const isData = byte !== undefined && (byte !== 0xff || this.#stream[this.#at + 1] === 0);
    if (isData) this.#at += byte === 0xff ? 2 : 1;
    else this.#beyond += 8;
    this.#held = (this.#held << 8) | (isData ? byte : 0);
    this.#count += 8;
  }

  /** The next bits, at most 16, which stay. */
  look(bits: number): number {
    while (this.#count < bits) this.#fill();
    return (this.#held >>> (this.#count - bits)) & ((1 << bits) - 1);
  }

  take(bits: number): void {
    this.#count -= bits;
    if (this.#count < this.#beyond) throw new Error('the stream ends before its image is full');
  }

  /**
   * Throws Error where more is left, up to the next marker or the end, than a byte of padding: a stream that was cut short and
   * filled up with zeros is full early, for these are codes too.
   */
  end(): void {
    const { length } = this.#stream;
    let left = Math.floor((this.#count - this.#beyond) / 8);
    let at = this.#at;
    for (; left <= 1 && at < length; at++, left++)
      if (this.#stream[at] === 0xff && this.#stream[at + 1] !== 0) break;
    const unmarked = at >= length && this.#stream[length - 1] === 0 && this.#stream[length - 2] === 0;
    if (left > 1 || unmarked)
      throw new Error('the stream holds more than its image: it is damaged or was cut short');
  }

  /** Goes on behind restart marker `index` (modulo 8). */
  restart(index: number): void {
    this.end();
    while (this.#stream[this.#at] === 0xff && this.#stream[this.#at + 1] === 0xff) this.#at++;
    if (this.#stream[this.#at] !== 0xff || this.#stream[this.#at + 1] !== markers.restart + (index & 7))
      throw new Error('a restart marker of the stream is missing');
    this.#at += 2;
    this.#held = this.#count = this.#beyond = 0;
  }
}

/** One difference (H.1.2.2), to be added modulo 2¹⁶. */
function difference(reader: BitReader, table: HuffmanTable): number {
  const entry = table[reader.look(codeBits)]!;
  const category = entry & 255;
  if (entry === 0 || category > largestCategory) throw new Error('the stream holds a code without meaning');
  reader.take(entry >> 8);
  if (category === 0 || category === largestCategory) return category === 0 ? 0 : 32768;
  const bits = reader.look(category);
  reader.take(category);
  return bits < 1 << (category - 1) ? bits - (1 << category) + 1 : bits;
}

/** Prediction from the samples left of, above and above left of one (table H.1). */
const predictors: readonly ((left: number, above: number, corner: number) => number)[] = [
  (left) => left,
  (_, above) => above,
  (_, __, corner) => corner,
  (left, above, corner) => left + above - corner,
  (left, above, corner) => left + ((above - corner) >> 1),
  (left, above, corner) => above + ((left - corner) >> 1),
  (left, above) => (left + above) >> 1,
];

/** The first row after the start or a restart: predicted from the left, its first sample as half of the range. */
function firstRow(samples: Uint16Array, half: number, next: () => number): void {
  for (let x = 0; x < samples.length; x++) samples[x] = (x === 0 ? half : samples[x - 1]!) + next();
}

/** A row that has one above; its first sample is predicted from that. */
function furtherRow(samples: Uint16Array, above: Uint16Array, predictor: number, next: () => number): void {
  const predict = predictors[predictor - 1]!;
  samples[0] = above[0]! + next();
  for (let x = 1; x < samples.length; x++)
    samples[x] = predict(samples[x - 1]!, above[x]!, above[x - 1]!) + next();
}

function samplesOf(stream: Uint8Array, head: JpegHead, scan: Scan): Uint16Array {
  const { rows, columns, precision } = head;
  const samples = new Uint16Array(rows * columns);
  const reader = new BitReader(stream, scan.start);
  const next = () => difference(reader, scan.table);
  for (let y = 0; y < rows; y++) {
    const row = samples.subarray(y * columns, (y + 1) * columns);
    const isRestart = scan.restartRows > 0 && y > 0 && y % scan.restartRows === 0;
    if (isRestart) reader.restart(y / scan.restartRows - 1);
    if (y === 0 || isRestart) firstRow(row, 1 << (precision - scan.pointTransform - 1), next);
    else furtherRow(row, samples.subarray((y - 1) * columns, y * columns), scan.predictor, next);
  }
  reader.end();
  return samples;
}

/** Decodes a JPEG lossless stream of one component. Throws Error where it is damaged or cut short. */
export function decodeLossless(stream: Uint8Array, head: JpegHead): DecodedFrame {
  const scan = readScan(stream, head);
  // Every sample takes a bit.
  if (head.rows * head.columns > 8 * stream.length)
    throw new Error('the stream ends before its image is full');
  const samples = samplesOf(stream, head, scan);
  for (let i = 0; i < samples.length; i++) samples[i] = samples[i]! << scan.pointTransform;
  const isByte = sampleBytes(head.precision) === 1;
  return frameOf(head, isByte ? Uint8Array.from(samples) : new Uint8Array(samples.buffer));
}
