/** @file Counter-based random numbers (Philox 4x32-10, Salmon et al., SC'11): value i never depends on how many came before. */

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

function mulHigh(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const low = a0 * b0;
  const middle = a1 * b0 + (low >>> 16);
  const carry = a0 * b1 + (middle % 65536);
  return (a1 * b1 + Math.floor(middle / 65536) + Math.floor(carry / 65536)) >>> 0;
}

export type Counter = readonly [number, number, number, number];

/** Four random u32 of a counter under a key. */
export function philox(counter: Counter, key: readonly [number, number]): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(M0, c0);
    const low0 = Math.imul(M0, c0) >>> 0;
    const high1 = mulHigh(M1, c2);
    const low1 = Math.imul(M1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** `count` uniforms in [0, 1), 24 bits each, of a stream under a seed: exact on every machine. */
export function uniforms(count: number, seed: number, stream = 0): Float32Array {
  const values = new Float32Array(count);
  for (let i = 0; i < count; i += 4) {
    const words = philox([i / 4, 0, 0, stream], [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0]);
    for (let j = 0; j < 4 && i + j < count; j++) values[i + j] = (words[j]! >>> 8) / 2 ** 24;
  }
  return values;
}

/** `count` standard normals (Box–Muller on 32-bit uniforms), made on the host so that every adapter gets the same. */
export function normals(count: number, seed: number, stream = 0): Float32Array {
  const values = new Float32Array(count);
  for (let i = 0; i < count; i += 4) {
    const words = philox([i / 4, 0, 0, stream], [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0]);
    for (let j = 0; j < 4 && i + j < count; j += 2) {
      const radius = Math.sqrt(-2 * Math.log((words[j]! + 1) / 2 ** 32));
      const angle = (2 * Math.PI * words[j + 1]!) / 2 ** 32;
      values[i + j] = radius * Math.cos(angle);
      if (i + j + 1 < count) values[i + j + 1] = radius * Math.sin(angle);
    }
  }
  return values;
}
