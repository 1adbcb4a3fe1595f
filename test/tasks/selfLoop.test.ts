/** @file Self-loop uncertainty: permutations and pseudo-labels against plain loops, the loss, the ramp, and that it is learnt. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { drawsOf, uniforms } from '../../src/base/random.ts';
import type { PreparedData } from '../../src/data/types.ts';
import { decodeWeights } from '../../src/models/weights.ts';
import { planRun } from '../../src/run/plan.ts';
import { train } from '../../src/run/training.ts';
import { selfLoop } from '../../src/tasks/selfLoop/index.ts';
import { pseudoLabels, rampOf, uncertaintyLoss } from '../../src/tasks/selfLoop/loss.ts';
import type { HostOutputs, Part } from '../../src/tasks/task.ts';
import { tileOrders } from '../../src/tasks/tiles/permutations.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { TrainEvent } from '../../src/train/events.ts';
import { evaluate } from '../../src/train/judge.ts';
import { loadNetwork } from '../../src/train/network.ts';
import { MemoryFiles } from '../../src/train/runfiles.ts';
import { weightsFile } from '../../src/train/weightsfile.ts';
import { useDevice } from '../device.ts';
import { plainKernels, tinyConfig } from '../train/tiny.ts';
import { eightImages } from './eight.ts';
import { blockOf, choiceOf, sampleOf, stepOf } from './samples.ts';

const device = useDevice(plainKernels);
const facts = { targetView: 'short-axis', referenceViews: [], classes: ['background', 'blob'] };
const few = { ...(selfLoop.defaults as object), permutations: 2, orders: 20, features: 4, hidden: 8 };
const size = 12;
const area = size * size;
const partOf = (settings: object = {}): Part =>
  selfLoop.setup(facts, { ...few, ...settings }, { size, spacingMm: 2, sideStep: 4 });

/** The image of tiles of 4 px, tile order[p] in place p. */
const permuted = (image: readonly number[], order: readonly number[]): number[] => {
  const out = [...image];
  for (const [place, own] of order.entries())
    for (let y = 0; y < 4; y++)
      for (let x = 0; x < 4; x++)
        out[(4 * Math.floor(place / 3) + y) * size + 4 * (place % 3) + x] =
          image[(4 * Math.floor(own / 3) + y) * size + 4 * (own % 3) + x]!;
  return out;
};

/** Tables of one example as tensors, and the orders drawn. */
function drawn(part: Part, index: number) {
  const [places, back, order] = part.input!.tables!;
  const { tables } = part.input!.pick(choiceOf({ size, draw: drawsOf(4, 5, index) }));
  const on = new Map(
    [places!, back!, order!].map((table) => [
      table,
      tensor(device(), Uint32Array.from(tables!.get(table)!), [1, ...table.shape], 'u32'),
    ]),
  );
  return { on, back: on.get(back!)!, orders: Array.from(tables!.get(order!)!), order: order! };
}

describe('permuted images', () => {
  it('come behind the image, in different orders, and what they say is put back', async () => {
    const part = partOf();
    const orders = tileOrders(9, 20);
    for (let i = 0; i < 3; i++) {
      const { on, back, orders: own } = drawn(part, i);
      expect(new Set(own).size).toBe(2);
      const image = [...uniforms(area, i + 1)];
      const seen = part.input!.alter!(tensor(device(), image, [1, size, size, 1]), (table) => on.get(table)!);
      expect(seen.shape).toEqual([3, size, size, 1]);
      const expected = own.map((number) => permuted(image, orders[number]!));
      expect([...(await seen.read())]).toEqual([...image, ...expected.flat()]);
      // scores that lie where the tiles lie: both permutations say the same, put back
      const scores = [...new Array<number>(area).fill(9), ...expected.flat()].flatMap((v) => [v, 0]);
      const labels = await pseudoLabels(tensor(device(), scores, [3, size, size, 2]), back).read();
      for (const [p, v] of image.entries()) expect(labels[2 * p]).toBeCloseTo(1 / (1 + Math.exp(-v)), 5);
    }
  });

  it('that disagree make a label halfway', async () => {
    const { back } = drawn(partOf(), 0);
    const scores = Array.from({ length: 3 * area }, (_, i) => (i < 2 * area ? [20, 0] : [0, 20])).flat();
    const labels = await pseudoLabels(tensor(device(), scores, [3, size, size, 2]), back).read();
    for (const v of labels) expect(v).toBeCloseTo(0.5, 5);
  });
});

