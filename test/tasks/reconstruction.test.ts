/** @file Reconstruction: what the head reads, the loss at chance, the judge of maps by hand, and that it is learnt. */
import { describe, expect, it } from 'vitest';
import { unet } from '../../src/backbones/unet.ts';
import { uniforms } from '../../src/base/random.ts';
import { decodedHead } from '../../src/models/decodedHead.ts';
import { declareHeaded, HeadedNetwork } from '../../src/models/headed.ts';
import { only } from '../../src/results/mark.ts';
import { reconstruction } from '../../src/tasks/reconstruction.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { useDevice } from '../device.ts';
import { plainKernels } from '../train/tiny.ts';
import { learntOnEight } from './eight.ts';
import { outputsOf, sampleOf, stepOf } from './samples.ts';

const device = useDevice(plainKernels);
const facts = { targetView: 'short-axis', referenceViews: [] };
const size = 16;
const part = (side = size) => reconstruction.setup(facts, { steps: 4 }, { size: side, spacingMm: 2 });

describe('a decoded head', () => {
  it.each([
    { depth: 5, sides: [16, 32] },
    { depth: 3, sides: [12] },
  ])('gives a map of the image’s size from the features of $depth levels', async ({ depth, sides }) => {
    for (const side of sides) {
      const [head] = part(side).heads;
      const { declare } = unet.build({ width: 2, depth, unusedLayers: false }, 1);
      using network = new HeadedNetwork(device(), (at) => declareHeaded(at, declare, [head!]));
      // no decoder of the backbone's, hence no skip
      expect([...network.parameters.keys()].filter((name) => name.startsWith('up_'))).toEqual([]);
      const images = tensor(device(), uniforms(side * side * 2, 3), [2, side, side, 1]);
      const { output, features } = network.run(images, { training: false });
      expect(features.pixels).toBeUndefined();
      expect(output(head!).shape).toEqual([2, side, side, 1]);
      const values = await output(head!).read();
      expect(new Set(values).size).toBeGreaterThan(side);
    }
  });

  it('refuses what is no size', () => {
    expect(() => decodedHead('a', 1, { size: 0 })).toThrow(/decodedHead.size/);
    expect(() => decodedHead('', 1, { size: 4 })).toThrow(/decodedHead got/);
  });
});

describe('reconstruction', () => {
  it('costs 1, the variance of the image, for the answer 0, over the images that count', async () => {
    const own = part();
    const image = Array.from(
      { length: 2 * size * size },
      (_, i) => (i % 2 === 0 ? 1 : -1) * (i < 256 ? 1 : 3),
    );
    const lossOf = (known: readonly number[]) =>
      own.loss(
        stepOf(
          new Map([[own.heads[0]!, zeros(device(), [2, size, size, 1])]]),
          new Map(),
          new Map([[own.fields[0]!, tensor(device(), known, [2, 1])]]),
          tensor(device(), image, [2, size, size, 1]),
        ),
      );
    expect(await lossOf([1, 0]).item()).toBeCloseTo(1, 6);
    expect(await lossOf([1, 1]).item()).toBeCloseTo(5, 5);
  });

  it('is judged by its error beside the mean training image and a flat one', () => {
    const own = part(2);
    const image = (subject: string, values: readonly number[]) =>
      sampleOf({ subject, pixels: () => Float32Array.from(values) });
    const judge = own.judge([image('t', [2, 0, 0, 0]), image('t', [0, 2, 0, 0])]);
    const shown = [image('a', [1, 1, 1, 1]), image('b', [3, 1, 0, 0])];
    judge.add(outputsOf(own.heads[0]!, Float32Array.of(1, 1, 1, 3, 3, 1, 0, 0)), shown, [0, 0]);
    expect(only(judge.marks(0), 'words')[0]!.text).toBe('off by 1.00');
    const { results, summary } = judge.done();
    // network: 4/4 and 0; usual [1, 1, 0, 0]: 2/4 and 4/4; flat: 1 and 10/4
    expect(results[0]!.value).toBeCloseTo(Math.sqrt(1 / 2), 6);
    expect(results[0]!.trivial).toBeCloseTo(Math.sqrt(3 / 4), 6);
    expect([...results[0]!.bySubject]).toEqual([
      ['a', 1],
      ['b', 0],
    ]);
    expect(summary).toMatchObject({ images: 2, leftOut: 0 });
    expect(part(2).judge([]).done().results).toEqual([]);
  });

  it('is learnt on 8 images', async () => {
    const { results, shown } = await learntOnEight(device(), reconstruction, { steps: 2 }, 80);
    expect(results[0]!.key).toBe('reconstruction.rmse');
    expect(results[0]!.value! / results[0]!.trivial!).toBeLessThan(0.7);
    const titles = only(shown[0]!.findings[0]!.marks, 'picture').map(({ title }) => title);
    expect(titles).toEqual(['image', 'reconstruction', 'true reconstruction']);
  }, 120_000);
});
