/** @file RLE Lossless (PS3.5 annex G): byte planes, most significant first, each a PackBits segment. */

import type { DecodedFrame, FrameShape } from './types.ts';

const headerBytes = 64;
const maxSegments = 15;

/** Whether the bytes begin with an RLE header for an image of this kind. */
export function isRle(encoded: Uint8Array, { bitsAllocated }: FrameShape): boolean {
  if (encoded.length < headerBytes) return false;
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  return view.getUint32(0, true) * 8 === bitsAllocated && view.getUint32(4, true) === headerBytes;
}

/** Every `stride`-th byte of an image, from `first`; what an encoder pads with lies beyond its end. */
class Plane {
  readonly #out: Uint8Array;
  readonly #stride: number;
  #at: number;
  #beyond = 0;

  constructor(out: Uint8Array, first: number, stride: number) {
    this.#out = out;
    this.#at = first;
    this.#stride = stride;
  }

  put(value: number): void {
    if (this.#at < this.#out.length) this.#out[this.#at] = value;
    // One byte makes an odd image even; more than that is another image, unless it is blank.
    else if (this.#beyond++ > 0 && value !== 0) throw new Error('an RLE segment is larger than the image');
    this.#at += this.#stride;
  }

  check(): void {
    if (this.#at < this.#out.length) throw new Error('an RLE segment ends before the image is full');
  }
}

function unpackBits(source: Uint8Array, plane: Plane): void {
  for (let from = 0; from < source.length; ) {
    const control = source[from++]!;
    const literals = control < 128 ? Math.min(control + 1, source.length - from) : 0;
    for (let i = 0; i < literals; i++) plane.put(source[from++]!);
    if (control <= 128 || from === source.length) continue;
    for (let i = 0; i < 257 - control; i++) plane.put(source[from]!);
    from++;
  }
  plane.check();
}

/** Where each segment starts and ends, whatever their order in the stream. */
function segmentsOf(encoded: Uint8Array, count: number): [number, number][] {
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  const starts = Array.from({ length: count }, (_, i) => view.getUint32(4 + 4 * i, true));
  if (starts.some((start) => start < headerBytes || start >= encoded.length))
    throw new Error('an RLE segment lies outside the stream');
  return starts.map((start) => [start, Math.min(encoded.length, ...starts.filter((other) => other > start))]);
}

/** Decodes an RLE stream, which does not say how large its image is. Throws Error where it is damaged. */
export function decodeRle(encoded: Uint8Array, { rows, columns, bitsAllocated }: FrameShape): DecodedFrame {
  const planes = (bitsAllocated / 8) as 1 | 2 | 4;
  if (encoded.length < headerBytes) throw new Error('the stream is shorter than an RLE header');
  const count = new DataView(encoded.buffer, encoded.byteOffset).getUint32(0, true);
  if (count < 1 || count > maxSegments) throw new Error('the stream begins with no RLE header');
  if (count % planes === 0 && count > planes)
    throw new Error(`the stream has ${count / planes} colour components`);
  if (count !== planes)
    throw new Error(`the RLE header declares ${count} byte planes for ${bitsAllocated} bits`);
  // Two bytes stand for 128 at most.
  if (rows * columns > 64 * encoded.length) throw new Error('an RLE segment ends before the image is full');
  const bytes = new Uint8Array(rows * columns * planes);
  for (const [i, [start, end]] of segmentsOf(encoded, count).entries())
    unpackBits(encoded.subarray(start, end), new Plane(bytes, planes - 1 - i, planes));
  return { bytes, bytesPerSample: planes };
}
