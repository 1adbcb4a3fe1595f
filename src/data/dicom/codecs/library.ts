/** @file Decoders of the @cornerstonejs packages: loaded on first use, their failures made errors. */

import { type DecodedFrame, frameOf, type StreamHead, sampleBytes } from './types.ts';

/** What the decoder classes have in common. */
interface BufferDecoder {
  getEncodedBuffer(length: number): Uint8Array;
  getDecodedBuffer(): Uint8Array;
  decode(): void;
  getFrameInfo(): { readonly width: number; readonly height: number; readonly componentCount: number };
  delete(): void;
}

type DecoderClass = new () => BufferDecoder;

/** A package: a factory that resolves to a module with one decoder class. */
type Factory = (options: object) => Promise<Record<string, DecoderClass>>;

/** Decoded pixels, or null: some decoders throw numbers, others give an image of no size. Its module is given up then. */
function run(Decoder: DecoderClass, encoded: Uint8Array, head: StreamHead): Uint8Array | null {
  const decoder = new Decoder();
  try {
    decoder.getEncodedBuffer(encoded.length).set(encoded);
    decoder.decode();
    const { width, height, componentCount } = decoder.getFrameInfo();
    if (width !== head.columns || height !== head.rows || componentCount !== head.components) return null;
    const bytes = new Uint8Array(decoder.getDecodedBuffer());
    decoder.delete();
    return bytes.length === width * height * head.components * sampleBytes(head.precision) ? bytes : null;
  } catch {
    return null;
  }
}

/** One decoder; its module is started once, and anew after a failure, which may leave its memory in disorder. */
export class Library {
  readonly #kind: string;
  readonly #load: () => Promise<unknown>;
  readonly #className: string;
  #started: Promise<DecoderClass> | undefined;

  constructor(kind: string, className: string, load: () => Promise<unknown>) {
    this.#kind = kind;
    this.#className = className;
    this.#load = load;
  }

  async #start(): Promise<DecoderClass> {
    try {
      const { default: factory } = (await this.#load()) as { default: Factory };
      return (await factory({ print: () => {}, printErr: () => {} }))[this.#className]!;
    } catch (cause) {
      this.#started = undefined;
      throw new Error(`the decoder of ${this.#kind} could not be loaded`, { cause });
    }
  }

  /** Decodes the stream that `head` describes, from the first of these that can be. Throws Error where none can. */
  async decode(head: StreamHead, streams: readonly Uint8Array[]): Promise<DecodedFrame> {
    for (const stream of streams) {
      this.#started ??= this.#start();
      const bytes = run(await this.#started, stream, head);
      if (bytes) return frameOf(head, bytes);
      this.#started = undefined;
    }
    throw new Error(`the ${this.#kind} stream is damaged, cut short or of a kind unknown to its decoder`);
  }
}
