/** @file Inputs that alter images: the network sees the altered ones, losses and judges both, in every pass alike. */
import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { unet } from '../../src/backbones/unet.ts';
import { field } from '../../src/data/field.ts';
import { samplesOf } from '../../src/data/sample.ts';
import { imagesOf } from '../../src/data/split.ts';
import { pixelHead } from '../../src/models/heads.ts';
import { defineTask, type InputImages, type Part, type TaskInput } from '../../src/tasks/task.ts';
import { judgeImages } from '../../src/train/judge.ts';
import { train } from '../../src/train/loop.ts';
import { buildNetwork } from '../../src/train/network.ts';
import { planOf } from '../../src/train/plan.ts';
import { MemoryFiles } from '../../src/train/runfiles.ts';
import { useDevice } from '../device.ts';
import { plainKernels, tinyConfig, tinyData } from './tiny.ts';

const device = useDevice(plainKernels);

/** Adds to each image a number that is drawn for it, times `factor`. Its judge keeps what it is told. */
function shifting(factor: number) {
  const amount = field('amount', { kind: 'value', shape: [1] });
  const head = pixelHead('final', 1);
  const input: TaskInput = {
    ...{ name: 'shifted', views: 1, tables: [amount] },
    pick: ({ sample, change, draw }) => ({
      ...{ views: [{ sample, ...change }], drawn: 0, tables: new Map([[amount, [1 + draw()]]]) },
    }),
    alter: (images, at) =>
      ops.add(images, ops.reshape(ops.affine(at(amount), factor), [images.shape[0]!, 1, 1, 1])),
  };
  const told: { images: InputImages; outputs: Float32Array }[] = [];
  const task = defineTask<null>({
    ...{ name: 'shifts', title: 'Shifts', about: 'How bright it was.', lossTitle: 'Shifts' },
    ...{ settings: null as never, defaults: null },
    setup: () => ({
      ...{ fields: [amount], heads: [head], input, series: [], tells: 'how bright an image was' },
      fill() {},
      loss: (step) => ops.mse(step.out(head), step.images),
      judge: () => ({
        add: (outputs, _samples, _drawn, images) => {
          told.push({ images: images!, outputs: outputs(head).slice() });
        },
        marks: () => [],
        done: () => ({ results: [], summary: null, scatters: [], notes: [] }),
      }),
      check() {},
    }),
  });
  return { task, told };
}

const data = tinyData();
const area = data.manifest.size ** 2;
const backbone = unet.build({ width: 2, depth: 2, unusedLayers: false }, 1);

/** What the judge is told of images, with a network that has its first values. */
async function judged(factor: number, indices: readonly number[], batch: number) {
  const { task, told } = shifting(factor);
  const plan = planOf(backbone, [{ task, weight: 1, settings: null }], data.manifest, data.manifest);
  using network = buildNetwork(device(), plan, { seed: 3 });
  await judgeImages(network, data, plan.tasks, indices, { batch, training: () => [], show: [] });
  const joined = (of: (block: (typeof told)[number]) => Float32Array) =>
    told.flatMap((block) => [...of(block)]);
  return {
    clean: joined(({ images }) => images.clean),
    seen: joined(({ images }) => images.seen),
    outputs: joined(({ outputs }) => outputs),
    views: told.flatMap(({ images }) => images.views),
  };
}

describe('an input that alters images', () => {
  it('gives the judge the image as it was and as it was seen, the same whichever others are judged', async () => {
    const indices = [5, 9, 2, 17, 30];
    const { clean, seen, outputs, views } = await judged(1, indices, 2);
    expect(views.map(({ sample, matrix }) => [sample.index, matrix])).toEqual(
      indices.map((index) => [index, [1, 0, 0, 0, 1, 0]]),
    );
    expect(clean).toEqual(samplesOf(data, indices).flatMap((sample) => [...sample.pixels()]));
    const amounts = indices.map((_, i) => seen[i * area]! - clean[i * area]!);
    for (const [i, v] of seen.entries()) expect(v - clean[i]!).toBeCloseTo(amounts[Math.floor(i / area)]!, 5);
    expect(Math.min(...amounts)).toBeGreaterThanOrEqual(1);
    expect(new Set(amounts).size).toBe(5);
    const alone = await judged(1, [17], 8);
    expect(alone.seen).toEqual(seen.slice(3 * area, 4 * area));
    expect(alone.outputs).toEqual(outputs.slice(3 * area, 4 * area));
    // the network does see it
    const otherwise = await judged(3, [17], 8);
    expect(otherwise.clean).toEqual(alone.clean);
    expect(otherwise.outputs).not.toEqual(alone.outputs);
  });

  it('gives the loss the image as it was, and in every validation the alterations of an evaluation', async () => {
    const { task } = shifting(1);
    const plan = planOf(backbone, [{ task, weight: 1, settings: null }], data.manifest, data.manifest);
    const [planned] = plan.tasks;
    const [amount] = planned!.part.fields;
    // whatever the network says: the image minus the amount, squared
    const part: Part = {
      ...planned!.part,
      loss: (step) => {
        const silent = ops.affine(step.out(planned!.part.heads[0]!), 0);
        const each = ops.reshape(step.at(amount!), [step.images.shape[0]!, 1, 1, 1]);
        return ops.mse(ops.add(silent, step.images), ops.expand(each, step.images.shape));
      },
    };
    const tasks = [{ ...planned!, part }];
    const own = { ...plan, tasks, streams: plan.streams.map((stream) => ({ ...stream, tasks })) };
    const files = new MemoryFiles();
    // batches that divide what is validated, so that the last one is full
    const config = tinyConfig({ steps: 4, batch: 4, validateEvery: 2, checkpointEvery: 4 });
    const { split } = await train({
      ...{ device: device(), data, config, plan: own, files },
      ...{ describe: () => ({}), upgrade: (found: unknown) => found as never },
    });
    const indices = imagesOf(data, split.validation);
    const { clean, seen } = await judged(1, indices, 3);
    const expected =
      clean.reduce((sum, v, i) => sum + (v - (seen[i]! - v)) ** 2, 0) / (indices.length * area);
    const text = new TextDecoder().decode((await files.read('validation.jsonl'))!);
    const losses = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).loss as number);
    expect(losses).toHaveLength(2);
    for (const loss of losses) expect(loss).toBeCloseTo(expected, 4);
  });
});
