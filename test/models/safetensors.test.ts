import { describe, expect, it } from 'vitest';
import { FileError } from '../../src/base/errors.ts';
import { decodeSafetensors, encodeSafetensors, type SafeTensor } from '../../src/models/safetensors.ts';
import { decodeWeights, encodeWeights } from '../../src/models/weights.ts';
import { goldenWeights } from '../goldens.ts';

const sample = new Map<string, SafeTensor>([
  ['a.weight', { dtype: 'F32', shape: [2, 3], bytes: Uint8Array.from({ length: 24 }, (_, i) => i) }],
  ['empty', { dtype: 'F16', shape: [0, 4], bytes: new Uint8Array() }],
  ['count', { dtype: 'I64', shape: [], bytes: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0) }],
  ['__proto__', { dtype: 'U8', shape: [1], bytes: Uint8Array.of(7) }],
]);

/** A file with this header and `data` bytes behind it. */
function fileOf(header: unknown, data = 0): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + text.length + data);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  return file;
}

const entry = (from: number, to: number, more = {}) => ({
  dtype: 'F32',
  shape: [(to - from) / 4],
  data_offsets: [from, to],
  ...more,
});

/** All of a tensor in a form that is quick to compare. */
const summary = ([name, { dtype, shape, bytes }]: [string, SafeTensor]): string =>
  `${name} ${dtype} ${shape} ${bytes.join()}`;

describe('safetensors', () => {
  it('comes back as it was written, data aligned to 8 bytes', () => {
    const file = encodeSafetensors({ tensors: sample, metadata: { note: 'ü' } });
    expect(Number(new DataView(file.buffer).getBigUint64(0, true)) % 8).toBe(0);
    const { tensors, metadata } = decodeSafetensors(file, 'sample');
    expect([...tensors]).toEqual([...sample]);
    expect(metadata).toEqual({ note: 'ü' });
  });

  it('reads from an odd place in memory', () => {
    const file = encodeSafetensors({ tensors: sample, metadata: {} });
    const shifted = new Uint8Array(file.length + 1);
    shifted.set(file, 1);
    expect([...decodeSafetensors(shifted.subarray(1), 'shifted').tensors]).toEqual([...sample]);
  });

  it('refuses a file cut anywhere', async () => {
    const golden = await goldenWeights('initial');
    for (const length of [0, 7, 8, 100, golden.length / 2, golden.length - 1])
      expect(() => decodeSafetensors(golden.subarray(0, length), 'cut.safetensors'), `${length}`).toThrow(
        FileError,
      );
    const longer = new Uint8Array(golden.length + 1);
    longer.set(golden);
    expect(() => decodeSafetensors(longer, 'longer')).toThrow(/holds .* bytes of data where/);
  });

  const hostile: Record<string, [header: unknown, problem: RegExp]> = {
    'no JSON': ['{"a":', /no JSON/],
    'a list': [[], /no JSON object/],
    'a tensor that is no record': [{ a: 1 }, /no description/],
    'an unknown type': [{ a: entry(0, 4, { dtype: 'toString' }) }, /unknown type "toString"/],
    'a negative size': [{ a: entry(0, 4, { shape: [-1] }) }, /no list of sizes/],
    'a fractional size': [{ a: entry(0, 4, { shape: [0.5] }) }, /no list of sizes/],
    'sizes whose product overflows': [
      { a: entry(0, 4, { shape: [2 ** 52, 2 ** 52] }) },
      /spans bytes 0 to 4/,
    ],
    'three offsets': [{ a: entry(0, 4, { data_offsets: [0, 4, 8] }) }, /no pair/],
    'a span of another length': [{ a: entry(0, 8, { shape: [1] }) }, /spans bytes 0 to 8, not 4/],
    'an overlap': [{ a: entry(0, 4), b: entry(0, 4), c: entry(4, 8) }, /begins at byte 0, not 4/],
    'a hole': [{ a: entry(0, 4), b: entry(8, 8) }, /begins at byte 8, not 4/],
    'a span behind the end': [{ a: entry(0, 16) }, /holds 8 bytes of data where its header describes 16/],
    'metadata that are no strings': [{ __metadata__: { a: 1 }, a: entry(0, 8) }, /no map of strings/],
  };
  for (const [what, [header, problem]] of Object.entries(hostile)) {
    it(`refuses a header with ${what}`, () => {
      expect(() => decodeSafetensors(fileOf(header, 8), 'bad.safetensors')).toThrow(problem);
      expect(() => decodeSafetensors(fileOf(header, 8), 'bad.safetensors')).toThrow(FileError);
    });
  }

  it('refuses a header longer than the file, without allocating it', () => {
    const file = new Uint8Array(16).fill(0xff);
    expect(() => decodeSafetensors(file, 'huge')).toThrow(/announces a header of 18446744073709551615 bytes/);
  });
});

describe('weights file', () => {
  it('gives back what PyTorch wrote, counts as 64-bit integers', async () => {
    const golden = await goldenWeights('final');
    const { state, metadata } = decodeWeights(golden, 'final.safetensors');
    expect(metadata).toEqual({ format: 'pt' });
    expect(state.get('conv1.conv1.1.num_batches_tracked')).toEqual({
      shape: [],
      values: Float32Array.of(20),
      integer: true,
    });
    const original = decodeSafetensors(golden, 'golden').tensors;
    const copy = decodeSafetensors(encodeWeights(state), 'copy').tensors;
    expect([...copy].map(summary)).toEqual([...original].map(summary));
  });

  it('reads half precision, bfloat16 and float64, and refuses what is no weight', () => {
    const tensors = new Map<string, SafeTensor>([
      ['half', { dtype: 'F16', shape: [2], bytes: Uint8Array.of(0x00, 0x3e, 0x00, 0xc0) }],
      ['brain', { dtype: 'BF16', shape: [1], bytes: Uint8Array.of(0xc0, 0xbf) }],
      ['double', { dtype: 'F64', shape: [1], bytes: new Uint8Array(Float64Array.of(0.25).buffer) }],
    ]);
    const { state } = decodeWeights(encodeSafetensors({ tensors, metadata: {} }), 'mixed');
    expect([...state.values()].map(({ values }) => [...values])).toEqual([[1.5, -2], [-1.5], [0.25]]);
    const bytes = encodeSafetensors({ tensors: sample, metadata: {} });
    expect(() => decodeWeights(bytes, 'bytes')).toThrow(/__proto__ has type U8/);
  });
});
