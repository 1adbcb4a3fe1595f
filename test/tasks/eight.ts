/** @file Eight images that a task is trained and evaluated on, to see that it can be learnt at all. */
import { unet } from '../../src/backbones/unet.ts';
import { intersectingLine } from '../../src/data/geometry.ts';
import type { ImagePlane, PreparedData } from '../../src/data/types.ts';
import { decodeWeights } from '../../src/models/weights.ts';
import type { Evaluation } from '../../src/results/evaluation.ts';
import type { Task } from '../../src/tasks/task.ts';
import type { Device } from '../../src/tensor/device.ts';
import { evaluate } from '../../src/train/judge.ts';
import { train } from '../../src/train/loop.ts';
import { loadNetwork } from '../../src/train/network.ts';
import { planOf } from '../../src/train/plan.ts';
import { MemoryFiles } from '../../src/train/runfiles.ts';
import { tinyConfig } from '../train/tiny.ts';

const size = 16;
const spacingMm = 4;

/** A plane across the images, through the point (x, y) in mm, at an angle to their rows. */
function across(x: number, y: number, angle: number): ImagePlane {
  return {
    position: [x, y, 0],
    rowDirection: [Math.cos(angle), Math.sin(angle), 0],
    columnDirection: [0, 0, -1],
    spacingMm: [1, 1],
    rows: size,
    columns: size,
  };
}

/** Eight subjects of one z-scored image each, 16 px of 4 mm: a bright blob on a slope, two planes that cross in it. */
export function eightImages(): PreparedData {
  const plane: ImagePlane = {
    ...across(0, 0, 0),
    columnDirection: [0, 1, 0],
    spacingMm: [spacingMm, spacingMm],
  };
  const pixels = new Float32Array(8 * size * size);
  const images = Array.from({ length: 8 }, (_, image) => {
    const [x, y] = [5 + (image % 4) * 1.7, 6 + Math.floor(image / 4) * 3];
    const raw = Array.from(
      { length: size * size },
      (_, i) =>
        3 * Math.exp(-((((i % size) - x) / 2.5) ** 2) - ((Math.floor(i / size) - y) / 1.5) ** 2) +
        ((i % size) - Math.floor(i / size) / 2) / 10,
    );
    const mean = raw.reduce((a, b) => a + b) / raw.length;
    const deviation = Math.sqrt(raw.reduce((sum, v) => sum + (v - mean) ** 2, 0) / raw.length);
    pixels.set(
      raw.map((v) => (v - mean) / deviation),
      image * size * size,
    );
    const planes = [1.4, 0.1].map((angle) => across(x * spacingMm, y * spacingMm, angle + image / 40));
    return {
      ...{
        subject: `${image}`,
        file: `${image}`,
        view: 'short-axis',
        frame: 0,
        slice: 0,
        location: null,
        plane,
      },
      lines: planes.map((reference) => intersectingLine(plane, reference).line),
    };
  });
  const manifest: PreparedData['manifest'] = {
    ...{ format: 'planewise-prepared', version: 1, size, spacingMm, dtype: 'f32', skipped: [], images },
    ...{ targetView: 'short-axis', referenceViews: ['2-chamber', '4-chamber'] },
  };
  return { manifest, pixels };
}

/** The same as slices of one stack, 8 mm apart. */
export function eightSlices(): PreparedData {
  const { manifest, pixels } = eightImages();
  const images = manifest.images.map((image, slice) => ({
    ...{ ...image, subject: '0', slice },
    plane: { ...image.plane, position: [0, 0, -8 * slice] as const },
  }));
  return { manifest: { ...manifest, images }, pixels };
}

/** Trains the task on the eight images, and evaluates it on them. */
export async function learntOnEight(
  device: Device,
  task: Task,
  settings: unknown = task.defaults,
  steps = 60,
  data = eightImages(),
): Promise<Evaluation> {
  const backbone = unet.build({ width: 4, depth: 3, unusedLayers: false }, 1);
  const plan = planOf(backbone, [{ task, weight: 1, settings }], data.manifest, data.manifest);
  const config = tinyConfig({
    ...{
      size: data.manifest.size,
      steps,
      batch: 8,
      learningRate: 1e-2,
      validationFraction: 0,
      testFraction: 0,
    },
    ...{ validateEvery: steps, checkpointEvery: steps, epoch: 'all' },
  });
  const files = new MemoryFiles();
  const { split } = await train({
    ...{ device, data, config, plan, files, describe: () => ({}) },
    upgrade: (found) => found as never,
  });
  const { state } = decodeWeights((await files.read('weights.safetensors'))!, 'weights');
  using network = loadNetwork(device, plan, state);
  return await evaluate(network, data, plan.tasks, split, { batch: 8 });
}
