import { describe, expect, it } from 'vitest';
import { type DType, decode } from '../../src/tensor/dtype.ts';
import { encode } from '../../src/tensor/values.ts';

describe('encode and decode', () => {
  const cases: readonly [DType, readonly number[], readonly number[]][] = [
    ['f32', [0.1, -0, 3e38, 1e-45], [0.1, -0, 3e38, 1e-45].map(Math.fround)],
    ['f16', [0.5, -2, 65504], [0.5, -2, 65504]],
    ['i32', [-1, 2147483647, -2147483648], [-1, 2147483647, -2147483648]],
    ['u32', [0, 4294967295], [0, 4294967295]],
    ['bool', [0, 5, -1], [0, 1, 1]],
  ];
  for (const [dtype, given, expected] of cases) {
    it(`${dtype} values come back`, () => {
      const bytes = encode('tensor', given, [given.length], dtype);
      expect([...decode(bytes.slice().buffer, dtype, given.length)]).toEqual(expected);
    });
  }
});
