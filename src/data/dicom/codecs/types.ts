/** @file What a decoder of compressed pixel data takes and gives. */

/** What the header says of one grey image. */
export interface FrameShape {
  readonly rows: number;
  readonly columns: number;
  readonly bitsAllocated: number;
}

/** Decoded samples of one grey image: little endian, row-major. */
export interface DecodedFrame {
  /** Empty where `size` is not the one asked for: such a stream is not decoded. */
  readonly bytes: Uint8Array;
  readonly bytesPerSample: 1 | 2 | 4;
  /** Image size by the compressed stream, where it says so. */
  readonly size?: { readonly rows: number; readonly columns: number };
  /** Bits per sample by the compressed stream, where it says so. */
  readonly precision?: number;
  /** Whether samples are two's complement by the compressed stream, where it says so (JPEG 2000). */
  readonly signed?: boolean;
}

/** One grey image as the head of its stream describes it. */
export interface StreamHead {
  readonly rows: number;
  readonly columns: number;
  readonly precision: number;
  readonly components: number;
}

/** Samples up to 8 bits are decoded to one byte, others to two. */
export const sampleBytes = (precision: number): 1 | 2 => (precision <= 8 ? 1 : 2);

/** What a stream's head promises of its decoded frame. */
export function frameOf({ rows, columns, precision }: StreamHead, bytes: Uint8Array): DecodedFrame {
  return { bytes, bytesPerSample: sampleBytes(precision), size: { rows, columns }, precision };
}

/** Whether the stream holds an image of the size in the header. */
export const fits = (head: StreamHead, shape: FrameShape): boolean =>
  head.rows === shape.rows && head.columns === shape.columns;

/** Throws Error unless the image is grey and has a size. */
export function checkHead({ rows, columns, components }: StreamHead): void {
  if (components !== 1) throw new Error(`the stream has ${components} colour components`);
  if (rows < 1 || columns < 1) throw new Error('the stream does not say how large its image is');
}
