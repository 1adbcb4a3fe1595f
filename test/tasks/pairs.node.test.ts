/** @file Tasks of pairs of images: learnt on eight images, and together gone on with to the same bytes. */
import { describe, expect, it } from 'vitest';
import { unet } from '../../src/backbones/unet.ts';
import { intersectingLine } from '../../src/data/geometry.ts';
import type { ImagePlane, PreparedData, PreparedImage } from '../../src/data/types.ts';
import { decodeWeights } from '../../src/models/weights.ts';
import { longitudinal } from '../../src/tasks/longitudinal/index.ts';
import { siameseDistance } from '../../src/tasks/siameseDistance/index.ts';
import { sliceOrder } from '../../src/tasks/sliceOrder/index.ts';
import type { Task } from '../../src/tasks/task.ts';
import { evaluate } from '../../src/train/judge.ts';
import { train } from '../../src/train/loop.ts';
import { loadNetwork } from '../../src/train/network.ts';
import { planOf } from '../../src/train/plan.ts';
import { MemoryFiles } from '../../src/train/runfiles.ts';
import { weightsFile } from '../../src/train/weightsfile.ts';
import { useDevice } from '../device.ts';
import { plainKernels, tinyConfig } from '../train/tiny.ts';

const device = useDevice(plainKernels);
const size = 16;
const spacingMm = 4;

/** Upright on the images through (x, y) mm. */
const upright = (x: number, y: number, angle: number): ImagePlane => ({
  ...{
    position: [x, y, 0],
    rowDirection: [Math.cos(angle), Math.sin(angle), 0],
    columnDirection: [0, 0, -1],
  },
  ...{ spacingMm: [1, 1], rows: size, columns: size },
});

/**
 * Two people of two slices in two phases. Stripes narrow to the right and downwards, which tells the place; which of them are
 * stronger tells the slice, and a blob the person.
 * @param blobs how bright these are, and how far from each other
 */
function eightSlices(blobs: number): PreparedData {
  const pixels = new Float32Array(8 * size * size);
  const images = Array.from({ length: 8 }, (_, i): PreparedImage => {
    const [person, slice, frame] = [i >> 2, (i >> 1) & 1, i & 1];
    const [x, y] = [7 - blobs + 3 * blobs * person, 7 + frame / 2];
    for (let at = 0; at < size * size; at++) {
      const [column, row] = [at % size, Math.floor(at / size)];
      const blob = Math.exp(-(((column - x) / 2) ** 2) - ((row - y) / (3 - person)) ** 2);
      const [across, down] = [column, row].map((v) => Math.cos(0.2 * v + 0.04 * v * v));
      pixels[i * size * size + at] = blobs * blob + across! * (1 + slice) + down! * (2 - slice);
    }
    const plane: ImagePlane = {
      ...{ position: [0, 0, -10 * slice], rowDirection: [1, 0, 0], columnDirection: [0, 1, 0] },
      ...{ spacingMm: [spacingMm, spacingMm], rows: size, columns: size },
    };
    const lines = [1.4, 0.1].map((angle) => {
      const reference = upright(x * spacingMm, y * spacingMm, angle);
      return intersectingLine(plane, reference).line;
    });
    return { subject: `${person}`, file: `${i}`, view: 'sax', frame, slice, location: slice, lines, plane };
  });
  return {
    manifest: {
      ...{ format: 'planewise-prepared', version: 1, size, spacingMm, dtype: 'f32', skipped: [], images },
      ...{ targetView: 'sax', referenceViews: ['2ch', '4ch'] },
    },
    pixels,
  };
}

const jitter = { rotationDeg: 3, scale: [1, 1.05], shift: 0, gain: [0.9, 1.1], offset: 0.1 };
const few = { hidden: 16, dropout: 0, embedding: 8, levels: 2, features: 8, unitMm: 10, ...jitter };

/** A task with those of the settings above that it has. */
const chosenOf = (task: Task) => {
  const known = Object.entries(few).filter(([key]) => key in (task.defaults as object));
  return { task, weight: 1, settings: { ...(task.defaults as object), ...Object.fromEntries(known) } };
};

function trained(tasks: readonly Task[], steps: number, blobs = 1) {
  const data = eightSlices(blobs);
  const backbone = unet.build({ width: 4, depth: 3, unusedLayers: false }, 1);
  const plan = planOf(backbone, tasks.map(chosenOf), data.manifest, data.manifest);
  const config = tinyConfig({
    ...{ size, steps, batch: 8, learningRate: 1e-2, validationFraction: 0, testFraction: 0, epoch: 'all' },
    ...{ validateEvery: steps, checkpointEvery: Math.ceil(steps / 2) },
  });
  const run = (files: MemoryFiles, options: object = {}) =>
    train({
      ...{ device: device(), data, config, plan, files, describe: () => ({}) },
      ...{ upgrade: (found: unknown) => found as never, ...options },
    });
  return { data, plan, run };
}

/** Each figure, beside the trivial answer's, of the eight images that a task was trained on. */
async function learnt(task: Task, steps: number, blobs?: number): Promise<Record<string, (number | null)[]>> {
  const { data, plan, run } = trained([task], steps, blobs);
  const files = new MemoryFiles();
  const { split } = await run(files);
  const { state } = decodeWeights(files.files.get(weightsFile)!, weightsFile);
  using network = loadNetwork(device(), plan, state);
  const { results } = await evaluate(network, data, plan.tasks, split, { batch: 3 });
  return Object.fromEntries(results.map(({ key, value, trivial }) => [key, [value, trivial]]));
}

describe('pairs of images', () => {
  it('tell which slice is nearer the apex', async () => {
    expect(await learnt(sliceOrder, 30)).toEqual({
      'sliceOrder.accuracy': [1, 0.5],
      'sliceOrder.tau': [1, 0],
    });
  }, 120_000);

  it('tell people and levels', async () => {
    const figures = await learnt(longitudinal, 50, 2);
    expect(figures).toEqual({ 'longitudinal.auc': [1, 0.5], 'longitudinal.level.accuracy': [1, 0.5] });
  }, 120_000);

  it('tell how far apart tiles lie', async () => {
    const figures = await learnt(siameseDistance, 120);
    const [value, usual] = figures['siameseDistance.distanceMm']!;
    expect(value! / usual!).toBeLessThan(0.75);
  }, 120_000);

  it('of several tasks are trained together, to the same bytes when stopped and gone on with', async () => {
    const { run } = trained([sliceOrder, longitudinal, siameseDistance], 4);
    const [stop, stopped, files] = [new AbortController(), new MemoryFiles(), new MemoryFiles()];
    const onProgress = (event: { kind: string }) => event.kind === 'checkpoint' && stop.abort();
    await run(stopped, { signal: stop.signal, onProgress });
    expect(await run(stopped, { resume: true })).toMatchObject({ step: 4, stopped: false });
    await run(files);
    expect(stopped.files.get(weightsFile)).toEqual(files.files.get(weightsFile));
  }, 120_000);
});
