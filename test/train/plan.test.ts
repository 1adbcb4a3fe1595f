/** @file Plans: tasks of one input share a forward pass, others have their own; a stranger's task trains beside ours. */
import { describe, expect, it } from 'vitest';
import { unet } from '../../src/backbones/unet.ts';
import { oneImage } from '../../src/data/input.ts';
import { samplesOf } from '../../src/data/sample.ts';
import { declareHeaded, HeadedNetwork } from '../../src/models/headed.ts';
import type { Head } from '../../src/models/heads.ts';
import type { StepMetrics } from '../../src/results/losses.ts';
import { location } from '../../src/tasks/location.ts';
import { orientation } from '../../src/tasks/orientation/index.ts';
import { segmentation } from '../../src/tasks/segmentation/index.ts';
import { zeros } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { checkpointFile } from '../../src/train/checkpoint.ts';
import type { TrainEvent } from '../../src/train/events.ts';
import { train } from '../../src/train/loop.ts';
import { combined, MeanLosses } from '../../src/train/losses.ts';
import { type ChosenTask, planOf } from '../../src/train/plan.ts';
import { MemoryFiles, readText } from '../../src/train/runfiles.ts';
import { metricsFile, parseRecords, validationFile, withoutTimings } from '../../src/train/runlog.ts';
import { useDevice } from '../device.ts';
import { maskedData } from './masked.ts';
import { mirrored, mirrors } from './mirrors.ts';
import { plainKernels, tinyConfig, tinyData } from './tiny.ts';

const device = useDevice(plainKernels);
const data = tinyData();
const config = tinyConfig({ steps: 4, validateEvery: 2, checkpointEvery: 2 });
const backbone = unet.build({ width: 4, depth: 2, unusedLayers: false }, 1);

const lines: ChosenTask = { task: orientation, weight: 1, settings: { sigmaMm: 8, gain: 0.1 } };
const places: ChosenTask = { task: location, weight: 0.5, settings: { hidden: 8, dropout: 0.5 } };
const turns: ChosenTask = { task: mirrors, weight: 3, settings: { hidden: 8 } };
const planned = (...chosen: ChosenTask[]) => planOf(backbone, chosen, data.manifest, data.manifest);

async function run(files: MemoryFiles, chosen: readonly ChosenTask[], stopAfter?: number): Promise<void> {
  const stop = new AbortController();
  const onProgress = (event: TrainEvent): void => {
    if (event.kind === 'checkpoint' && event.step === stopAfter) stop.abort();
  };
  await train({
    ...{ device: device(), data, config, files, onProgress, signal: stop.signal, resume: true },
    plan: planned(...chosen),
    describe: () => ({}),
    upgrade: (own) => own as typeof config,
  });
}

const rowsOf = async (files: MemoryFiles, name: string): Promise<StepMetrics[]> =>
  parseRecords<StepMetrics>((await readText(files, name))!, name);

it('mean losses of no labels are 0', () => {
  const { tasks, streams } = planned(lines, places);
  expect(new MeanLosses(tasks, streams).mean()).toEqual({ loss: 0, tasks: { orientation: 0, location: 0 } });
});

