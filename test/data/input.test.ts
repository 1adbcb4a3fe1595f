/** @file Inputs: what tasks look at beyond one augmented image, drawn by the input's name alone. */
import { beforeAll, describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { companionsOf } from '../../src/data/companions.ts';
import { field } from '../../src/data/field.ts';
import { type Input, oneImage } from '../../src/data/input.ts';
import { prepare } from '../../src/data/prepare.ts';
import { sampleAt, samplesOf } from '../../src/data/sample.ts';
import { createSampler, type Labeller, type SamplerOptions } from '../../src/data/sampler.ts';
import type { PreparedData } from '../../src/data/types.ts';
import { dsbccSubject } from './studies.ts';

let data: PreparedData;
beforeAll(async () => {
  data = await prepare(
    ['1', '2', '3'].flatMap((id) => dsbccSubject(id)),
    { size: 16, spacingMm: 4 },
  );
});

const turns = field('turns', { kind: 'value', shape: [1], dtype: 'u32' });
const labeller: Labeller = { fields: [turns], fill: ({ drawn }, row) => row.set(turns, [drawn]) };

/** The image, and the same one mirrored at random; draws `draws` numbers. */
const twice = (name: string, draws = 1): Input => ({
  name,
  views: 2,
  pick({ sample, change, size, draw }) {
    const numbers = Array.from({ length: draws }, draw);
    const drawn = Math.floor(4 * numbers[0]!);
    const matrix = drawn < 2 ? change.matrix : ([-1, 0, size - 1, 0, 1, 0] as const);
    return {
      views: [
        { sample, ...change },
        { sample, ...change, matrix },
      ],
      drawn,
    };
  },
});

const sampler = (input: Input, options: Partial<SamplerOptions> = {}) =>
  createSampler(data, { batch: 4, seed: 3, epoch: 'all', input, labellers: [labeller], ...options });

const drawnIn = (input: Input, options?: Partial<SamplerOptions>): number[] => {
  const from = sampler(input, options);
  return Array.from({ length: 8 }, (_, step) => [...from.batch(step).values(turns)]).flat();
};

describe('an input', () => {
  test('folds its views into the batch, each with its matrix, and hands on what it drew', () => {
    const from = sampler(twice('twice'));
    const drawn = new Set<number>();
    for (let step = 0; step < 8; step++) {
      const batch = from.batch(step);
      expect([batch.images.length, batch.indices.length]).toEqual([8 * 256, 8]);
      for (const [example, turn] of batch.values(turns).entries()) {
        drawn.add(turn);
        const [first, second] = [2 * example, 2 * example + 1];
        const index = batch.indices[first]!;
        expect(batch.indices[second]).toBe(index);
        for (const image of [first, second])
          expect(batch.images.subarray(256 * image, 256 * (image + 1))).toEqual(
            sampleAt(data, index).pixels(),
          );
        expect([...batch.matrices.subarray(6 * first, 6 * second)]).toEqual([1, 0, 0, 0, 1, 0]);
        expect(batch.matrices[6 * second]).toBe(turn < 2 ? 1 : -1);
      }
    }
    expect(drawn).toEqual(new Set([0, 1, 2, 3]));
  });

  test('draws by seed and name alone: not by batch size, other draws, labellers or order of steps', () => {
    const drawn = drawnIn(twice('twice'));
    expect(drawnIn(twice('twice', 5))).toEqual(drawn);
    expect(drawnIn(twice('twice'), { batch: 2 })).toEqual(drawn.slice(0, 16));
    expect(drawnIn(twice('twice'), { augmentation: { rotationDeg: 9 } })).toEqual(drawn);
    const late = sampler(twice('twice'));
    expect([...late.batch(7).values(turns)]).toEqual(drawn.slice(28));
    expect([...late.batch(2).values(turns)]).toEqual(drawn.slice(8, 12));
    expect(drawnIn(twice('other'))).not.toEqual(drawn);
    expect(drawnIn(twice('twice'), { seed: 4 })).not.toEqual(drawn);
  });

  test('that draws leaves the images and augmentations of other inputs as they were', () => {
    const augmentation = { rotationDeg: 20, shiftPx: 2 };
    const plain = sampler(oneImage, { augmentation });
    const drawing = sampler(twice('twice', 7), { augmentation });
    for (let step = 0; step < 6; step++) {
      const [a, b] = [plain.batch(step), drawing.batch(step)];
      expect([...b.indices].filter((_, image) => image % 2 === 0)).toEqual([...a.indices]);
      for (let example = 0; example < 4; example++)
        expect(b.matrices.subarray(12 * example, 12 * example + 6)).toEqual(
          a.matrices.subarray(6 * example, 6 * example + 6),
        );
    }
  });

  test('that picks other than the views it has is refused by name', () => {
    const odd = { ...twice('odd'), views: 3 };
    expect(() => sampler(odd).batch(0)).toThrow(ConfigError);
    expect(() => sampler(odd).batch(0)).toThrow(/Input odd picked 2 views of its 3/);
  });

  test('takes images of others, of the subjects that take turns alone, and begins with its own', () => {
    const { images: all } = data.manifest;
    const seen = new Set<string>();
    const beside: Input = {
      ...{ name: 'beside', views: 2 },
      pick({ sample, among, change, draw }) {
        for (const { subject } of among.all) seen.add(subject);
        const others = among.stackOf(sample).filter(({ index }) => index !== sample.index);
        const other = others[Math.floor(others.length * draw())]!;
        return { views: [sample, other].map((one) => ({ sample: one, ...change })), drawn: other.index };
      },
    };
    const idle: Labeller = { fields: [], fill() {} };
    const from = sampler(beside, { subjects: ['1', '3'], labellers: [idle] });
    const { indices, images, drawn, ...batch } = from.batch(1);
    for (let example = 0; example < 4; example++) {
      const [own, other] = [indices[2 * example]!, indices[2 * example + 1]!];
      expect(other).toBe(drawn[example]);
      expect([all[other]!.subject, all[other]!.frame]).toEqual([all[own]!.subject, all[own]!.frame]);
      expect(all[other]!.slice).not.toBe(all[own]!.slice);
      const at = 256 * (2 * example + 1);
      expect(images.subarray(at, at + 256)).toEqual(sampleAt(data, other).pixels());
    }
    expect(batch.count).toBe(4);
    // whichever of a subject's images are drawn
    sampler(beside, { epoch: 'sequential', images: [0], labellers: [idle] }).batch(0);
    expect(seen).toEqual(new Set(['1', '3']));
    const late: Input = {
      ...beside,
      pick(choice) {
        const { views, drawn } = beside.pick(choice);
        return { views: [...views].reverse(), drawn };
      },
    };
    expect(() => sampler(late, { labellers: [idle] }).batch(0)).toThrow(
      /Input beside picked image \d+ first/,
    );
  });

  test('writes its tables beside the labels, once where they are labels too, and none goes undrawn', () => {
    const [places, other] = ['places', 'other'].map((name) => field(name, { kind: 'value', shape: [2] }));
    const tabled: Input = {
      ...{ name: 'tabled', views: 1, tables: [places!] },
      pick: ({ sample, change, draw }) => ({
        ...{ views: [{ sample, ...change }], drawn: 0 },
        tables: new Map([[places!, [sample.index, draw()]]]),
      }),
    };
    const own: Labeller = { fields: [places!, other!], fill: (_, row) => row.set(other!, [1, 2]) };
    const from = sampler(tabled, { labellers: [own] });
    expect(from.layout.fields).toEqual([places, other]);
    const batch = from.batch(1);
    expect([...batch.values(places!)].filter((_, i) => i % 2 === 0)).toEqual([...batch.indices]);
    expect([...batch.mask(places!)]).toEqual([1, 1, 1, 1]);
    const filled = sampler(tabled, { labellers: [], epoch: 'sequential', images: [0, 1, 2] }).batch(0);
    expect([...filled.mask(places!)]).toEqual([1, 1, 1, 0]);
    const idle = { ...tabled, tables: [places!, other!] };
    expect(() => sampler(idle, { labellers: [] }).batch(0)).toThrow(
      new ConfigError('Input tabled drew nothing for its table other. Draw it in pick.'),
    );
  });

  test('draws for an image that is evaluated the same among whichever others', () => {
    const seen = (images: readonly number[], batch: number) => {
      const { epochSize, ...from } = sampler(twice('twice'), { epoch: 'sequential', images, batch });
      const drawn = Array.from({ length: from.stepsPerEpoch }, (_, i) => [...from.batch(i).values(turns)]);
      return drawn.flat().slice(0, epochSize);
    };
    const all = seen([...data.manifest.images.keys()], 4);
    expect(new Set(all).size).toBe(4);
    expect(seen([5, 2, 9, 3, 7], 2)).toEqual([5, 2, 9, 3, 7].map((index) => all[index]));
  });

  test('is one image by default, moved as the configuration says', () => {
    const sample = sampleAt(data, 2);
    const change = { matrix: [1, 0, 3, 0, 1, 0], gain: 2, offset: 1 } as const;
    const { views, drawn } = oneImage.pick({
      ...{ sample, change, among: companionsOf([sample]), size: 16, draw: Math.random },
    });
    expect([views, drawn]).toEqual([[{ sample, ...change }], 0]);
    expect(createSampler(data, { batch: 1 }).layout.sizes).toEqual({ examples: 1, views: 1, size: 16 });
  });
});

test('samples are the prepared images with their places and pixels, all or those asked for in that order', () => {
  const { images } = data.manifest;
  expect(samplesOf(data).map(({ index }) => index)).toEqual([...images.keys()]);
  const [a, b] = samplesOf(data, [3, 1]);
  expect([a!.index, b!.index, a!.file, b!.slice]).toEqual([3, 1, images[3]!.file, images[1]!.slice]);
  expect(b!.pixels()).toEqual(data.pixels.subarray(256, 512));
  expect(b!.pixels().buffer).toBe(data.pixels.buffer);
});