describe('the loss of pseudo-labels', () => {
  it('is cross entropy by how sure they are, over the examples that count', async () => {
    const [n, side, classes] = [2, 3, 3];
    const scores = [...uniforms(n * side * side * classes, 3)].map((u) => 4 * u - 2);
    const raw = [...uniforms(n * side * side * classes, 4)].map((u) => u ** 3 + 0.01);
    const labels = raw.map((v, i) => {
      const first = i - (i % classes);
      return v / raw.slice(first, first + classes).reduce((a, b) => a + b);
    });
    const exampleLoss = (example: number): number => {
      let total = 0;
      for (let p = example * side * side; p < (example + 1) * side * side; p++) {
        const [row, truth] = [scores, labels].map((of) => of.slice(p * classes, (p + 1) * classes));
        const log = Math.log(row!.reduce((sum, v) => sum + Math.exp(v), 0));
        const entropy = -truth!.reduce((sum, t) => sum + t * Math.log(t), 0);
        const cross = -truth!.reduce((sum, t, k) => sum + t * (row![k]! - log), 0);
        total += (1 - entropy / Math.log(classes)) * cross;
      }
      return total / side ** 2;
    };
    const shape = [n, side, side, classes];
    const found = (counts: readonly number[]) =>
      uncertaintyLoss(
        tensor(device(), scores, shape),
        tensor(device(), labels, shape),
        tensor(device(), counts, [n, 1]),
      ).item();
    expect(await found([1, 1])).toBeCloseTo((exampleLoss(0) + exampleLoss(1)) / 2, 5);
    expect(await found([0, 1])).toBeCloseTo(exampleLoss(1), 5);
    expect(await found([0, 0])).toBeCloseTo(0, 12);
  });

  it('grows over the ramp', async () => {
    for (const [step, expected] of [
      [1, Math.exp(-5 * 0.99 ** 2)],
      [50, Math.exp(-5 / 4)],
      [100, 1],
      [300, 1],
    ] as const)
      expect(await rampOf(tensor(device(), [step], [1]), 100).item()).toBeCloseTo(expected, 5);
  });

  it('counts for images without a mask alone, beside segmentation and order, whose chance is ln K', async () => {
    const part = partOf({ uncertainty: 0.5, rampSteps: 10 });
    const { on, order } = drawn(part, 1);
    const [mask] = part.fields;
    const [maps, orderHead] = part.heads;
    const truth = tensor(device(), new Uint32Array(area).fill(1), [1, size, size], 'u32');
    const lossOf = async (scores: readonly number[], known: number, step: number | null = null) => {
      const outputs = new Map([
        [maps!, tensor(device(), Array.from({ length: 3 * area }, () => scores).flat(), [3, size, size, 2])],
        [orderHead!, zeros(device(), [3, 20])],
      ]);
      const masks = new Map([
        [mask!, tensor(device(), [known], [1, 1])],
        [order, tensor(device(), [1], [1, 1])],
      ]);
      const own = stepOf(outputs, new Map([...on, [mask!, truth]]), masks);
      const number = () => (step === null ? null : tensor(device(), [step], [1]));
      return await part.loss({ ...own, number }).item();
    };
    // no mask, nothing known: pseudo-labels of chance weigh nothing
    expect(await lossOf([0, 0], 0)).toBeCloseTo(Math.log(20), 4);
    // with a mask: cross entropy ln 2, soft Dice of one half everywhere, smoothed by 1
    expect(await lossOf([0, 0], 1)).toBeCloseTo(Math.log(20) + Math.LN2 + 72 / 217, 4);
    // sure of itself: the pseudo-label's own entropy, by how sure it is
    const p = 1 / (1 + Math.exp(-2));
    const entropy = -p * Math.log(p) - (1 - p) * Math.log(1 - p);
    const unsure = 0.5 * (1 - entropy / Math.LN2) * entropy;
    expect(await lossOf([0, 2], 0)).toBeCloseTo(Math.log(20) + unsure, 4);
    expect(await lossOf([0, 2], 0, 5)).toBeCloseTo(Math.log(20) + unsure * Math.exp(-5 / 4), 4);
  });
});

/** The eight images at 24 px, with masks where they are bright. */
function masked(): PreparedData {
  const { manifest, pixels } = eightImages();
  const side = 24;
  const large = new Float32Array(8 * side * side);
  for (let i = 0; i < large.length; i++) {
    const [image, y, x] = [Math.floor(i / side ** 2), Math.floor(i / side) % side, i % side];
    large[i] = pixels[image * 256 + Math.floor((y * 2) / 3) * 16 + Math.floor((x * 2) / 3)]!;
  }
  const masks = Uint8Array.from(large, (v) => Number(v > 1));
  return { manifest: { ...manifest, size: side, classes: facts.classes }, pixels: large, masks };
}

