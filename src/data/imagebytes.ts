/** @file Reads a DICOM file as far as its pixels go. */
import { PlanewiseError } from '../base/errors.ts';
import type { FileStart } from './dicom/encoding.ts';
import { openStart } from './dicom/file.ts';
import type { FileSource } from './types.ts';

/** Bytes that are looked at first; a header that needs more than the last of these is read with the whole file. */
const LOOKS = [2 ** 14, 2 ** 18];

/** Where a file's pixels end; its size where they may go to its end, or are packed with the header; null where more must be seen. */
function endOfPixels(start: FileStart, file: string): number | null {
  try {
    const { pixels, data } = openStart(start, file);
    return pixels && data.reader.bytes === start.bytes ? pixels.offset + pixels.length : start.size;
  } catch (error) {
    if (error instanceof RangeError) return null;
    // whoever reads it says what is wrong with it
    if (error instanceof PlanewiseError) return start.size;
    throw error;
  }
}

/**
 * The bytes of an image's file up to the end of its pixels: what lies behind them, gigabytes perhaps, is not read where
 * the source can tell. Throws what the source throws.
 */
export async function imageBytes(source: FileSource): Promise<Uint8Array> {
  for (const length of source.start ? LOOKS : []) {
    const start = await source.start!(length);
    if (start.bytes.length >= start.size) return start.bytes;
    const end = endOfPixels(start, source.path);
    if (end === null) continue;
    return end < start.size ? (await source.start!(end)).bytes : source.read();
  }
  return source.read();
}
