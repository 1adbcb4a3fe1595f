/** @file What the golden training runs share: weights and images drawn by name, tensors in short (tools/goldens/drawn.py). */
import { expect } from 'vitest';
import { crc32 } from '../../src/base/hash.ts';

/** Length, product with noise of its name, and some values of a tensor. */
export type Summary = readonly number[];

/** Uniform in −1 … 1, by name and place. */
export function noise(name: string, count: number): Float64Array {
  const phase = (crc32(new TextEncoder().encode(name)) % 1000) * 78.233;
  return Float64Array.from({ length: count }, (_, i) => {
    const x = Math.sin(i * 12.9898 + phase) * 43758.5453;
    return 2 * (x - Math.floor(x)) - 1;
  });
}

export function summary(name: string, values: Float32Array, samples: number): number[] {
  const along = noise(name, values.length);
  const stride = Math.max(1, Math.floor(values.length / samples));
  const sum = (of: (v: number, i: number) => number) => values.reduce((total, v, i) => total + of(v, i), 0);
  const some = Array.from(values).filter((_, i) => i % stride === 0);
  return [Math.sqrt(sum((v) => v * v)), sum((v, i) => v * along[i]!), ...some.slice(0, samples)];
}

/** What rounding may do: ten times what it does in PyTorch, of a tensor's length. */
export function expectNear(got: Summary, want: Summary, error: number, what: string): void {
  const room = Math.max(10 * error, 1e-5) * Math.max(want[0]!, 1e-3);
  expect(got.length, what).toBe(want.length);
  for (const [i, value] of want.entries()) {
    const off = Math.abs(got[i]! - value);
    expect(off, `${what} [${i}] is ${got[i]}, not ${value}`).toBeLessThanOrEqual(room);
  }
}
