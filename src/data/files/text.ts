/** @file Text files as they come from any system. */

/** The text of a file as Windows and others store it: UTF-8, or UTF-16 by its byte order mark. */
export function decodeText(bytes: Uint8Array): string {
  const mark = (bytes[0]! << 8) | bytes[1]!;
  const encoding = mark === 0xfffe ? 'utf-16le' : mark === 0xfeff ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
}
