/** @file Checksums of a store's files, as a whole and block by block: what is damaged is found by place. */
import { crc32 } from '../base/hash.ts';

/** Bytes of a block. */
export const BLOCK_BYTES = 2 ** 22;

/** CRC-32 of bytes that come in pieces, and of each block of them. */
export class BlockChecksum {
  readonly blockBytes: number;
  #value = 0;
  #length = 0;
  readonly #blocks: number[] = [];

  constructor(blockBytes = BLOCK_BYTES) {
    this.blockBytes = blockBytes;
  }

  static of(bytes: Uint8Array, blockBytes?: number): BlockChecksum {
    const sum = new BlockChecksum(blockBytes);
    sum.add(bytes);
    return sum;
  }

  add(bytes: Uint8Array): void {
    this.#value = crc32(bytes, this.#value);
    for (let at = 0; at < bytes.length; ) {
      const within = this.#length % this.blockBytes;
      const part = bytes.subarray(at, at + this.blockBytes - within);
      if (within === 0) this.#blocks.push(0);
      this.#blocks.push(crc32(part, this.#blocks.pop()));
      this.#length += part.length;
      at += part.length;
    }
  }

  /** Of all bytes. */
  get value(): number {
    return this.#value;
  }

  get length(): number {
    return this.#length;
  }

  /** Of each block, the last perhaps shorter. */
  get blocks(): readonly number[] {
    return this.#blocks;
  }
}

/** The bytes of the first block that is not as it was: first, and behind the last; null where none tells. */
export function damagedBlock(
  { blocks, blockBytes, length }: BlockChecksum,
  were: readonly number[],
): readonly [from: number, to: number] | null {
  const at = blocks.findIndex((block, i) => block !== were[i]);
  return at < 0 ? null : [at * blockBytes, Math.min(length, (at + 1) * blockBytes)];
}
