/** @file Unpacks gzip as gzip(1) does: several members, padding and trailing bytes, every checksum checked. */

import {
  Z_BUF_ERROR,
  Z_OK,
  Z_STREAM_END,
  ZStream,
  zlibInflate,
  zlibInflateInit2,
  zlibInflateReset,
} from 'pako';
import { FileError } from '../../base/errors.ts';
import { mostUnpacked } from '../files/unpack.ts';

export interface Unpacked {
  readonly body: Uint8Array;
  /** Bytes after the last member that are neither zero padding nor gzip. */
  readonly trailing: number;
}

/** Whether a gzip member begins at `at` (RFC 1952: ID1, ID2). */
export function isGzip(bytes: Uint8Array, at = 0): boolean {
  return bytes[at] === 0x1f && bytes[at + 1] === 0x8b;
}

const refuse = (file: string, problem: string): FileError => new FileError(file, problem, 'Copy it again.');

/** Twice the room for output, what is there kept. Throws FileError where so few packed bytes may not become more. */
function grow(stream: ZStream, file: string): void {
  // one more byte, so that what is just as large is seen to end
  const most = mostUnpacked(stream.input.length) + 1;
  if (stream.output.length >= most) {
    const problem = `unpacks to more than ${most - 1} bytes, from ${stream.input.length}`;
    throw new FileError(file, problem, 'If that is right, unpack it with gunzip and give the unpacked file.');
  }
  try {
    const larger = new Uint8Array(Math.min(most, stream.output.length * 2));
    larger.set(stream.output);
    stream.avail_out += larger.length - stream.output.length;
    stream.output = larger;
  } catch (cause) {
    const problem = `unpacks to more than the memory holds (over ${stream.output.length} bytes)`;
    throw new FileError(file, problem, 'Use a machine or browser with more memory.', { cause });
  }
}

/** One member, its CRC and length checked by zlib. */
function inflateMember(stream: ZStream, file: string): void {
  for (;;) {
    if (stream.avail_out === 0) grow(stream, file);
    const status = zlibInflate(stream, 0);
    if (status === Z_STREAM_END) return;
    if (status !== Z_OK && status !== Z_BUF_ERROR)
      throw refuse(file, `is damaged: its gzip data cannot be unpacked (${stream.msg || `zlib ${status}`})`);
    if (stream.avail_out > 0 && stream.avail_in === 0)
      throw refuse(file, 'is truncated: its gzip data end too soon');
  }
}

function skipZeros(stream: ZStream): void {
  while (stream.avail_in > 0 && stream.input[stream.next_in] === 0) {
    stream.next_in++;
    stream.avail_in--;
  }
}

/** Room for what the last four bytes say the last member, as a rule the only one, unpacks to (RFC 1952: ISIZE). */
function roomAsSaid(bytes: Uint8Array): Uint8Array<ArrayBuffer> | null {
  if (bytes.length < 18) return null; // what no member is shorter than
  const said = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4, 4).getUint32(0, true);
  // less than it is packed: padding or another file's bytes stand there
  if (said < bytes.length || said > mostUnpacked(bytes.length)) return null;
  try {
    return new Uint8Array(said + 1);
  } catch {
    return null; // it grows as far as it must, and says so where memory ends
  }
}

function openStream(bytes: Uint8Array, room?: Uint8Array<ArrayBuffer> | null): ZStream {
  const stream = new ZStream();
  stream.input = bytes;
  stream.avail_in = bytes.length;
  stream.output = room ?? new Uint8Array(Math.max(2 ** 16, 4 * bytes.length));
  stream.avail_out = stream.output.length;
  zlibInflateInit2(stream, 15 + 16); // a window of 2^15, and gzip only
  return stream;
}

/** First bytes of a file that hold a header, packed or not. */
export const HEAD_BYTES = 2 ** 12;

/** What the first bytes of a gzip file unpack to. Throws FileError for damage. */
export function gunzipStart(bytes: Uint8Array, file: string): Uint8Array {
  const stream = openStream(bytes);
  const status = zlibInflate(stream, 0);
  if (status === Z_OK || status === Z_STREAM_END || status === Z_BUF_ERROR)
    return stream.output.subarray(0, stream.next_out);
  throw refuse(file, `is damaged: its gzip data cannot be unpacked (${stream.msg || `zlib ${status}`})`);
}

/**
 * The members of a gzip file (RFC 1952), joined. Zeros between and after them are padding; other bytes after the last
 * are counted and left. Throws FileError when a member is truncated or damaged.
 */
export function gunzip(bytes: Uint8Array, file: string): Unpacked {
  const stream = openStream(bytes, roomAsSaid(bytes));
  inflateMember(stream, file);
  for (skipZeros(stream); isGzip(bytes, stream.next_in); skipZeros(stream)) {
    zlibInflateReset(stream);
    inflateMember(stream, file);
  }
  return { body: stream.output.subarray(0, stream.next_out), trailing: stream.avail_in };
}
