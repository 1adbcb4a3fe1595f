/** @file A tiny data set and configuration that train in a second, for the specs of this folder. */
import type { Line, PreparedData, PreparedImage } from '../../src/data/types.ts';
import { type GivenConfig, resolveConfig, type TrainConfig, trainConfigOf } from '../../src/run/config.ts';
import type { train } from '../../src/run/training.ts';
import type { DeviceOptions } from '../../src/tensor/device.ts';

const size = 16;
const slices = 4;

/** A bright line on noise-free ground, at an angle and offset that turn with subject and slice. */
function lineOf(subject: number, slice: number): Line {
  const angle = 0.4 * subject + 0.2 * slice;
  const [a, b] = [Math.cos(angle), Math.sin(angle)];
  return [a, b, -(a + b) * 7.5 + 0.5 * (slice - 2)];
}

function paint(line: Line, brightness: number): Float32Array {
  return Float32Array.from({ length: size * size }, (_, i) => {
    const distance = line[0] * (i % size) + line[1] * Math.floor(i / size) + line[2];
    return brightness * Math.exp(-0.5 * distance ** 2) - 0.3;
  });
}

function imageOf(subject: number, slice: number): PreparedImage {
  return {
    subject: `subject${subject}`,
    file: `subject${subject}/${slice}.dcm`,
    view: 'short-axis',
    frame: 0,
    slice,
    lines: [lineOf(subject, slice), subject % 3 === 0 ? null : lineOf(subject + 4, slice)],
    location: slice / (slices - 1),
    plane: {
      position: [0, 0, -8 * slice],
      rowDirection: [1, 0, 0],
      columnDirection: [0, 1, 0],
      spacingMm: [8, 8],
      rows: size,
      columns: size,
    },
  };
}

/** 10 subjects of 4 slices, 16 × 16 px of 8 mm, two reference views, some lines missing. */
export function tinyData(): PreparedData {
  const places = Array.from({ length: 10 * slices }, (_, i) => [Math.floor(i / slices), i % slices] as const);
  const images = places.map(([subject, slice]) => imageOf(subject, slice));
  const pixels = new Float32Array(images.length * size * size);
  for (const [i, { lines, slice }] of images.entries())
    pixels.set(paint(lines[0]!, 1 + slice), i * size * size);
  const manifest = {
    format: 'planewise-prepared',
    version: 1,
    size,
    spacingMm: 8,
    targetView: 'short-axis',
    referenceViews: ['2-chamber', '4-chamber'],
    dtype: 'f32',
    images,
    skipped: [],
  } as const;
  return { manifest, pixels };
}

/** What `train` takes where the configuration decides the plan. */
export type TrainingOptions = Parameters<typeof train>[0];

/** The convolutions whose shaders compile fastest: these specs are not about kernels. */
export const plainKernels: DeviceOptions = {
  variants: Object.fromEntries(
    ['conv2d', 'conv2dInputGrad', 'conv2dWeightGrad', 'conv2dTranspose', 'conv2dTransposeInputGrad'].map(
      (op) => [op, 'tile'],
    ),
  ),
};

/** Multitask, 4 channels, 2 levels, 8 steps of 4 images, with augmentation and dropout; due every 3 steps. */
export function tinyConfig(given: GivenConfig = {}): TrainConfig {
  const tiny: GivenConfig = { model: { width: 4, depth: 2 }, size, steps: 8, batch: 4, learningRate: 3e-3 };
  const every: GivenConfig = { validateEvery: 3, checkpointEvery: 3, validationFraction: 0.2 };
  return trainConfigOf(resolveConfig({ ...tiny, ...every, ...given }));
}
