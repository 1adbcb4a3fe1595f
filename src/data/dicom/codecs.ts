/** @file Compressed pixel data: the names of its transfer syntaxes, and its decoders, which are loaded on first use. */

import type { DecodedFrame, FrameShape } from './codecs/types.ts';

export { isCompressed, transferSyntaxName } from './codecs/syntaxes.ts';
export type { DecodedFrame, FrameShape } from './codecs/types.ts';

/**
 * Decodes one grey image from its whole stream: fragments joined, padding at the end allowed. What the stream is, it
 * says itself; the transfer syntax counts where it does not. Where the stream is of another size than `shape` (see
 * `DecodedFrame.size`) it is not decoded. Throws Error, with a clause that says what is wrong, where the stream is damaged,
 * cut short, not grey or of a kind without decoder.
 */
export async function decodeFrame(
  encoded: Uint8Array,
  transferSyntax: string,
  shape: FrameShape,
): Promise<DecodedFrame> {
  const { decodeStream } = await import('./codecs/decode.ts');
  return decodeStream(encoded, transferSyntax, shape);
}
