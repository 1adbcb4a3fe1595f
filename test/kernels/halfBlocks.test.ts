/** @file Floats as halves in blocks: on the device as on the host, without overflow, and with what is not finite kept. */
import { describe, expect, it } from 'vitest';
import { blockBytes, blocksOf, HalfBlocks } from '../../src/base/halfblocks.ts';
import { packHalves, unpackHalves } from '../../src/kernels/halfBlocks.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { random } from '../check.ts';
import { useDevice } from '../device.ts';

const device = useDevice();

/** Values as blocks, packed on the device. */
async function packed(values: ArrayLike<number>): Promise<Uint8Array<ArrayBuffer>> {
  using x = tensor(device(), values, [values.length]);
  using halves = zeros(device(), [blockBytes(blocksOf(values.length)) / 4], 'u32');
  packHalves(x, halves);
  return new Uint8Array(((await halves.read()) as Uint32Array).slice().buffer);
}

/** What blocks hold, unpacked on the device. */
async function unpacked(bytes: Uint8Array<ArrayBuffer>, length: number): Promise<Float32Array> {
  using words = tensor(device(), new Uint32Array(bytes.buffer), [bytes.length / 4], 'u32');
  using y = zeros(device(), [length]);
  unpackHalves(words, y);
  return (await y.read()) as Float32Array;
}

/** A sum of blocks, by the host. */
function summed(parts: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const sum = new HalfBlocks(new Uint8Array(parts[0]!.length));
  sum.become(parts.map((bytes) => new HalfBlocks(bytes)));
  return sum.bytes;
}

const { data } = random([2500], 3, -1, 1);
/** Each block of another size, from where f32 begins to where it ends, and within a block some that are far smaller. */
const values = Float32Array.from(
  data,
  (value, i) =>
    (value + Math.sign(value)) * [1e-30, 1e38, 3e-4][Math.floor(i / 1024)]! * (i % 5 === 0 ? 2 ** -26 : 1),
);

describe('halves in blocks', () => {
  it('hold what a half does of every value, whatever the size of its block', async () => {
    const got = await unpacked(await packed(values), values.length);
    const errors = Array.from(got, (value, i) => Math.abs(value - values[i]!) / Math.abs(values[i]!));
    expect(Math.max(...errors)).toBeLessThanOrEqual(2 ** -11);
    expect(Math.max(...errors)).toBeGreaterThan(0);
  });

  it('are the same words from the host, and sums in f32 rounded once', async () => {
    const one = await packed(values);
    expect(summed([one])).toEqual(one);
    const other = await packed(values.map((value) => 0.3 * value));
    const parts = [await unpacked(one, values.length), await unpacked(other, values.length)] as const;
    const sums = parts[0].map((value, i) => value + parts[1][i]!);
    expect(summed([one, other])).toEqual(await packed(sums));
  });

  it('keep what is not finite, and the finite values beside it', async () => {
    const some = Float32Array.of(Number.POSITIVE_INFINITY, -3, Number.NaN, Number.NEGATIVE_INFINITY, 1e-3);
    const bytes = await packed(some);
    const got = await unpacked(summed([bytes, await packed(new Float32Array(5))]), 5);
    expect([...got.slice(0, 4)]).toEqual([...some.slice(0, 4)]);
    expect(got[4]).toBeCloseTo(1e-3, 6);
  });
});
