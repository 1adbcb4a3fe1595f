/**
 * @file Floats as halves in blocks, each with an exponent of its own, and their sums: nothing finite overflows, and what
 * is 2⁻²⁹ of a block's largest still has all of a half's bits. shaders/halfBlocks.wgsl does the same on the device.
 */
import { describe } from './describe.ts';
import { ShapeError } from './errors.ts';
import { fromHalfBits } from './half.ts';

/** Floats of a block. */
const ELEMENTS = 1024;
/** 32-bit words of a block: its exponent, as a float has it, then two halves in each. */
const WORDS = 1 + ELEMENTS / 2;

/** Blocks that so many floats take; behind the last float are zeros. */
export const blocksOf = (elements: number): number => Math.ceil(elements / ELEMENTS);

/** Bytes of so many blocks. */
export const blockBytes = (blocks: number): number => 4 * WORDS * blocks;

/** Below it the powers that a block is multiplied by would not be normal. */
const LEAST_EXPONENT = 15;

const bitsOf = ({ buffer, byteOffset, length }: Float32Array): Uint32Array =>
  new Uint32Array(buffer, byteOffset, length);

const [power, block, moved] = [new Float32Array(1), new Float32Array(ELEMENTS), new Float32Array(ELEMENTS)];
const [powerBits, blockBits, movedBits] = [power, block, moved].map(bitsOf) as [
  Uint32Array,
  Uint32Array,
  Uint32Array,
];

/** 2 to a float's exponent less its bias. */
function powerOf(exponent: number): number {
  powerBits[0] = exponent << 23;
  return power[0]!;
}

let floats: Float32Array | undefined;

/** Every half's value, infinities and NaN included. */
function tableOf(): Float32Array {
  floats ??= Float32Array.from({ length: 65536 }, (_, bits) => fromHalfBits(bits));
  return floats;
}

/** Bits of the half nearest to a float, ties to even: toHalfBits, of bits that are at hand. */
function halfOf(bits: number): number {
  const magnitude = bits & 0x7fffffff;
  const sign = (bits >>> 16) & 0x8000;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000)
    return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  if (magnitude < 0x33000001) return sign;
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const shift = 126 - (magnitude >>> 23);
  const rest = mantissa & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  const kept = mantissa >>> shift;
  return sign | (kept + (rest > half || (rest === half && (kept & 1) === 1) ? 1 : 0));
}

/** Writes `block` as the words from `at` on. */
function encode(words: Uint32Array, at: number): void {
  let largest = LEAST_EXPONENT;
  for (let i = 0; i < ELEMENTS; i++) {
    const exponent = (blockBits[i]! >>> 23) & 255;
    if (exponent > largest && exponent < 255) largest = exponent;
  }
  const factor = powerOf(268 - largest);
  for (let i = 0; i < ELEMENTS; i++) moved[i] = block[i]! * factor;
  words[at] = largest;
  for (let i = 0; i < ELEMENTS / 2; i++)
    words[at + 1 + i] = halfOf(movedBits[2 * i]!) | (halfOf(movedBits[2 * i + 1]!) << 16);
}

/** Adds the words from `at` on to `block`. */
function add(words: Uint32Array, at: number): void {
  const factor = powerOf(words[at]! - 14);
  const table = tableOf();
  for (let i = 0; i < ELEMENTS / 2; i++) {
    const pair = words[at + 1 + i]!;
    block[2 * i]! += table[pair & 0xffff]! * factor;
    block[2 * i + 1]! += table[pair >>> 16]! * factor;
  }
}

function expectBlocks(bytes: unknown): void {
  if (bytes instanceof Uint8Array && bytes.length % blockBytes(1) === 0 && bytes.byteOffset % 4 === 0) return;
  const problem =
    bytes instanceof Uint8Array ? `are ${bytes.length} from ${bytes.byteOffset}` : `are ${describe(bytes)}`;
  const fix = `Give a Uint8Array of a multiple of ${blockBytes(1)} bytes, from a multiple of 4 of its buffer.`;
  throw new ShapeError('HalfBlocks', 'bytes', problem, fix);
}

/**
 * Blocks of halves, each 513 words of 32 bits: the exponent bits of its largest float, then 1,024 halves, scaled by a power
 * of two so that the largest is from 2¹⁴ to 2¹⁵.
 * @example
 * new HalfBlocks(new Uint8Array(2 * 4 * 513)).length; // 2
 */
export class HalfBlocks {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #words: Uint32Array;

  /** @param bytes whole blocks, from a multiple of 4 on @throws ShapeError for others */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    expectBlocks(bytes);
    this.bytes = bytes;
    this.#words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  }

  /** Blocks of these bytes. */
  like(bytes: Uint8Array<ArrayBuffer>): HalfBlocks {
    return new HalfBlocks(bytes);
  }

  /** Some of the blocks themselves. */
  part(begin: number, end: number): HalfBlocks {
    return new HalfBlocks(this.bytes.subarray(blockBytes(begin), blockBytes(end)));
  }

  /** Blocks. */
  get length(): number {
    return this.#words.length / WORDS;
  }

  /** Becomes the sum of parts as long, one after the other in f32, rounded once at the end. @throws ShapeError for others */
  become(parts: readonly HalfBlocks[]): void {
    if (
      !Array.isArray(parts) ||
      parts.some((part) => !(part instanceof HalfBlocks && part.length === this.length))
    )
      throw new ShapeError(
        'HalfBlocks.become',
        'parts',
        'are of another kind or length',
        'Give blocks as long.',
      );
    for (let at = 0; at < this.#words.length; at += WORDS) {
      // what any number is added to without a change, -0 too
      block.fill(-0);
      for (const part of parts) add(part.#words, at);
      encode(this.#words, at);
    }
  }
}
