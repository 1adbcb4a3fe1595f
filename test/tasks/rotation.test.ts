/** @file Rotation prediction: exact turns, the loss at chance and against float64, the judge, and that it is learnt. */
import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { unet } from '../../src/backbones/unet.ts';
import { drawsOf } from '../../src/base/random.ts';
import { applyAffine } from '../../src/data/affine.ts';
import { drawAugmentation } from '../../src/data/augmentation.ts';
import { BatchLayout } from '../../src/data/batch.ts';
import type { PreparedData } from '../../src/data/types.ts';
import { declareHeaded, HeadedNetwork } from '../../src/models/headed.ts';
import { decodeWeights } from '../../src/models/weights.ts';
import { rotation, turnedImage } from '../../src/tasks/rotation.ts';
import { quarterTurn } from '../../src/tasks/turns.ts';
import { tensor } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { evaluate } from '../../src/train/judge.ts';
import { train } from '../../src/train/loop.ts';
import { planOf } from '../../src/train/plan.ts';
import { MemoryFiles } from '../../src/train/runfiles.ts';
import { checkOp, type Host, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { plainKernels, tinyConfig } from '../train/tiny.ts';
import { choiceOf, outputsOf, sampleOf, stepOf } from './samples.ts';

const device = useDevice(plainKernels);
const facts = { targetView: 'short-axis', referenceViews: [] };
const part = () => rotation.setup(facts, { hidden: 8, dropout: 0 }, { size: 8, spacingMm: 2 });

/** Once to the left: the last column becomes the first row. */
const turned = (image: readonly number[], size: number): number[] =>
  image.map((_, i) => image[(i % size) * size + size - 1 - Math.floor(i / size)]!);

const draws = (value: number) => () => value;

describe('a turned image', () => {
  it('is the permuted pixels bit for bit, of even and odd sides', async () => {
    for (const size of [1, 2, 5, 8, 33]) {
      const pixels = [...random([size * size], size).data];
      const x = tensor(device(), pixels, [1, size, size, 1]);
      let expected = pixels;
      for (const quarters of [0, 1, 2, 3]) {
        const { views, drawn } = turnedImage.pick(choiceOf({ size, draw: draws((quarters + 0.5) / 4) }));
        expect(drawn).toBe(quarters);
        const matrix = tensor(device(), views[0]!.matrix, [1, 6]);
        const y = await ops.warp(x, matrix, tensor(device(), [1, 0], [1, 2])).read();
        expect([...y]).toEqual(expected);
        expected = turned(expected, size);
      }
    }
  });

  it('is the augmented image, turned; brightness stays', () => {
    const size = 17;
    const change = drawAugmentation(3, 5, { rotationDeg: 30, scale: [0.8, 1.2], gain: [0.5, 2] }, size);
    for (const quarters of [0, 1, 2, 3]) {
      const choice = choiceOf({ change, size, draw: draws(quarters / 4) });
      const [view] = turnedImage.pick(choice).views;
      expect(view).toMatchObject({ gain: change.gain, offset: change.offset });
      for (const [x, y] of [
        [0, 0],
        [16, 3],
        [5, 11],
      ] as const) {
        const within = applyAffine(change.matrix, ...applyAffine(quarterTurn(quarters, size), x, y));
        const [a, b] = applyAffine(view!.matrix, x, y);
        expect(a).toBeCloseTo(within[0], 10);
        expect(b).toBeCloseTo(within[1], 10);
      }
    }
  });

  it('is turned by each number of quarters equally often', () => {
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 4000; i++) {
      const draw = drawsOf(1, 2, i);
      counts[turnedImage.pick(choiceOf({ size: 8, draw })).drawn]!++;
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(4 * Math.sqrt(750));
  });
});

describe('the loss of rotation', () => {
  const truth = [2, 0, 3, 1];
  const mask = [1, 1, 0, 1];

  function lossOf(logits: Tensor): Tensor {
    const own = part();
    const [head, field] = [own.heads[0]!, own.fields[0]!];
    const step = stepOf(
      new Map([[head, logits]]),
      new Map([[field, tensor(device(), truth, [4, 1], 'u32')]]),
      new Map([[field, tensor(device(), mask, [4, 1])]]),
    );
    return own.loss(step);
  }

  it('is the mean cross entropy of the examples that count; gradient too', async () => {
    const reference = ({ data }: Host): Host => {
      const each = truth.map((k, n) => {
        const row = [...data.subarray(4 * n, 4 * n + 4)];
        return Math.log(row.reduce((sum, v) => sum + Math.exp(v), 0)) - row[k]!;
      });
      return { shape: [], data: Float64Array.of((each[0]! + each[1]! + each[3]!) / 3) };
    };
    await checkOp(device(), { inputs: [random([4, 4], 2)], forward: lossOf, reference });
  });

  it('is ln 4 at chance', async () => {
    expect(await lossOf(tensor(device(), new Float32Array(16), [4, 4])).item()).toBeCloseTo(Math.log(4), 6);
  });

  it('is of the turns that were drawn', () => {
    const own = part();
    const batch = new BatchLayout({ examples: 4, views: 1, size: 8 }, own.fields).batch();
    for (const row of truth.keys()) {
      const choice = choiceOf({ size: 8, draw: draws(truth[row]! / 4) });
      own.fill(turnedImage.pick(choice), batch.row(row));
    }
    expect([...batch.values(own.fields[0]!)]).toEqual(truth);
    expect([...batch.mask(own.fields[0]!)]).toEqual([1, 1, 1, 1]);
    own.check([]);
  });
});

describe('the judge of rotation', () => {
  const says = (turns: readonly number[]) =>
    Float32Array.from(turns.flatMap((turn) => [0, 1, 2, 3].map((k) => (k === turn ? 1 : k / 8))));

  it('counts what is told beside the most frequent turn, block by block, and shows each answer', () => {
    const own = part();
    const judge = own.judge([]);
    const [head] = own.heads;
    const samples = ['a', 'a', 'b', 'b', 'b'].map((subject) => sampleOf({ subject }));
    judge.add(outputsOf(head!, says([0, 1, 2])), samples.slice(0, 3), [0, 3, 2]);
    expect(judge.marks(1)).toEqual([{ kind: 'words', text: 'turned by 270°, says 90°' }]);
    judge.add(outputsOf(head!, says([2, 3])), samples.slice(3), [2, 1]);
    expect(judge.marks(0)).toEqual([{ kind: 'words', text: 'turned by 180°, says 180°' }]);
    const { results, summary, notes } = judge.done();
    expect(results).toMatchObject([
      { key: 'rotation.accuracy', value: 3 / 5, trivial: 2 / 5, better: 'higher', count: 5 },
    ]);
    expect(results[0]!.bySubject).toEqual(
      new Map([
        ['a', 1 / 2],
        ['b', 2 / 3],
      ]),
    );
    const confusion = [
      [1, 0, 0, 0],
      [0, 0, 0, 1],
      [0, 0, 2, 0],
      [0, 1, 0, 0],
    ];
    expect(summary).toEqual({ accuracy: 3 / 5, trivialAccuracy: 2 / 5, images: 5, confusion });
    expect(notes).toHaveLength(1);
    expect(own.judge([]).done()).toMatchObject({ results: [], summary: null });
  });
});

describe('rotation prediction', () => {
  it('is learnt on 8 images, and measured on images that are turned', async () => {
    const size = 16;
    const area = size * size;
    const pixels = new Float32Array(8 * area);
    for (let i = 0; i < pixels.length; i++) {
      const [image, x, y] = [Math.floor(i / area), i % size, Math.floor((i % area) / size)];
      pixels[i] = Math.exp(-((x - 8 + image / 4) ** 2 + (y - 2) ** 2) / 8) * 3 - 0.5;
    }
    const { plane } = sampleOf();
    const data: PreparedData = {
      manifest: {
        ...{
          format: 'planewise-prepared',
          version: 1,
          size,
          spacingMm: 2,
          ...facts,
          dtype: 'f32',
          skipped: [],
        },
        images: Array.from({ length: 8 }, (_, i) => ({
          ...{
            subject: `${i}`,
            file: `${i}`,
            view: 'sax',
            frame: 0,
            slice: 0,
            lines: [],
            location: null,
            plane,
          },
        })),
      },
      pixels,
    };
    const backbone = unet.build({ width: 4, depth: 3, unusedLayers: false }, 1);
    const chosen = { task: rotation, weight: 1, settings: { hidden: 16, dropout: 0 } };
    const plan = planOf(backbone, [chosen], data.manifest, data.manifest);
    const config = tinyConfig({
      ...{ size, steps: 60, batch: 8, learningRate: 1e-2, validationFraction: 0, testFraction: 0 },
      ...{ validateEvery: 60, checkpointEvery: 60, epoch: 'all' },
    });
    const files = new MemoryFiles();
    const { split } = await train({
      ...{ device: device(), data, config, plan, files, describe: () => ({}) },
      upgrade: (found) => found as never,
    });
    using network = new HeadedNetwork(device(), (at) => declareHeaded(at, backbone.declare, plan.heads));
    network.loadStateDict(decodeWeights((await files.read('weights.safetensors'))!, 'weights').state);
    const { results, summaries } = await evaluate(network, data, plan.tasks, split, { batch: 4 });
    expect(results[0]!.value).toBeGreaterThan(0.9);
    const { confusion } = summaries.rotation as { confusion: number[][] };
    expect(confusion.filter((row) => row.some((count) => count > 0)).length).toBeGreaterThan(1);
  });
});
