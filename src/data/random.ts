/** @file Counter-based random numbers (Philox 4×32-10): a draw depends on seed and counter alone, never on draws before it. */

const [m0, m1] = [0xd2511f53, 0xcd9e8d57];
const [w0, w1] = [0x9e3779b9, 0xbb67ae85];

/** High 32 bits of the 64-bit product of two unsigned 32-bit numbers. */
function multiplyHigh(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = (middle & 0xffff) + aLow * bHigh;
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carry / 65536)) >>> 0;
}

export type Words = readonly [number, number, number, number];

/** Philox 4×32-10 (Salmon et al., SC 2011): four uniform 32-bit words for a 128-bit counter and a 64-bit key. */
export function philox(counter: Words, key: readonly [number, number]): Words {
  let [x0, x1, x2, x3] = counter.map((word) => word >>> 0) as [number, number, number, number];
  let [k0, k1] = [key[0] >>> 0, key[1] >>> 0];
  for (let round = 0; round < 10; round++) {
    const [h0, h1] = [multiplyHigh(m0, x0), multiplyHigh(m1, x2)];
    const [l0, l1] = [Math.imul(m0, x0) >>> 0, Math.imul(m1, x2) >>> 0];
    [x0, x1, x2, x3] = [(h1 ^ x1 ^ k0) >>> 0, l1, (h0 ^ x3 ^ k1) >>> 0, l0];
    k0 = (k0 + w0) >>> 0;
    k1 = (k1 + w1) >>> 0;
  }
  return [x0, x1, x2, x3];
}

/** What a draw is for: streams of different purposes never share numbers. */
export const purposes = { split: 1, order: 2, image: 3, augmentation: 4 } as const;

const split64 = (value: number): [low: number, high: number] => [
  value >>> 0,
  Math.floor(value / 2 ** 32) >>> 0,
];

/**
 * A stream of uniform numbers in [0, 1) with 32 random bits each.
 * @param seed integer 0 … 2⁵³−1
 * @param index which item the numbers are for (epoch, sample), integer 0 … 2⁵³−1
 */
export function uniforms(seed: number, purpose: number, index: number): () => number {
  const key = split64(seed);
  const [low, high] = split64(index);
  let [block, used]: [number, number] = [0, 4];
  let words: Words = [0, 0, 0, 0];
  return () => {
    if (used === 4) {
      words = philox([block++, low, high, purpose], key);
      used = 0;
    }
    return words[used++]! / 2 ** 32;
  };
}

/** Fisher–Yates permutation of 0 … count−1. */
export function permutation(count: number, next: () => number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
