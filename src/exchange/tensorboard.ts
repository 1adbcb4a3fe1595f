/**
 * @file What TensorBoard reads: TFRecords (length and bytes, each with a masked CRC-32C) of Event messages
 * (tensorflow/core/util/event.proto, framework/summary.proto).
 */
import { encodeMessage, type Fields } from './protobuf.ts';

const image: Fields = {
  height: [1, 'int'],
  width: [2, 'int'],
  colorspace: [3, 'int'],
  encodedImageString: [4, 'bytes'],
};

const event: Fields = {
  wallTime: [1, 'double'],
  step: [2, 'int'],
  fileVersion: [3, 'text'],
  summary: [5, { value: [1, { tag: [1, 'text'], simpleValue: [2, 'float'], image: [4, image] }] }],
  sessionLog: [7, { status: [1, 'int'] }],
};

/** Of SessionLog.SessionStatus. */
const START = 1;
/** Of Summary.Image: RGB. */
const RGB = 3;

/** A picture of three channels as a PNG. */
export interface PngPicture {
  readonly width: number;
  readonly height: number;
  readonly png: Uint8Array;
}

/** What an event tells. */
export type EventContent =
  /** The first of a file: by which rules it is read. */
  | { readonly kind: 'version' }
  /** A run goes on: events of this step and later ones that stand before it are void. */
  | { readonly kind: 'start' }
  | { readonly kind: 'scalars'; readonly values: Readonly<Record<string, number>> }
  | { readonly kind: 'picture'; readonly tag: string; readonly picture: PngPicture };

function messageOf(content: EventContent): object {
  if (content.kind === 'version') return { fileVersion: 'brain.Event:2' };
  if (content.kind === 'start') return { sessionLog: { status: START } };
  if (content.kind === 'scalars') {
    const values = Object.entries(content.values);
    return { summary: { value: values.map(([tag, simpleValue]) => ({ tag, simpleValue })) } };
  }
  const { tag, picture } = content;
  const { width, height, png } = picture;
  const own = { height, width, colorspace: RGB, encodedImageString: png };
  return { summary: { value: [{ tag, image: own }] } };
}

/** CRC-32C (Castagnoli, reflected polynomial 0x82F63B78) of each byte. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** Turned and shifted, for a checksum of what holds checksums says little (tensorflow/core/lib/hash/crc32c.h). */
function maskedCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = table[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Bytes as a TFRecord. */
function framed(bytes: Uint8Array): Uint8Array {
  const record = new Uint8Array(bytes.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(bytes.length), true);
  view.setUint32(8, maskedCrc(record.subarray(0, 8)), true);
  record.set(bytes, 12);
  view.setUint32(12 + bytes.length, maskedCrc(bytes), true);
  return record;
}

/**
 * An event as it stands in a file.
 * @param wallTime seconds since 1970
 */
export const eventRecord = (step: number, wallTime: number, content: EventContent): Uint8Array =>
  framed(encodeMessage(event, { wallTime, step, ...messageOf(content) }));
