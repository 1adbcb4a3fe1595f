/** @file Jigsaw: tiles in the order drawn, the loss at chance, the judge, that it is learnt, alone and beside another task. */
import { describe, expect, it } from 'vitest';
import { unet } from '../../src/backbones/unet.ts';
import { ConfigError } from '../../src/base/errors.ts';
import { drawsOf, uniforms } from '../../src/base/random.ts';
import { decodeWeights } from '../../src/models/weights.ts';
import { only } from '../../src/results/mark.ts';
import { jigsaw } from '../../src/tasks/jigsaw/index.ts';
import { rotation } from '../../src/tasks/rotation.ts';
import { tileOrders } from '../../src/tasks/tiles/permutations.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { evaluate } from '../../src/train/judge.ts';
import { train } from '../../src/train/loop.ts';
import { loadNetwork } from '../../src/train/network.ts';
import { planOf } from '../../src/train/plan.ts';
import { MemoryFiles } from '../../src/train/runfiles.ts';
import { useDevice } from '../device.ts';
import { plainKernels, tinyConfig, tinyData } from '../train/tiny.ts';
import { learntOnEight } from './eight.ts';
import { blockOf, choiceOf, outputsOf, sampleOf, stepOf } from './samples.ts';

const device = useDevice(plainKernels);
const facts = { targetView: 'short-axis', referenceViews: [] };
const settings = { orders: 20, features: 4, hidden: 8 };
const part = (size: number, sideStep = 4) => jigsaw.setup(facts, settings, { size, spacingMm: 2, sideStep });

