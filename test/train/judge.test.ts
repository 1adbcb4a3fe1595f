/** @file After training: held-out images go through the network block by block, and every task judges them. */

import { describe, expect, it } from 'vitest';
import { noGrad } from '../../src/autograd/tape.ts';
import { unet } from '../../src/backbones/unet.ts';
import { samplesOf } from '../../src/data/sample.ts';
import type { Split } from '../../src/data/split.ts';
import type { Evaluation } from '../../src/results/evaluation.ts';
import { location } from '../../src/tasks/location.ts';
import { orientation } from '../../src/tasks/orientation/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { evaluate, evaluationRecord } from '../../src/train/judge.ts';
import { buildNetwork } from '../../src/train/network.ts';
import { type ChosenTask, planOf } from '../../src/train/plan.ts';
import { useDevice } from '../device.ts';
import { mirrors } from './mirrors.ts';
import { plainKernels, tinyData } from './tiny.ts';

const device = useDevice(plainKernels);
const data = tinyData();
const { images, size } = data.manifest;
const subjects = Array.from({ length: 10 }, (_, i) => `subject${i}`);
const split: Split = {
  train: subjects.slice(6),
  validation: subjects.slice(5, 6),
  test: subjects.slice(0, 5),
};

const backbone = unet.build({ width: 4, depth: 2, unusedLayers: false }, 1);
const lines: ChosenTask = { task: orientation, weight: 1, settings: { sigmaMm: 8, gain: 1 } };
const places: ChosenTask = { task: location, weight: 1, settings: { hidden: 8, dropout: 0.5 } };
const own: ChosenTask = { task: mirrors, weight: 1, settings: { hidden: 8 } };

interface Judged {
  readonly chosen?: readonly ChosenTask[];
  readonly of?: Split;
  readonly batch?: number;
  readonly onProgress?: (done: number, total: number) => void;
}

async function judged({ chosen = [lines, places], of = split, batch = 8, onProgress }: Judged = {}) {
  const plan = planOf(backbone, chosen, data.manifest, data.manifest);
  using network = buildNetwork(device(), plan, { seed: 3 });
  const options = onProgress ? { batch, onProgress } : { batch };
  return { plan, evaluation: await evaluate(network, data, plan.tasks, of, options) };
}

/** Without what only the whole object is equal in. */
const told = ({ shown, ...rest }: Evaluation) => ({
  ...rest,
  shown: shown.map(({ sample, findings }) => ({ index: sample.index, findings })),
});

describe('an evaluation', () => {
  it('is of the test subjects, else of those of validation, else of those trained on', async () => {
    const { evaluation } = await judged();
    expect(evaluation).toMatchObject({ part: 'test', images: 20, subjects: 5 });
    const { evaluation: second } = await judged({ of: { ...split, test: [] } });
    expect(second).toMatchObject({ part: 'validation', images: 4, subjects: 1 });
    const { evaluation: third } = await judged({ of: { ...split, test: [], validation: [] } });
    expect(third).toMatchObject({ part: 'training', images: 16, subjects: 4 });
  });

  it('hands every task the outputs of its head and its images, and the training images before', async () => {
    const plan = planOf(backbone, [lines, places], data.manifest, data.manifest);
    using network = buildNetwork(device(), plan, { seed: 3 });
    const evaluation = await evaluate(network, data, plan.tasks, split, { batch: 8 });
    const held = samplesOf(data, [...Array(20).keys()]);
    const x = tensor(device(), data.pixels.subarray(0, 20 * size * size), [20, size, size, 1]);
    const { output } = noGrad(() => network.run(x, { training: false }));
    const training = samplesOf(
      data,
      [...Array(16).keys()].map((i) => 24 + i),
    );
    for (const { task, part } of plan.tasks) {
      const judge = part.judge(training);
      const values = (await output(part.heads[0]!).read()) as Float32Array;
      judge.add(() => values, held, []);
      const { summary } = judge.done();
      expect(evaluation.summaries[task.name], task.name).toEqual(summary);
    }
  });

  it('says the same in blocks of any size, and how far it is', async () => {
    const { evaluation: whole } = await judged({ batch: 20 });
    for (const batch of [1, 7]) {
      const seen: [number, number][] = [];
      const { evaluation } = await judged({ batch, onProgress: (done, total) => seen.push([done, total]) });
      expect(told(evaluation)).toEqual(told(whole));
      expect(seen.at(-1)).toEqual([20, 20]);
      expect(seen).toHaveLength(Math.ceil(20 / batch));
    }
  });

  it('shows slices of four subjects from base to apex, with what each task marks', async () => {
    const { evaluation } = await judged({ batch: 3, chosen: [lines, places, own] });
    expect(evaluation.shown.map(({ sample }) => [sample.subject, sample.slice])).toEqual(
      subjects.slice(0, 4).flatMap((subject) => [0, 2, 3].map((slice) => [subject, slice])),
    );
    for (const { sample, findings } of evaluation.shown) {
      expect(sample.pixels()).toEqual(
        data.pixels.subarray(sample.index * size * size, (sample.index + 1) * size * size),
      );
      expect(findings.map(({ task, series }) => [task, series])).toEqual([
        ['orientation', ['2-chamber', '4-chamber']],
        ['location', []],
        ['mirrors', []],
      ]);
      const [line, place, mirror] = findings.map(({ marks }) => marks);
      const truth = images[sample.index]!.lines.filter((one) => one !== null);
      const drawn = line!.filter((mark) => mark.kind === 'line' && mark.of === 'truth');
      expect(drawn.map((mark) => mark.kind === 'line' && mark.line)).toEqual(truth);
      expect(place).toMatchObject([{ kind: 'scale', truth: images[sample.index]!.location }]);
      expect(mirror).toEqual([{ kind: 'words', text: `image ${sample.index % 3} of its block` }]);
    }
  });

  it('gathers results, scatters and notes in the order of the tasks', async () => {
    const { evaluation } = await judged({ chosen: [own, places, lines] });
    expect(evaluation.results.map(({ key }) => key.split('.')[0])).toEqual([
      'location',
      ...Array(6).fill('orientation'),
    ]);
    expect(evaluation.scatters.map(({ points }) => points.length)).toEqual([20]);
    expect(evaluation.notes[0]).toBe('Of mirrors, only the mean is told.');
    expect(evaluation.notes).toHaveLength(3);
    expect(evaluation.left).toEqual(['No image is left.']);
  });

  it('is recorded as what was evaluated and each trained task’s summary, under its name', async () => {
    const { evaluation } = await judged({ chosen: [own, lines] });
    const record = JSON.parse(JSON.stringify(evaluationRecord(evaluation)));
    expect(Object.keys(record)).toEqual(['part', 'images', 'subjects', 'mirrors', 'orientation']);
    expect(record).toMatchObject({
      ...{ part: 'test', images: 20, subjects: 5, mirrors: { count: 20 } },
      orientation: { '2-chamber': { images: expect.any(Number) }, '4-chamber': {} },
    });
  });
});
