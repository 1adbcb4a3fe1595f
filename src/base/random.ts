/** @file Counter-based random numbers (Philox 4×32-10): a draw depends on seed and counter alone, never on draws before it. */

const [M0, M1] = [0xd2511f53, 0xcd9e8d57];
const [W0, W1] = [0x9e3779b9, 0xbb67ae85];

/** High 32 bits of the 64-bit product of two unsigned 32-bit numbers. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = (middle & 0xffff) + aLow * bHigh;
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carry / 65536)) >>> 0;
}

/** 128 bits. */
export type Words = readonly [number, number, number, number];

/**
 * Philox 4×32-10 (Salmon et al., SC 2011): four uniform 32-bit words for a 128-bit counter and a 64-bit key.
 * @example
 * data.philox([0, 0, 0, 0], [0, 0]).map((word) => word.toString(16)); // ["6627e8d5","e169c58d","bc57ac4c","9b00dbd8"]
 */
export function philox(counter: Words, key: readonly [number, number]): Words {
  let [x0, x1, x2, x3] = [counter[0] >>> 0, counter[1] >>> 0, counter[2] >>> 0, counter[3] >>> 0];
  let [k0, k1] = [key[0] >>> 0, key[1] >>> 0];
  // one assignment each: this is the inner loop of whatever draws per pixel
  for (let round = 0; round < 10; round++) {
    const h0 = multiplyHigh(M0, x0);
    const h1 = multiplyHigh(M1, x2);
    const l0 = Math.imul(M0, x0) >>> 0;
    x0 = (h1 ^ x1 ^ k0) >>> 0;
    x1 = Math.imul(M1, x2) >>> 0;
    x2 = (h0 ^ x3 ^ k1) >>> 0;
    x3 = l0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  return [x0, x1, x2, x3];
}

const halvesOf = (value: number): [low: number, high: number] => [
  value >>> 0,
  Math.floor(value / 2 ** 32) >>> 0,
];

/** `count` uniforms in [0, 1), 24 bits each, of a stream under a seed: exact on every machine. */
export function uniforms(count: number, seed: number, stream = 0): Float32Array {
  const values = new Float32Array(count);
  for (let i = 0; i < count; i += 4) {
    const words = philox([i / 4, 0, 0, stream], halvesOf(seed));
    for (let j = 0; j < 4 && i + j < count; j++) values[i + j] = (words[j]! >>> 8) / 2 ** 24;
  }
  return values;
}

/** `count` standard normals (Box–Muller on 32-bit uniforms), made on the host so that every adapter gets the same. */
export function normals(count: number, seed: number, stream = 0): Float32Array {
  const values = new Float32Array(count);
  for (let i = 0; i < count; i += 4) {
    const words = philox([i / 4, 0, 0, stream], halvesOf(seed));
    for (let j = 0; j < 4 && i + j < count; j += 2) {
      const radius = Math.sqrt(-2 * Math.log((words[j]! + 1) / 2 ** 32));
      const angle = (2 * Math.PI * words[j + 1]!) / 2 ** 32;
      values[i + j] = radius * Math.cos(angle);
      if (i + j + 1 < count) values[i + j + 1] = radius * Math.sin(angle);
    }
  }
  return values;
}

/**
 * Numbers in [0, 1) with 32 random bits each, one at a call, without end.
 * @param seed integer 0 … 2⁵³−1
 * @param purpose what the draws are for: streams of different purposes never share numbers
 * @param index which item the numbers are for (epoch, sample), integer 0 … 2⁵³−1
 * @example
 * const [first, again] = [1, 1].map((seed) => data.drawsOf(seed, data.purposes.order, 0));
 * first() === again(); // true
 */
export function drawsOf(seed: number, purpose: number, index: number): () => number {
  const key = halvesOf(seed);
  const [low, high] = halvesOf(index);
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

/**
 * Fisher–Yates permutation of 0 … count−1.
 * @example
 * data.permutation(5, data.drawsOf(1, data.purposes.order, 0)); // [3,2,4,1,0]
 */
export function permutation(count: number, next: () => number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
