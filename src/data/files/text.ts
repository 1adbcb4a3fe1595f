/** @file Text files as they come from any system. */
import { FileError } from '../../base/errors.ts';
import type { FileSource } from '../types.ts';

/** The text of a file as Windows and others store it: UTF-8, or UTF-16 by its byte order mark. */
export function decodeText(bytes: Uint8Array): string {
  const mark = (bytes[0]! << 8) | bytes[1]!;
  const encoding = mark === 0xfffe ? 'utf-16le' : mark === 0xfeff ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
}

/** A list of a hundred thousand cases takes that much; nothing larger is read as text. */
const MOST_TEXT = 2 ** 20;

/** The text of a file that should be a short one. Throws FileError where it is none. */
export async function readText(source: FileSource): Promise<string> {
  const { bytes, size } = source.start ? await source.start(MOST_TEXT) : await whole(source);
  if (size <= MOST_TEXT) return decodeText(bytes);
  const problem = `has ${size} bytes, too many for the list of values that it should be`;
  throw new FileError(source.path, problem, 'Correct or remove it.');
}

async function whole(source: FileSource): Promise<{ readonly bytes: Uint8Array; readonly size: number }> {
  const bytes = await source.read();
  return { bytes, size: bytes.length };
}
