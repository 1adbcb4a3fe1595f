/** @file Masked images: which patches are hidden, what the network sees, the loss where hidden, and that it is learnt. */
import { describe, expect, it } from 'vitest';
import { drawsOf, uniforms } from '../../src/base/random.ts';
import { hiddenPatches, maskedImage } from '../../src/tasks/maskedImage.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { useDevice } from '../device.ts';
import { plainKernels } from '../train/tiny.ts';
import { learntOnEight } from './eight.ts';
import { stepOf } from './samples.ts';

const device = useDevice(plainKernels);
const facts = { targetView: 'short-axis', referenceViews: [] };

describe('hidden patches', () => {
  it('are so many in every draw, each equally often', () => {
    const counts = new Array(49).fill(0);
    for (let i = 0; i < 500; i++) {
      const hidden = hiddenPatches(7, 0.75, drawsOf(1, 2, i));
      expect(hidden.reduce((sum, v) => sum + v, 0)).toBe(37);
      for (const [patch, v] of hidden.entries()) counts[patch] += v;
    }
    const expected = (500 * 37) / 49;
    for (const count of counts)
      expect(Math.abs(count - expected)).toBeLessThan(4.5 * Math.sqrt(expected / 4));
    expect([...hiddenPatches(2, 0.01, drawsOf(1, 2, 3))].filter((v) => v === 1)).toHaveLength(1);
    expect([...hiddenPatches(3, 1, drawsOf(1, 2, 3))]).toEqual(new Array(9).fill(1));
  });
});

describe('a masked image', () => {
  const [size, patches] = [10, 3];
  const part = () => maskedImage.setup(facts, { patches, ratio: 0.5 }, { size, spacingMm: 2 });
  const hidden = [
    hiddenPatches(patches, 0.5, drawsOf(1, 2, 3)),
    hiddenPatches(patches, 0.5, drawsOf(1, 2, 4)),
  ];
  const table = () =>
    tensor(
      device(),
      hidden.flatMap((one) => [...one]),
      [2, patches, patches, 1],
    );
  const image = [...uniforms(2 * size * size, 9)].map((u) => u + 1);
  const images = () => tensor(device(), image, [2, size, size, 1]);

  /** Whether a pixel's patch is hidden, where patches do not divide the image. */
  const isHidden = (i: number): boolean => {
    const [n, y, x] = [Math.floor(i / size ** 2), Math.floor(i / size) % size, i % size];
    const at = (v: number): number => [0, 1, 2].find((p) => v * patches < (p + 1) * size)!;
    return hidden[n]![at(y) * patches + at(x)] === 1;
  };

  it('is seen with 0 in the hidden patches, and as it is elsewhere', async () => {
    const seen = await part().input!.alter!(images(), table).read();
    expect([...seen]).toEqual(image.map(Math.fround).map((v, i) => (isHidden(i) ? 0 : v)));
  });

  it('costs the squared error in hidden patches alone, of the images that count', async () => {
    const own = part();
    const answer = [...uniforms(2 * size * size, 10)];
    const lossOf = (known: readonly number[], answered: readonly number[] | null) => {
      const output = answered
        ? tensor(device(), answered, [2, size, size, 1])
        : zeros(device(), [2, size, size, 1]);
      const step = stepOf(
        new Map([[own.heads[0]!, output]]),
        new Map([[own.fields[0]!, table()]]),
        new Map([[own.fields[0]!, tensor(device(), known, [2, 1])]]),
        images(),
      );
      return own.loss(step).item();
    };
    const reference = (known: readonly number[], answered: readonly number[] | null) => {
      const at = [...image.keys()].filter((i) => isHidden(i) && known[Math.floor(i / size ** 2)] === 1);
      return at.reduce((sum, i) => sum + ((answered?.[i] ?? 0) - image[i]!) ** 2, 0) / at.length;
    };
    expect(await lossOf([1, 1], answer)).toBeCloseTo(reference([1, 1], answer), 5);
    expect(await lossOf([0, 1], answer)).toBeCloseTo(reference([0, 1], answer), 5);
    expect(await lossOf([1, 1], null)).toBeCloseTo(reference([1, 1], null), 5);
    own.check([]);
  });

  it('is learnt on 8 images', async () => {
    const { results, summaries } = await learntOnEight(device(), maskedImage, { patches: 4, ratio: 0.5 }, 80);
    expect(results[0]!.value!).toBeLessThan(0.8 * results[0]!.trivial!);
    expect(summaries.maskedImage).toMatchObject({ alteredShare: 0.5, images: 8 });
  }, 120_000);
});
