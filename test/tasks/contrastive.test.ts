/** @file Contrastive learning: two views, NT-Xent against float64 with its gradient and at chance, the judge, learning. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { drawsOf } from '../../src/base/random.ts';
import { applyAffine } from '../../src/data/affine.ts';
import { augmentationOf } from '../../src/data/augmentation.ts';
import { type Example, oneImage } from '../../src/data/input.ts';
import { createSampler } from '../../src/data/sampler.ts';
import { only } from '../../src/results/mark.ts';
import { contrastive, contrastiveLoss } from '../../src/tasks/contrastive/index.ts';
import { twoViews } from '../../src/tasks/contrastive/input.ts';
import type { TaskInput } from '../../src/tasks/task.ts';
import { tensor } from '../../src/tensor/create.ts';
import { checkOp, type Host, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { plainKernels, tinyData } from '../train/tiny.ts';
import { learntOnEight } from './eight.ts';
import { blockOf, choiceOf, outputsOf, sampleOf } from './samples.ts';

const device = useDevice(plainKernels);
const facts = { targetView: 'short-axis', referenceViews: [] };

describe('two views', () => {
  const views = {
    ...{ rotationDeg: 30, shift: 0.1, flip: true, offset: 1 },
    ...({ scale: [0.5, 2], gain: [0.5, 2] } as const),
  };

  it('are one image, each augmented by draws of its own on top of what both share', () => {
    const size = 20;
    const change = { matrix: [1, 0, 3, 0, 1, -2], gain: 2, offset: 0.5 } as const;
    const sample = sampleOf();
    const draw = drawsOf(1, 2, 3);
    const options = { ...views, shiftPx: 2, flipX: true, flipY: true };
    const own = [augmentationOf(draw, options, size), augmentationOf(draw, options, size)];
    const example = twoViews(views).pick(choiceOf({ sample, change, size, draw: drawsOf(1, 2, 3) }));
    expect(example.views.map((view) => view.sample)).toEqual([sample, sample]);
    for (const [i, view] of example.views.entries()) {
      const { matrix, gain, offset } = own[i]!;
      const [x, y] = applyAffine(change.matrix, ...applyAffine(matrix, 5, 11));
      const at = applyAffine(view.matrix, 5, 11);
      expect(at[0]).toBeCloseTo(x, 10);
      expect(at[1]).toBeCloseTo(y, 10);
      // of intensity 3, first by what both share
      expect(3 * view.gain + view.offset).toBeCloseTo((3 * 2 + 0.5) * gain + offset, 10);
    }
    expect(own[0]!.matrix).not.toEqual(own[1]!.matrix);
  });

  it('share no noise, which would give them away, and the first looks as a lone image does', () => {
    const data = tinyData();
    const seen: Example[] = [];
    const watched = (input: TaskInput): TaskInput => ({
      ...input,
      pick(choice) {
        seen.push(input.pick(choice));
        return seen.at(-1)!;
      },
    });
    const augmentation = { noise: 0.5, biasField: 0.3 };
    for (const input of [twoViews(views), oneImage])
      createSampler(data, { batch: 3, seed: 4, augmentation, input: watched(input) }).batch(0);
    const [pairs, alone] = [seen.slice(0, 3), seen.slice(3)];
    for (const [i, { views: both }] of pairs.entries()) {
      const [first, second] = both.map(({ appearance }) => appearance!);
      expect(first).toEqual(alone[i]!.views[0]!.appearance);
      expect(second!.noiseKey).not.toEqual(first!.noiseKey);
      expect(second!.biasField).not.toEqual(first!.biasField);
    }
    expect(
      new Set(pairs.flatMap((pair) => pair.views.map(({ appearance }) => appearance!.noiseKey[0]))).size,
    ).toBe(6);
  });
});

describe('the loss of pairs', () => {
  const known = [1, 0, 1, 1];
  const temperature = 0.4;

  /** NT-Xent over the views of images that count, in float64. */
  function reference({ data, shape }: Host): Host {
    const [views, width] = shape as [number, number];
    const vectors = Array.from({ length: views }, (_, i) => {
      const row = [...data.subarray(i * width, (i + 1) * width)];
      const length = Math.hypot(...row);
      return row.map((v) => v / length);
    });
    const there = [...vectors.keys()].filter((i) => known[i >> 1] === 1);
    const similar = (i: number, j: number) =>
      vectors[i]!.reduce((sum, v, k) => sum + v * vectors[j]![k]!, 0) / temperature;
    const losses = there.map((i) => {
      const others = there.filter((j) => j !== i);
      return Math.log(others.reduce((sum, j) => sum + Math.exp(similar(i, j)), 0)) - similar(i, i ^ 1);
    });
    return { shape: [], data: Float64Array.of(losses.reduce((a, b) => a + b) / losses.length) };
  }

  it('is NT-Xent of the images that count; gradient too', async () => {
    await checkOp(device(), {
      inputs: [random([8, 5], 3)],
      forward: (x) => contrastiveLoss(x, tensor(device(), known, [4, 1]), temperature),
      ...{ reference, reduction: 64 },
    });
  });

  it('is ln(2N − 1) where all embeddings are alike, and needs two images', async () => {
    const all = tensor(device(), new Float32Array(6 * 3).fill(0.7), [6, 3]);
    const ones = tensor(device(), [1, 1, 1], [3, 1]);
    expect(await contrastiveLoss(all, ones, 0.1).item()).toBeCloseTo(Math.log(5), 5);
    const alone = () => contrastiveLoss(tensor(device(), [1, 2], [2, 1]), tensor(device(), [1], [1, 1]), 1);
    expect(alone).toThrow(ConfigError);
    expect(alone).toThrow('a batch of one image');
  });
});

