/** @file Predictions averaged over mirror images, against the means of single ones; what has no class maps is refused. */
import { beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { field } from '../../src/data/field.ts';
import type { PreparedData } from '../../src/data/types.ts';
import type { HeadedNetwork } from '../../src/models/headed.ts';
import { pixelHead, pooledHead } from '../../src/models/heads.ts';
import { planRun } from '../../src/run/plan.ts';
import type { Part } from '../../src/tasks/task.ts';
import { splitOf } from '../../src/train/dataset.ts';
import { evaluate } from '../../src/train/judge.ts';
import { mirroredHeads } from '../../src/train/mirror.ts';
import { buildNetwork } from '../../src/train/network.ts';
import { predictImages } from '../../src/train/predict.ts';
import { expectClose } from '../check.ts';
import { useDevice } from '../device.ts';
import { maskedConfig, maskedData } from './masked.ts';
import { plainKernels, tinyConfig, tinyData } from './tiny.ts';

const device = useDevice(plainKernels);
const data = maskedData();
const plan = planRun(maskedConfig(), data.manifest);
const [head] = mirroredHeads(plan.tasks);
const size = 16;
const count = 5;
let network: HeadedNetwork;
beforeAll(() => {
  network = buildNetwork(device(), plan, { seed: 3 });
  return () => network.dispose();
});

type Turn = (row: number, column: number) => number;
const turns: readonly Turn[] = [
  (row, column) => row * size + column,
  (row, column) => row * size + size - 1 - column,
  (row, column) => (size - 1 - row) * size + column,
  (row, column) => (size - 1 - row) * size + size - 1 - column,
];

/** Pixels of `width` values each, every image turned. */
const turned = (values: Float32Array, turn: Turn, width: number) =>
  values.map((_, i) => {
    const pixel = Math.floor(i / width) % (size * size);
    const image = i - (i % (size * size * width));
    return values[image + turn(Math.floor(pixel / size), pixel % size) * width + (i % width)]!;
  });

async function predicted(of: PreparedData, mirror: boolean): Promise<Float32Array> {
  const found: number[] = [];
  const options = { batch: 2, mirrored: mirror ? [head!] : [] };
  await predictImages(network, of, [0, 1, 2, 3, 4], options, (outputs) => found.push(...outputs(head!)));
  return Float32Array.from(found);
}

const softmax = (scores: Float32Array) =>
  scores.map((_, i) => {
    const own = [...scores.subarray(i - (i % 2), i - (i % 2) + 2)].map(Math.exp);
    return own[i % 2]! / (own[0]! + own[1]!);
  });

describe('predictions with mirror images', () => {
  it('are scores of the mean probability over the image and its three mirror images', async () => {
    const parts = await Promise.all(
      turns.map(async (turn) => {
        const pixels = turned(data.pixels, turn, 1);
        return turned(softmax(await predicted({ ...data, pixels }, false)), turn, 2);
      }),
    );
    const mean = parts[0]!.map((_, i) => parts.reduce((sum, part) => sum + part[i]!, 0) / parts.length);
    expect(mean).toHaveLength(count * size * size * 2);
    const averaged = softmax(await predicted(data, true));
    expectClose(averaged, mean, 1e-5, 'mean probability');
    expect(Math.max(...averaged.map((v, i) => Math.abs(v - parts[0]![i]!)))).toBeGreaterThan(1e-3);
  });

  it('are told of in the evaluation, and change what it measures', async () => {
    const split = splitOf(data, maskedConfig({ testFraction: 0.2 }), plan);
    const judged = (mirror: boolean) => evaluate(network, data, plan.tasks, split, { batch: 4, mirror });
    const [plain, mirrored] = [await judged(false), await judged(true)];
    expect(plain.notes.some((note) => note.includes('mirror'))).toBe(false);
    expect(mirrored.notes.at(-1)).toContain('left-right, top-bottom, and both');
    expect(mirrored.results.map(({ value }) => value)).not.toEqual(plain.results.map(({ value }) => value));
  });

  it('are refused for a task of which any head or field is no class map', () => {
    const [own] = plan.tasks;
    const { part } = own!;
    const refused = (change: Partial<Part>) => () =>
      mirroredHeads([{ ...own!, part: { ...part, ...change } }]);
    expect(refused({ heads: [head!, pixelHead('second', 2)] })).not.toThrow();
    for (const other of [
      { heads: [head!, pooledHead('pooled', 2, { hidden: 4, dropout: 0 })] },
      { heads: [pooledHead('pooled', 2, { hidden: 4, dropout: 0 }), head!] },
      { fields: [...part.fields, field('angle', { kind: 'value', shape: [1] })] },
    ])
      expect(refused(other)).toThrow('task segmentation predicts something else');
  });

  it('are refused for tasks that learn other than class maps, by name', () => {
    const tiny = tinyData();
    const refused = (tasks: readonly string[]) => () =>
      mirroredHeads(planRun(tinyConfig({ tasks }), tiny.manifest).tasks);
    for (const task of ['orientation', 'location', 'rotation']) {
      expect(refused([task])).toThrow(ConfigError);
      expect(refused([task])).toThrow(`task ${task} predicts something else`);
    }
  });
});
