/** @file Complete configurations to start from. */
import { defaultSigmaMm } from '../data/lines.ts';
import type { Preset, RunConfig, TrainConfig } from './settings.ts';

const noAugmentation: TrainConfig['augmentation'] = {
  rotationDeg: 0,
  scale: [1, 1],
  shiftPx: 0,
  flipX: false,
  flipY: false,
  gain: [1, 1],
  offset: 0,
};

const common = {
  tasks: ['orientation', 'location'],
  alpha: 1,
  beta: 1,
  lineSigmaMm: defaultSigmaMm,
  precision: 'f32',
  depth: 5,
  unusedLayers: false,
  hidden: 128,
  headGain: 0.1,
  dropout: 0.5,
  epoch: 'subject',
  l1: 0,
  l2: 0,
  clipNorm: null,
  recompute: false,
  tune: null,
  seed: 1,
  validationFraction: 0.1,
  testFraction: 0.1,
  data: null,
  map: [],
  phantom: { subjects: 300, difficulty: 'mid', phases: 2, size: 64, seed: 1 },
  adapter: null,
  out: 'runs/pretrain',
} satisfies Partial<RunConfig>;

/** Complete configurations to start from. `zhang2024` follows paper §3, as the published schedule really ran. */
export const presets: Readonly<Record<Preset, RunConfig>> = {
  small: {
    ...common,
    preset: 'small',
    width: 16,
    size: 32,
    spacingMm: 8,
    steps: 1000,
    batch: 16,
    learningRate: 1e-3,
    schedule: 'cosine',
    augmentation: { ...noAugmentation, rotationDeg: 15, scale: [0.9, 1.1], shiftPx: 2 },
    validateEvery: 100,
    validationImages: 256,
    checkpointEvery: 100,
  },
  zhang2024: {
    ...common,
    preset: 'zhang2024',
    width: 64,
    headGain: 1,
    unusedLayers: true,
    size: 224,
    spacingMm: 1.26,
    steps: 12_500,
    batch: 20,
    learningRate: 3e-4,
    schedule: 'step',
    augmentation: noAugmentation,
    phantom: { ...common.phantom, size: 224 },
    validateEvery: 250,
    validationImages: 1000,
    checkpointEvery: 250,
  },
};
