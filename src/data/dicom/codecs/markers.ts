/** @file Marker segments, which JPEG (ITU-T T.81 annex B) and JPEG-LS (T.87 annex C) streams are made of. */

import type { StreamHead } from './types.ts';

export const markers = {
  restart: 0xd0,
  image: 0xd8,
  end: 0xd9,
  huffman: 0xc4,
  scan: 0xda,
  interval: 0xdd,
} as const;

/** Processes by the marker of their frame header (SOF). */
export const processes = {
  baseline: 0xc0,
  extended: 0xc1,
  progressive: 0xc2,
  lossless: 0xc3,
  extendedArithmetic: 0xc9,
  progressiveArithmetic: 0xca,
  losslessArithmetic: 0xcb,
  jpegLs: 0xf7,
  jpegLsExtended: 0xf9,
} as const;

/** A marker segment: its content without the length, and where the stream goes on. */
export interface Segment {
  readonly marker: number;
  readonly content: Uint8Array;
  readonly next: number;
}

/** TEM, RST, SOI and a stuffed FF have no length. */
const standsAlone = (marker: number): boolean =>
  marker <= 1 || (marker >= markers.restart && marker <= markers.image);

/** Segments up to the head of the first scan; fill bytes (B.1.1.2) and what is no marker are skipped. */
export function* segments(stream: Uint8Array): Generator<Segment> {
  for (let at = stream.indexOf(0xff); at >= 0; at = stream.indexOf(0xff, at)) {
    while (stream[at] === 0xff) at++;
    const marker = stream[at++];
    if (marker === undefined || marker === markers.end) return;
    if (standsAlone(marker)) continue;
    const next = at + ((stream[at]! << 8) | stream[at + 1]!);
    if (!(next > at + 1 && next <= stream.length)) throw new Error('the stream ends within its head');
    yield { marker, content: stream.subarray(at + 2, next), next };
    if (marker === markers.scan) return;
    at = next;
  }
}

/** The frame header (B.2.2). */
export interface JpegHead extends StreamHead {
  readonly process: number;
}

/** SOF0 to 15 but for DHT, JPG and DAC among them; JPEG-LS and its extensions. */
const isFrame = (marker: number): boolean =>
  (marker >= 0xc0 && marker <= 0xcf && marker !== markers.huffman && marker !== 0xc8 && marker !== 0xcc) ||
  marker === processes.jpegLs ||
  marker === processes.jpegLsExtended;

/** Finds the frame header. Throws Error where there is none. */
export function jpegHead(stream: Uint8Array): JpegHead {
  for (const { marker: process, content } of segments(stream)) {
    if (!isFrame(process) || content.length < 6) continue;
    const view = new DataView(content.buffer, content.byteOffset);
    const [precision, components] = [view.getUint8(0), view.getUint8(5)];
    return { process, precision, rows: view.getUint16(1), columns: view.getUint16(3), components };
  }
  throw new Error('the JPEG stream has no frame header');
}

function closed(stream: Uint8Array, length: number): Uint8Array {
  let last = length;
  // No data ends with FF: what does is fill, or half of the marker.
  while (stream[last - 1] === 0xff) last--;
  const whole = new Uint8Array(last + 2);
  whole.set(stream.subarray(0, last));
  whole.set([0xff, markers.end], last);
  return whole;
}

/** The stream with the end marker some encoders leave out; the second lacks a last zero, which may be padding. */
export function withEnd(stream: Uint8Array): Uint8Array[] {
  const { length } = stream;
  return [closed(stream, length), ...(stream[length - 1] === 0 ? [closed(stream, length - 1)] : [])];
}

/** The stream up to the end marker behind its scan. Throws Error where there is none. */
export function upToEnd(stream: Uint8Array): Uint8Array {
  const scan = [...segments(stream)].at(-1)?.next ?? 0;
  for (let at = stream.indexOf(0xff, scan); at >= 0; at = stream.indexOf(0xff, at + 1))
    if (stream[at + 1] === markers.end) return stream.subarray(0, at + 2);
  throw new Error('the stream is cut short: it has no end marker');
}
