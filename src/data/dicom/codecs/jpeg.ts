/** @file JPEG in all its processes and JPEG-LS: which one a stream is, its frame header says. */

import { Library } from './library.ts';
import { type JpegHead, jpegHead, processes, upToEnd, withEnd } from './markers.ts';
import { checkScans } from './scans.ts';
import { checkHead, type DecodedFrame, type FrameShape, fits, frameOf } from './types.ts';

const dct = new Library(
  'JPEG',
  'JPEGDecoder',
  () => import('@cornerstonejs/codec-libjpeg-turbo-8bit/decode'),
);
const jpegLs = new Library('JPEG-LS', 'JpegLSDecoder', () => import('@cornerstonejs/codec-charls/decode'));

/** Processes of the discrete cosine transform; there is a decoder for 8 bits of each. */
const dctNames = new Map<number, string>([
  [processes.baseline, 'JPEG Baseline'],
  [processes.extended, 'JPEG Extended'],
  [processes.progressive, 'JPEG Progressive'],
  [processes.extendedArithmetic, 'JPEG Extended with arithmetic coding'],
  [processes.progressiveArithmetic, 'JPEG Progressive with arithmetic coding'],
]);

const otherNames = new Map<number, string>([
  [processes.losslessArithmetic, 'JPEG Lossless with arithmetic coding'],
  [processes.jpegLsExtended, 'JPEG-LS with extensions (ITU-T T.870)'],
]);

/** Processes whose decoder notices missing data; of others, only the end marker says that all is there. */
const isSequential = (process: number): boolean =>
  process === processes.baseline || process === processes.extended;

const isProgressive = (process: number): boolean =>
  process === processes.progressive || process === processes.progressiveArithmetic;

/** Why a stream is not decoded, and what can where something can. */
function refusal({ process, precision }: JpegHead): string {
  const name = dctNames.get(process);
  const kind = name ? `${name} of ${precision} bits` : (otherNames.get(process) ?? 'hierarchical JPEG');
  const help = name && process <= processes.progressive ? '; decompress it with dcmdjpeg of DCMTK' : '';
  return `the stream is ${kind}, which has no decoder here${help}`;
}

/** By the discrete cosine transform, 8 bits. Throws Error for other processes. */
async function decodeDct(stream: Uint8Array, head: JpegHead): Promise<DecodedFrame> {
  const { process, precision } = head;
  if (!dctNames.has(process) || precision !== 8) throw new Error(refusal(head));
  if (isSequential(process)) return dct.decode(head, withEnd(stream));
  if (isProgressive(process)) checkScans(stream, head.components);
  return dct.decode(head, [stream]);
}

async function decodeGrey(stream: Uint8Array, head: JpegHead): Promise<DecodedFrame> {
  const { process } = head;
  if (process === processes.lossless) return (await import('./lossless.ts')).decodeLossless(stream, head);
  // Its decoder may take a stream for whole that lacks its last byte, and many seconds for one without end marker.
  if (process === processes.jpegLs) return jpegLs.decode(head, [upToEnd(stream)]);
  return decodeDct(stream, head);
}

/** Decodes a stream that begins with SOI. Throws Error where it is damaged or of a kind without decoder. */
export async function decodeJpeg(stream: Uint8Array, shape: FrameShape): Promise<DecodedFrame> {
  const head = jpegHead(stream);
  checkHead(head);
  return fits(head, shape) ? decodeGrey(stream, head) : frameOf(head, new Uint8Array());
}

/** A stream in colour, as bytes of red, green and blue. */
export interface ColourImage {
  readonly rows: number;
  readonly columns: number;
  /** [rows, columns, 3] */
  readonly rgb: Uint8Array;
}

/**
 * Decodes a stream of three colour components of 8 bits. Throws Error where it is damaged, grey or of another kind.
 * @param checkSize told the size before anything is decoded; may throw
 */
export async function decodeColourJpeg(
  stream: Uint8Array,
  checkSize: (columns: number, rows: number) => void,
): Promise<ColourImage> {
  const head = jpegHead(stream);
  const { rows, columns, components } = head;
  checkSize(columns, rows);
  if (components !== 3)
    throw new Error(
      components === 1 ? 'it is grey' : `it has ${components} colour components, as for print, and not three`,
    );
  const { bytes } = await decodeDct(stream, head);
  return { rows, columns, rgb: bytes };
}