describe('a plan', () => {
  it('has one stream for tasks of one input, and one more for each other input', () => {
    const one = planned(lines, places);
    expect(one.streams).toEqual([{ input: oneImage, tasks: one.tasks }]);
    const two = planned(lines, turns, places);
    const [first, second, third] = two.tasks;
    expect(two.streams).toEqual([
      { input: oneImage, tasks: [first, third] },
      { input: mirrored, tasks: [second] },
    ]);
    expect(two.heads.map(({ path }) => path)).toEqual(['final', 'mirror_layers', 'global_layers']);
    expect(two.tasks.map(({ weight }) => weight)).toEqual([1, 3, 0.5]);
  });

  it('puts heads of several tasks that want one path under the names of their tasks', async () => {
    const grid = { size: 16, spacingMm: 8 };
    const facts = { ...data.manifest, classes: ['background', 'heart'] };
    const organs: ChosenTask = { task: segmentation, weight: 1, settings: segmentation.defaults };
    const alone = planOf(backbone, [organs, places], facts, grid);
    expect(alone.heads.map(({ path }) => path)).toEqual(['final', 'global_layers']);
    const both = planOf(backbone, [lines, places, organs], facts, grid);
    const paths = ['orientation.final', 'global_layers', 'segmentation.final'];
    expect(both.heads.map(({ path }) => path)).toEqual(paths);
    expect(both.tasks.flatMap(({ part }) => part.heads)).toEqual(both.heads);
    using network = new HeadedNetwork(device(), (at) => declareHeaded(at, backbone.declare, both.heads));
    const names = [...network.stateDict().keys()];
    for (const path of paths) expect(names.some((name) => name.startsWith(`${path}.`))).toBe(true);
    expect(names.filter((name) => name.startsWith('final'))).toEqual([]);
    // each task reads its own: losses, judges, and what only one of them has
    const [oriented, , segmented] = both.tasks.map(({ part }) => part);
    expect([oriented!.figure, segmented!.lineReader]).toEqual([undefined, undefined]);
    const outputs = new Map(
      both.heads.map((head, i) => [head, new Float32Array(head.channels * 256).fill(i)]),
    );
    for (const part of [oriented!, segmented!]) {
      const judge = part.judge([]);
      judge.add((head) => outputs.get(head)!, samplesOf(data, [0]), [0]);
      expect(judge.marks(0).length).toBeGreaterThan(0);
      expect(judge.done().scatters).toEqual([]);
    }
    const read = (head: Head) => outputs.get(head)!;
    const { views, usual } = oriented!.lineReader!;
    expect([views, usual([]).length]).toEqual([data.manifest.referenceViews, views.length]);
    expect(oriented!.lineReader!.read(read, 1)).toEqual([
      expect.toSatisfy((found) => found.length === views.length),
    ]);
    const figure = segmented!.figure!;
    expect([figure.title, figure.better]).toEqual(['Dice of all pixels', 'higher']);
    const tally = figure.begin();
    tally.add(read, samplesOf(maskedData(), [0]));
    // equal scores: the first class is taken everywhere
    expect(tally.value()).toBe(0);
    const asked: Head[] = [];
    const out = (head: Head): Tensor => {
      asked.push(head);
      return zeros(device(), [1, 16, 16, head.channels]);
    };
    const [mask] = segmented!.fields;
    const at = () => zeros(device(), [1, ...mask!.shape], 'u32');
    const [mask1, images] = [zeros(device(), [1, 1]), zeros(device(), [1, 16, 16, 1])];
    expect(await segmented!.loss({ out, at, mask: () => mask1, images, number: () => null }).item()).toBe(0);
    expect(asked).toEqual([both.heads[2]]);
  });

  it('adds the weighted losses that there are', () => {
    const { tasks } = planned(lines, places, turns);
    expect(combined(tasks, { orientation: 2, location: 4, mirrors: 1 })).toBe(2 + 2 + 3);
    expect(combined(tasks, { location: 4, another: 100 })).toBe(2);
  });
});

describe('a task with an input of its own', () => {
  it('trains beside the others, and its first step changes none of their losses', async () => {
    const [alone, ours, both] = [new MemoryFiles(), new MemoryFiles(), new MemoryFiles()];
    await run(alone, [turns]);
    await run(ours, [lines, places]);
    await run(both, [lines, places, turns]);
    const [own, usual, together] = await Promise.all(
      [alone, ours, both].map(async (files) => (await rowsOf(files, metricsFile))[0]!),
    );
    expect(Object.keys(together!)).toEqual([
      ...['step', 'loss', 'orientationLoss', 'locationLoss', 'mirrorsLoss', 'lr', 'imagesPerSecond'],
    ]);
    for (const column of ['orientationLoss', 'locationLoss'] as const)
      expect(together![column], column).toBe(usual![column]);
    expect(together!.mirrorsLoss).toBe(own!.mirrorsLoss);
    expect(together!.mirrorsLoss).toBeGreaterThan(0);
    for (const name of [metricsFile, validationFile])
      for (const { loss, orientationLoss, locationLoss, mirrorsLoss } of await rowsOf(both, name))
        expect(loss! / (orientationLoss! + 0.5 * locationLoss! + 3 * mirrorsLoss!), name).toBeCloseTo(1, 5);
    const [first] = await rowsOf(alone, validationFile);
    expect(first!.loss).toBeCloseTo(3 * first!.mirrorsLoss!, 5);
  });

  it('leaves the same bytes when stopped and resumed', async () => {
    const [whole, parts] = [new MemoryFiles(), new MemoryFiles()];
    await run(whole, [places, turns]);
    await run(parts, [places, turns], 2);
    expect((await rowsOf(parts, metricsFile)).length).toBeLessThan(4);
    await run(parts, [places, turns]);
    expect(parts.files.get(checkpointFile)).toEqual(whole.files.get(checkpointFile));
    const [a, b] = await Promise.all([whole, parts].map((files) => readText(files, metricsFile)));
    expect(withoutTimings(b!)).toBe(withoutTimings(a!));
  });
});
