/** @file Complete configurations to start from. */
import { defaultSize, defaultSpacingMm, maskedGrid, publishedGrid } from '../data/usualgrid.ts';
import { tasks } from '../tasks/index.ts';
import { earlierAugmentation } from '../train/changes.ts';
import type { TrainConfig } from '../train/settings.ts';
import type { GivenTasks, Preset, RunConfig } from './settings.ts';

const noAugmentation: TrainConfig['augmentation'] = {
  rotationDeg: 0,
  scale: [1, 1],
  shiftPx: 0,
  flipX: false,
  flipY: false,
  gain: [1, 1],
  offset: 0,
  ...earlierAugmentation,
};

/** For few subjects: without it 20 phantom hearts are learnt by heart. */
const strongAugmentation: TrainConfig['augmentation'] = {
  ...noAugmentation,
  rotationDeg: 30,
  scale: [0.8, 1.25],
  shiftPx: 4,
  gain: [0.8, 1.25],
  offset: 0.2,
};

/** Sections of tasks: the defaults of their records, with what differs. */
const sections = (own: GivenTasks): RunConfig['tasks'] =>
  Object.fromEntries(
    tasks.flatMap(({ name, defaults }) =>
      own[name] ? [[name, { weight: 1, ...(defaults as object), ...own[name] }]] : [],
    ),
  );

const common = {
  model: { name: 'unet', width: 16, depth: 5, unusedLayers: false },
  tasks: sections({ orientation: {}, location: {} }),
  precision: 'f32',
  initParts: 'all',
  freeze: 'none',
  freezeSteps: null,
  rates: { encoder: 1, decoder: 1, heads: 1 },
  labelled: null,
  labelledValidation: null,
  stratify: true,
  subjects: null,
  fold: null,
  epoch: 'subject',
  l1: 0,
  l2: 0,
  clipNorm: null,
  warmup: 0,
  chooseBy: 'loss',
  patience: null,
  recompute: false,
  syncBatchNorm: false,
  gradientSums: 'f32',
  tune: null,
  seed: 1,
  validationFraction: 0.1,
  testFraction: 0.1,
  data: null,
  identifiers: 'pseudonyms',
  unlabelled: null,
  init: null,
  target: null,
  map: [],
  emptySlices: 'unknown',
  phantom: { anatomy: 'heart', subjects: 300, difficulty: 'mid', phases: 2, size: 64, seed: 1 },
  mirror: false,
  adapter: null,
  out: 'runs/pretrain',
} satisfies Partial<RunConfig>;

/**
 * Complete configurations to start from. `zhang2024` follows paper §3, as the published schedule really ran. `finetune`
 * learns segmentation in minutes on two processor cores, `classify` groups of subjects; `acdc` is for real hearts and a
 * GPU: the published network, so that weights of `zhang2024` fit whole, at the spacing, batch, learning rate and rotation
 * of paper §4.
 */
export const presets: Readonly<Record<Preset, RunConfig>> = {
  small: {
    ...common,
    preset: 'small',
    size: defaultSize,
    spacingMm: defaultSpacingMm,
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
    model: { ...common.model, width: 64, unusedLayers: true },
    tasks: sections({ orientation: { gain: 1 }, location: {} }),
    ...publishedGrid,
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
  finetune: {
    ...common,
    preset: 'finetune',
    tasks: sections({ segmentation: {} }),
    model: { ...common.model, width: 12 },
    ...maskedGrid,
    steps: 400,
    batch: 16,
    learningRate: 4e-3,
    schedule: 'cosine',
    epoch: 'all',
    augmentation: strongAugmentation,
    phantom: { ...common.phantom, subjects: 60 },
    validationFraction: 0.2,
    testFraction: 0.2,
    validateEvery: 100,
    validationImages: 128,
    checkpointEvery: 100,
    out: 'runs/finetune',
  },
  classify: {
    ...common,
    preset: 'classify',
    tasks: sections({ classification: {} }),
    size: defaultSize,
    spacingMm: 5,
    steps: 500,
    batch: 16,
    learningRate: 1e-3,
    schedule: 'cosine',
    epoch: 'all',
    augmentation: { ...strongAugmentation, rotationDeg: 15, scale: [1, 1], shiftPx: 2 },
    phantom: { ...common.phantom, subjects: 150 },
    validationFraction: 0.2,
    testFraction: 0.2,
    validateEvery: 100,
    validationImages: 256,
    checkpointEvery: 100,
    out: 'runs/finetune',
  },
  acdc: {
    ...common,
    preset: 'acdc',
    model: { ...common.model, width: 64, unusedLayers: true },
    tasks: sections({ segmentation: {} }),
    emptySlices: 'background',
    size: 224,
    spacingMm: 1.367,
    steps: 10_000,
    batch: 10,
    learningRate: 1e-3,
    schedule: 'cosine',
    epoch: 'all',
    augmentation: { ...noAugmentation, rotationDeg: 15, scale: [0.9, 1.1], shiftPx: 10, gain: [0.9, 1.1] },
    phantom: { ...common.phantom, size: 224 },
    validateEvery: 250,
    validationImages: 1000,
    checkpointEvery: 250,
    out: 'runs/finetune',
  },
};