describe('the judge of pairs', () => {
  it('counts views that find their partner among all of the block, beside a guess', () => {
    const own = contrastive.setup(
      facts,
      { ...(contrastive.defaults as object), embedding: 2 },
      { size: 2, spacingMm: 2 },
    );
    const [head] = own.heads;
    const judge = own.judge([]);
    // lengths say nothing: the first pair is alike by angle; of the second, one view is nearer to the first pair
    const block = [5, 0, 0.1, 0.001, 1, 0.1, 0, 1, 0.2, -1, 0.1, -1];
    const images = { clean: Float32Array.from({ length: 24 }, (_, i) => i), seen: new Float32Array(24) };
    const looked = blockOf({ clean: images.clean, seen: images.clean });
    const samples = ['a', 'a', 'b'].map((subject) => sampleOf({ subject }));
    judge.add(outputsOf(head!, Float32Array.from(block)), samples, [0, 0, 0], looked);
    expect(only(judge.marks(1), 'words')[0]!.text).toBe('one view finds the other');
    expect(only(judge.marks(0), 'words')[0]!.text).toBe('each view finds the other');
    expect(only(judge.marks(1), 'picture').map(({ title, values }) => [title, [...values]])).toEqual([
      ['first view', [8, 9, 10, 11]],
      ['second view', [12, 13, 14, 15]],
    ]);
    judge.add(outputsOf(head!, Float32Array.of(1, 0, -1, 0)), samples.slice(2), [0]);
    const { results, summary } = judge.done();
    const chance = (3 / 5 + 1) / 4;
    expect(summary).toEqual({ accuracy: 3.5 / 4, trivialAccuracy: chance, images: 4 });
    expect(results).toMatchObject([{ value: 3.5 / 4, trivial: chance, better: 'higher', count: 4 }]);
    expect([...results[0]!.bySubject]).toEqual([
      ['a', 0.75],
      ['b', 1],
    ]);
    expect(own.judge([]).done()).toMatchObject({ results: [], summary: null });
    own.check([]);
  });
});

describe('contrastive learning', () => {
  it('is learnt on 8 images', async () => {
    const views = { rotationDeg: 5, scale: [0.95, 1.05], shift: 0, gain: [0.9, 1.1], offset: 0.1 };
    const settings = { ...(contrastive.defaults as object), ...views, hidden: 16, embedding: 8 };
    const { results, summaries } = await learntOnEight(device(), contrastive, settings, 80);
    expect(results[0]!.value!).toBeGreaterThan(0.7);
    expect(summaries.contrastive).toMatchObject({ trivialAccuracy: 1 / 15, images: 8 });
  }, 120_000);
});
