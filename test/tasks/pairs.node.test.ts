/** @file Tasks of pairs of images together: learnt on eight images, and gone on with to the same bytes. */
import { expect, it } from 'vitest';
import { unet } from '../../src/backbones/unet.ts';
import { intersectingLine } from '../../src/data/geometry.ts';
import type { ImagePlane, PreparedData, PreparedImage } from '../../src/data/types.ts';
import { decodeWeights } from '../../src/models/weights.ts';
import { longitudinal } from '../../src/tasks/longitudinal/index.ts';
import { siameseDistance } from '../../src/tasks/siameseDistance/index.ts';
import { sliceOrder } from '../../src/tasks/sliceOrder/index.ts';
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

/** Two people of two slices in two phases: a blob that is their own, larger near the apex, on a slope. */
function eightSlices(): PreparedData {
  const pixels = new Float32Array(8 * size * size);
  const images = Array.from({ length: 8 }, (_, i): PreparedImage => {
    const [person, slice, frame] = [i >> 2, (i >> 1) & 1, i & 1];
    const [x, y] = [6 + 3 * person, 7 + frame / 2];
    for (let at = 0; at < size * size; at++) {
      const [column, row] = [at % size, Math.floor(at / size)];
      const blob = Math.exp(-(((column - x) / (2 + 2 * slice)) ** 2) - ((row - y) / (3 - person)) ** 2);
      pixels[i * size * size + at] = 3 * blob + (column - row) / 10;
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

it('pairs of slices, of people and of tiles are learnt on eight images, to the same bytes when stopped and gone on', async () => {
  const data = eightSlices();
  const jitter = { rotationDeg: 3, scale: [1, 1.05], shift: 0, gain: [0.9, 1.1], offset: 0.1, hidden: 16 };
  const chosen = [
    { task: sliceOrder, settings: { hidden: 16, dropout: 0 } },
    {
      task: longitudinal,
      settings: { ...(longitudinal.defaults as object), ...jitter, embedding: 8, levels: 2 },
    },
    { task: siameseDistance, settings: { ...(siameseDistance.defaults as object), hidden: 16, features: 8 } },
  ].map((one) => ({ ...one, weight: 1 }));
  const backbone = unet.build({ width: 4, depth: 3, unusedLayers: false }, 1);
  const plan = planOf(backbone, chosen, data.manifest, data.manifest);
  const steps = 60;
  const config = tinyConfig({
    ...{ size, steps, batch: 8, learningRate: 1e-2, validationFraction: 0, testFraction: 0, epoch: 'all' },
    ...{ validateEvery: steps, checkpointEvery: steps / 2 },
  });
  const run = async (files: MemoryFiles, options: object = {}) =>
    train({
      ...{ device: device(), data, config, plan, files, describe: () => ({}) },
      ...{ upgrade: (found: unknown) => found as never, ...options },
    });
  const [stop, stopped, files] = [new AbortController(), new MemoryFiles(), new MemoryFiles()];
  const onProgress = (event: { kind: string }) => event.kind === 'checkpoint' && stop.abort();
  await run(stopped, { signal: stop.signal, onProgress });
  const { split } = await run(stopped, { resume: true });
  await run(files);
  const bytes = files.files.get(weightsFile)!;
  expect(stopped.files.get(weightsFile)).toEqual(bytes);
  using network = loadNetwork(device(), plan, decodeWeights(bytes, 'weights').state);
  const { results } = await evaluate(network, data, plan.tasks, split, { batch: 3 });
  const figures = Object.fromEntries(results.map(({ key, value, trivial }) => [key, [value, trivial]]));
  console.log(figures);
}, 240_000);