describe('self-loop uncertainty', () => {
  it('refuses images that do not fall into tiles and data without masks', () => {
    const grid = { size: 32, spacingMm: 2, sideStep: 4 };
    expect(() => selfLoop.setup(facts, few, grid)).toThrow(ConfigError);
    expect(() => selfLoop.setup(facts, few, grid)).toThrow(/multiple of 12 px, such as 36/);
    expect(() => selfLoop.setup({ ...facts, classes: [] }, few, { ...grid, size: 36 })).toThrow(/no masks/);
    const own = (subject: string, mask: Uint8Array | null) => sampleOf({ subject, mask: () => mask });
    const training = [own('a', new Uint8Array(4)), own('b', new Uint8Array(4)), own('c', null)];
    const part = partOf();
    expect(() => part.check([training[2]!])).toThrow(/Task selfLoop: no training image has a mask/);
    part.check(training);
    expect(part.notice!(training)).toMatch(/1 of 3 training images count as without a mask/);
  });

  it('judges and chooses by the map of the image, not of its permutations, and by how many orders are told', () => {
    const part = partOf();
    const mask = Uint8Array.from({ length: area }, (_, i) => i % 2);
    const sample = sampleOf({ mask: () => mask });
    const scores = Float32Array.from({ length: 2 * 3 * area * 2 }, (_, i) => {
      const [image, pixel, k] = [Math.floor(i / (2 * area)), Math.floor(i / 2) % area, i % 2];
      return image % 3 === 0 ? Number(pixel % 2 === k) : 1 - k;
    });
    const [maps] = part.heads;
    // of each image behind its own: says order 5, then 7
    const orders = new Float32Array(2 * 3 * 20);
    for (const row of [0, 1]) for (const i of [1, 2]) orders[(3 * row + i) * 20 + (i === 1 ? 5 : 7)] = 1;
    const outputs: HostOutputs = (head) => (head === maps ? scores : orders);
    const tables = new Map([[part.input!.tables![2]!, [5, 7, 5, 6]]]);
    const judge = part.judge([sample]);
    judge.add(outputs, [sample, sample], [0, 0], blockOf({}, tables));
    const { results, summary } = judge.done();
    expect(results[0]).toMatchObject({ key: 'segmentation.dice', value: 1 });
    expect(results.at(-1)).toMatchObject({ key: 'selfLoop.order', value: 0.75, trivial: 0.05, count: 2 });
    expect(summary).toMatchObject({ dice: 1, order: { accuracy: 0.75 } });
    expect(judge.marks(1)[0]).toMatchObject({ kind: 'region', classes: mask });
    const tally = part.figure!.begin();
    tally.add(outputs, [sample, sample]);
    expect(tally.value()).toBe(1);
  });

  it('is learnt from the masks of four labelled subjects of eight', async () => {
    const { config, results, split, notices } = await onEight(['selfLoop'], {
      steps: 30,
      model: { width: 4, depth: 3 },
    });
    expect(config.labelled).toBe(4);
    expect(split.train).toHaveLength(4);
    expect(notices).toEqual([expect.stringMatching(/selfLoop: 4 of 8 training images count as without/)]);
    expect(results[0]!.value).toBeGreaterThan(0.8);
  }, 120_000);

  it('has figures of its own beside segmentation', async () => {
    const { results } = await onEight(['segmentation', 'selfLoop'], {
      steps: 1,
      model: { width: 2, depth: 2 },
    });
    const keys = results.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toContain('segmentation.dice');
    const own = results.find(({ key }) => key === 'selfLoop.segmentation.dice')!;
    expect(own.title).toMatch(/^Self-loop uncertainty: Dice/);
  }, 120_000);
});

/** Trains on four labelled subjects of eight and the others without masks, and measures all eight. */
async function onEight(
  names: readonly string[],
  { steps, model }: { steps: number; model: { width: number; depth: number } },
) {
  const data = masked();
  const config = tinyConfig({
    ...{ size: 24, steps, batch: 8, learningRate: 1e-2, epoch: 'all', labelled: 4 },
    ...{ validationFraction: 0, testFraction: 0, validateEvery: steps, checkpointEvery: steps },
    ...{ model, tasks: names },
    taskSettings: { selfLoop: { permutations: 2, orders: 16, features: 8, hidden: 16, rampSteps: 20 } },
  });
  const files = new MemoryFiles();
  const notices: string[] = [];
  const onProgress = (event: TrainEvent) => event.kind === 'notice' && notices.push(event.message);
  const { split } = await train({ device: device(), data, config, files, onProgress });
  const plan = planRun(config, data.manifest);
  const { state } = decodeWeights(files.files.get(weightsFile)!, weightsFile);
  using network = loadNetwork(device(), plan, state);
  const everyone = { train: [...split.train, ...split.rest!], validation: [], test: [] };
  const { results } = await evaluate(network, data, plan.tasks, everyone, { batch: 8 });
  return { config, results, split, notices };
}
