/** @file Compressed pixel data: RLE by hand, JPEG, JPEG lossless, JPEG-LS and JPEG 2000 by libraries loaded on first use. */

/** Decoded samples of one grey image, little endian, 1 or 2 (RLE also 4) bytes each, row-major. */
export interface DecodedFrame {
  readonly bytes: Uint8Array;
  readonly bytesPerSample: number;
  /** Image size by the compressed stream, where it says so. */
  readonly size?: { readonly rows: number; readonly columns: number };
}

interface FrameInfo {
  readonly width: number;
  readonly height: number;
  readonly bitsPerSample: number;
  readonly componentCount: number;
}

/** What the WebAssembly decoders have in common. */
interface BufferDecoder {
  getEncodedBuffer(length: number): Uint8Array;
  getDecodedBuffer(): Uint8Array;
  decode(): void;
  getFrameInfo(): FrameInfo;
  delete(): void;
}

type Decode = (encoded: Uint8Array, shape: FrameShape) => Promise<DecodedFrame>;

export interface FrameShape {
  readonly rows: number;
  readonly columns: number;
  readonly bitsAllocated: number;
}

/** One byte plane of PackBits (PS3.5 annex G.3.2) into every `stride`-th byte of `out`, from `first`. */
function unpackBits(source: Uint8Array, out: Uint8Array, first: number, stride: number): void {
  let to = first;
  for (let from = 0; from < source.length && to < out.length; ) {
    const control = source[from++]!;
    if (control < 128)
      for (let i = 0; i <= control && to < out.length && from < source.length; i++, to += stride)
        out[to] = source[from++]!;
    else if (control > 128) {
      const value = source[from++]!;
      for (let i = 0; i < 257 - control && to < out.length; i++, to += stride) out[to] = value;
    }
  }
  if (to < out.length) throw new Error('an RLE segment ends before the image is full');
}

/** RLE Lossless (PS3.5 annex G): byte planes, most significant first. */
async function decodeRle(encoded: Uint8Array, shape: FrameShape): Promise<DecodedFrame> {
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  const planes = encoded.length >= 64 ? view.getUint32(0, true) : 0;
  if (planes !== shape.bitsAllocated / 8)
    throw new Error(`the RLE header declares ${planes} byte planes for ${shape.bitsAllocated} bits`);
  const bytes = new Uint8Array(shape.rows * shape.columns * planes);
  for (let plane = 0; plane < planes; plane++) {
    const start = view.getUint32(4 + 4 * plane, true);
    const end = plane + 1 < planes ? view.getUint32(8 + 4 * plane, true) : encoded.length;
    unpackBits(encoded.subarray(start, end), bytes, planes - 1 - plane, planes);
  }
  return { bytes, bytesPerSample: planes };
}

async function decodeJpegLossless(encoded: Uint8Array, shape: FrameShape): Promise<DecodedFrame> {
  const { Decoder } = await import('jpeg-lossless-decoder-js');
  const copy = encoded.slice();
  const decoder = new Decoder();
  const samples = decoder.decode(copy.buffer, 0, copy.length, shape.bitsAllocated <= 8 ? 1 : 2);
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  const { dimX, dimY } = decoder.frame;
  return { bytes, bytesPerSample: samples.BYTES_PER_ELEMENT, size: { rows: dimY, columns: dimX } };
}

/** Runs a decoder of the @cornerstonejs family and copies the pixels out of its heap. */
function runDecoder(decoder: BufferDecoder, encoded: Uint8Array): DecodedFrame {
  try {
    decoder.getEncodedBuffer(encoded.length).set(encoded);
    decoder.decode();
    const info = decoder.getFrameInfo();
    if (info.componentCount !== 1) throw new Error(`the stream has ${info.componentCount} colour components`);
    return {
      bytes: decoder.getDecodedBuffer().slice(),
      bytesPerSample: info.bitsPerSample <= 8 ? 1 : 2,
      size: { rows: info.height, columns: info.width },
    };
  } finally {
    decoder.delete();
  }
}

/** A codec package: a factory that resolves to a module with one decoder class. */
type Factory = (options: object) => Promise<Record<string, new () => BufferDecoder>>;

/** A decoder whose module is loaded and started once, without its progress messages. */
function wasmDecoder(load: () => Promise<unknown>, name: string): Decode {
  const start = async () => {
    const factory = ((await load()) as { default: Factory }).default;
    return (await factory({ print: () => {}, printErr: () => {} }))[name]!;
  };
  let started: ReturnType<typeof start> | undefined;
  return async (encoded) => {
    started ??= start();
    return runDecoder(new (await started)(), encoded);
  };
}

const jpeg = wasmDecoder(() => import('@cornerstonejs/codec-libjpeg-turbo-8bit/decode'), 'JPEGDecoder');
const jpegLs = wasmDecoder(() => import('@cornerstonejs/codec-charls/decode'), 'JpegLSDecoder');
const jpeg2000 = wasmDecoder(() => import('@cornerstonejs/codec-openjpeg/decode'), 'J2KDecoder');

/** Encapsulated transfer syntaxes (PS3.5 annex A.4) that can be decoded. */
const codecs: Record<string, Decode> = {
  '1.2.840.10008.1.2.5': decodeRle,
  '1.2.840.10008.1.2.4.50': jpeg,
  '1.2.840.10008.1.2.4.51': jpeg,
  '1.2.840.10008.1.2.4.57': decodeJpegLossless,
  '1.2.840.10008.1.2.4.70': decodeJpegLossless,
  '1.2.840.10008.1.2.4.80': jpegLs,
  '1.2.840.10008.1.2.4.81': jpegLs,
  '1.2.840.10008.1.2.4.90': jpeg2000,
  '1.2.840.10008.1.2.4.91': jpeg2000,
};

const names: Record<string, string> = {
  '1.2.840.10008.1.2.5': 'RLE Lossless',
  '1.2.840.10008.1.2.4.50': 'JPEG Baseline',
  '1.2.840.10008.1.2.4.51': 'JPEG Extended',
  '1.2.840.10008.1.2.4.57': 'JPEG Lossless',
  '1.2.840.10008.1.2.4.70': 'JPEG Lossless, First-Order Prediction',
  '1.2.840.10008.1.2.4.80': 'JPEG-LS Lossless',
  '1.2.840.10008.1.2.4.81': 'JPEG-LS Near-lossless',
  '1.2.840.10008.1.2.4.90': 'JPEG 2000 Lossless',
  '1.2.840.10008.1.2.4.91': 'JPEG 2000',
  '1.2.840.10008.1.2.4.100': 'MPEG2',
  '1.2.840.10008.1.2.4.102': 'MPEG-4',
  '1.2.840.10008.1.2.4.201': 'High-Throughput JPEG 2000 Lossless',
  '1.2.840.10008.1.2.4.203': 'High-Throughput JPEG 2000',
};

/** "JPEG-LS Lossless (1.2.840.10008.1.2.4.80)". */
export function transferSyntaxName(uid: string): string {
  return names[uid] === undefined ? uid : `${names[uid]} (${uid})`;
}

/** The decoder for a transfer syntax, or undefined when there is none. */
export function codecFor(transferSyntax: string): Decode | undefined {
  return codecs[transferSyntax];
}
