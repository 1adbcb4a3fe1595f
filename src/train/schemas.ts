/** @file Which values the settings of a pretraining run may have. Apart from them, as declarations may not name zod. */
import * as z from 'zod/mini';
import {
  fields,
  flag,
  least0,
  list,
  number,
  oneOf,
  positive,
  range,
  shapeOf,
  share,
  someOf,
  text,
  whole,
} from '../tasks/settings.ts';
import { schedules } from './schedule.ts';
import type {
  AugmentationSettings,
  GivenConfig,
  PhantomSettings,
  RunConfig,
  TrainConfig,
} from './settings.ts';

const augmentation = fields(
  shapeOf<AugmentationSettings>()({
    rotationDeg: number({ from: 0, to: 180 }),
    scale: range(positive),
    shiftPx: least0,
    flipX: flag,
    flipY: flag,
    gain: range(positive),
    offset: least0,
  }),
);

const phantom = fields(
  shapeOf<PhantomSettings>()({
    subjects: whole({ from: 3 }),
    difficulty: oneOf(['easy', 'mid', 'hard']),
    phases: whole({ from: 1, to: 30 }),
    size: whole({ from: 16, to: 512 }),
    seed: whole({ from: 0 }),
  }),
);

export const trainShape = shapeOf<TrainConfig>()({
  tasks: someOf(['orientation', 'location']),
  alpha: positive,
  beta: positive,
  lineSigmaMm: positive,
  width: whole({ from: 1, to: 256 }),
  precision: oneOf(['f32', 'mixed']),
  depth: whole({ from: 2, to: 7 }),
  headGain: positive,
  unusedLayers: flag,
  hidden: whole({ from: 1, to: 4096 }),
  dropout: number({ from: 0, below: 1 }),
  steps: whole({ from: 1 }),
  batch: whole({ from: 1, to: 4096 }),
  learningRate: positive,
  schedule: oneOf(schedules),
  epoch: oneOf(['subject', 'all']),
  augmentation,
  l1: least0,
  l2: least0,
  clipNorm: z.nullable(positive),
  seed: whole({ from: 0 }),
  validationFraction: share,
  testFraction: share,
  validateEvery: whole({ from: 1 }),
  validationImages: whole({ from: 1 }),
  checkpointEvery: whole({ from: 1 }),
  recompute: flag,
  tune: z.nullable(least0),
});

const runShape = shapeOf<RunConfig>()({
  ...trainShape,
  preset: oneOf(['small', 'zhang2024']),
  data: z.nullable(text),
  map: list(text),
  size: whole({ from: 8, to: 4096 }),
  spacingMm: positive,
  phantom,
  adapter: z.nullable(oneOf(['gpu', 'system', 'swiftshader'])),
  out: text,
});

export const runSchema: z.ZodMiniType<RunConfig> = fields(runShape);

/** Any part of a configuration. */
export const givenSchema: z.ZodMiniType<GivenConfig> = z.partial(
  fields({ ...runShape, augmentation: z.partial(augmentation), phantom: z.partial(phantom) }),
);