describe('a jigsaw', () => {
  it('is tiles of the image, whole pixels in their windows, in the order drawn', async () => {
    const size = 28; // cells of 9, tiles of 8
    const own = part(size);
    const orders = tileOrders(9, 20);
    const [table] = own.input!.tables!;
    const image = [...uniforms(size * size, 3)];
    const drawn = new Set<number>();
    for (let i = 0; i < 12; i++) {
      const example = own.input!.pick(choiceOf({ size, draw: drawsOf(1, 2, i) }));
      drawn.add(example.drawn);
      const places = example.tables!.get(table!)! as Uint32Array;
      for (const [place, tile] of orders[example.drawn]!.entries()) {
        const [first] = places.subarray(place * 64, place * 64 + 1);
        const [x, y] = [first! % size, Math.floor(first! / size)];
        // the crop has a pixel of room, and so has the tile in its cell
        for (const [at, cell] of [
          [x, tile % 3],
          [y, Math.floor(tile / 3)],
        ] as const) {
          expect(at - 9 * cell).toBeGreaterThanOrEqual(0);
          expect(at - 9 * cell).toBeLessThanOrEqual(2);
        }
        const window = Array.from({ length: 64 }, (_, j) => first! + Math.floor(j / 8) * size + (j % 8));
        expect([...places.subarray(place * 64, (place + 1) * 64)]).toEqual(window);
      }
      if (i > 0) continue;
      const at = () => tensor(device(), places, [1, 72, 8], 'u32');
      const seen = await own.input!.alter!(tensor(device(), image, [1, size, size, 1]), at).read();
      expect(seen).toHaveLength(9 * 64);
      const own0 = [...places.subarray(64, 128)].map((place) => image[place]!);
      const mean = own0.reduce((a, b) => a + b) / 64;
      const ratio = seen[64]! / (own0[0]! - mean);
      for (let j = 0; j < 64; j++) expect(seen[64 + j]).toBeCloseTo(ratio * (own0[j]! - mean), 4);
    }
    expect(drawn.size).toBeGreaterThan(5);
  });

  it('costs ln K for an answer that says nothing, over the images that count', async () => {
    const own = part(16);
    const [order] = own.fields;
    const step = (known: readonly number[]) =>
      stepOf(
        new Map([[own.heads[0]!, zeros(device(), [2, 20])]]),
        new Map([[order!, tensor(device(), Uint32Array.of(3, 19), [2, 1], 'u32')]]),
        new Map([[order!, tensor(device(), known, [2, 1])]]),
      );
    expect(await own.loss(step([1, 1])).item()).toBeCloseTo(Math.log(20), 5);
    expect(await own.loss(step([0, 1])).item()).toBeCloseTo(Math.log(20), 5);
    expect(await own.loss(step([0, 0])).item()).toBe(0);
    own.check([]);
  });

  it('is refused where tiles are smaller than the network takes', () => {
    expect(() => part(32, 16)).toThrow(ConfigError);
    expect(() => part(32, 16)).toThrow(/Task jigsaw: tiles of images of 32 px/);
  });

  it('is judged by whether the order is told, beside a guess, and shown put back', () => {
    const own = part(16);
    const judge = own.judge([]);
    const scores = new Float32Array(40);
    scores[3] = 1;
    scores[20 + 7] = 1;
    const seen = Float32Array.from({ length: 2 * 9 * 16 }, (_, i) => Math.floor(i / 16));
    const samples = ['a', 'b'].map((subject) => sampleOf({ subject }));
    judge.add(outputsOf(own.heads[0]!, scores), samples, [3, 4], blockOf({ seen }));
    const [right, wrong] = [judge.marks(0), judge.marks(1)];
    expect(only(right, 'words')[0]!.text).toBe('9 of 9 tiles put in their place');
    expect(only(wrong, 'words')[0]!.text).toMatch(/^[012] of 9 tiles/);
    const [shown, back] = only(right, 'picture');
    expect([shown!.title, back!.title]).toEqual(['tiles as seen', 'put back']);
    // the middles of the tiles: those of image 0 are 0 … 8
    const middles = (values: Float32Array) =>
      [2, 7, 13].flatMap((y) => [2, 7, 13].map((x) => values[y * 16 + x]));
    expect(middles(shown!.values)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    const order = tileOrders(9, 20)[3]!;
    expect(order.map((tile) => middles(back!.values)[tile])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    const { results, summary } = judge.done();
    expect(results).toMatchObject([{ value: 0.5, trivial: 1 / 20, better: 'higher', count: 2 }]);
    expect(summary).toEqual({ accuracy: 0.5, trivialAccuracy: 1 / 20, images: 2, orders: 20 });
    expect(own.judge([]).done().results).toEqual([]);
  });

  it('is learnt on 8 images', async () => {
    const few = { orders: 4, features: 32, hidden: 64 };
    const { results } = await learntOnEight(device(), jigsaw, few, 160);
    expect(results[0]!.value!).toBeGreaterThan(0.8);
    expect(results[0]!.trivial).toBe(1 / 4);
  }, 120_000);
});

describe('tasks that see tiles and tasks that see images', () => {
  it('train and are evaluated together, and resume to the same bytes', async () => {
    const data = tinyData();
    const backbone = unet.build({ width: 2, depth: 2, unusedLayers: false }, 1);
    const chosen = [
      { task: rotation, weight: 1, settings: { hidden: 4, dropout: 0.5 } },
      { task: jigsaw, weight: 1, settings },
    ];
    const plan = planOf(backbone, chosen, data.manifest, data.manifest);
    const run = async (files: MemoryFiles, { stopAfter = 0, resume = false } = {}) => {
      const stop = new AbortController();
      const config = tinyConfig({ steps: 4, batch: 3, validateEvery: 2, checkpointEvery: 2 });
      return await train({
        ...{ device: device(), data, config, plan, files, describe: () => ({}), signal: stop.signal },
        resume,
        upgrade: (found) => found as never,
        onProgress: (event) => {
          if (event.kind === 'checkpoint' && event.step === stopAfter) stop.abort();
        },
      });
    };
    const [whole, parts] = [new MemoryFiles(), new MemoryFiles()];
    const { split } = await run(whole);
    await run(parts, { stopAfter: 2 });
    await run(parts, { resume: true });
    const weights = (await whole.read('weights.safetensors'))!;
    expect(await parts.read('weights.safetensors')).toEqual(weights);
    using network = loadNetwork(device(), plan, decodeWeights(weights, 'weights').state);
    const { results } = await evaluate(network, data, plan.tasks, split, { batch: 2 });
    expect(results.map(({ key }) => key)).toEqual(['rotation.accuracy', 'jigsaw.accuracy']);
  }, 60_000);
});
