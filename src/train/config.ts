/** @file The configuration of a pretraining run: its schema, presets and checks. */
import { z } from 'zod';
import { ConfigError } from '../tensor/errors.ts';
import { defaultSigmaMm } from './evaluate.ts';
import { schedules } from './schedule.ts';

const whole = (least: number) => z.int().min(least);
const positive = z.number().positive();
const share = z.number().min(0).max(0.9);
const range = z.tuple([z.number().positive(), z.number().positive()]).refine(([a, b]) => a <= b, {
  error: 'the first number must not exceed the second',
});

const augmentation = z.strictObject({
  /** Rotation in ±degrees. */
  rotationDeg: z.number().min(0).max(180),
  /** Least and most magnification. */
  scale: range,
  /** Shift in ±pixels of the prepared image. */
  shiftPx: z.number().min(0),
  flipX: z.boolean(),
  flipY: z.boolean(),
  /** Least and most factor on the intensity. */
  gain: range,
  /** Added to the z-scored intensity, ±. */
  offset: z.number().min(0),
});

const phantom = z.strictObject({
  subjects: whole(3),
  difficulty: z.enum(['easy', 'mid', 'hard']),
  /** Cardiac phases. */
  phases: whole(1).max(30),
  /** Side of the DICOM images, pixels over 256 mm. */
  size: whole(16).max(512),
  seed: whole(0),
});

/** What training needs to know: it decides every byte of the weights, given the data and the adapter. */
const trainShape = {
  tasks: z
    .array(z.enum(['orientation', 'location']))
    .nonempty()
    .refine((names) => new Set(names).size === names.length, { error: 'names a task twice' }),
  /** α of paper §3: weight of the orientation loss. */
  alpha: positive,
  /** β: weight of the location loss. */
  beta: positive,
  /** σ of the line labels, mm (paper §1: 6 px of 1.26 mm). */
  lineSigmaMm: positive,
  /** Channels of the first level. */
  width: whole(1).max(256),
  /** `mixed`: convolutions in f16, with the loss scaled; the adapter needs shader-f16. */
  precision: z.enum(['f32', 'mixed']),
  /** Levels of the U-Net, the centre included. */
  depth: whole(2).max(7),
  /** Factor on the first weights of the heatmaps' 1×1 convolution. */
  headGain: positive,
  /** Whether to hold the two layers of [Z] that are never called, so that state dicts map one to one. */
  unusedLayers: z.boolean(),
  /** Width of the location head's hidden layer. */
  hidden: whole(1).max(4096),
  /** Of the location head's hidden layer. */
  dropout: z.number().min(0).lt(1),
  steps: whole(1),
  batch: whole(1).max(4096),
  learningRate: positive,
  schedule: z.enum(schedules),
  /** `subject`: one random image per subject and epoch; `all`: every image once per epoch. */
  epoch: z.enum(['subject', 'all']),
  augmentation: augmentation,
  /** Weight of Σ|p| over all parameters. */
  l1: z.number().min(0),
  /** Weight of Σp² / 2 over all parameters. */
  l2: z.number().min(0),
  /** Largest norm of the whole gradient; null: no limit. */
  clipNorm: positive.nullable(),
  seed: whole(0),
  /** Shares of the subjects. */
  validationFraction: share,
  testFraction: share,
  /** Steps between validations. */
  validateEvery: whole(1),
  /** Images of validation subjects to validate on, at most; evenly spaced. */
  validationImages: whole(1),
  /** Steps between checkpoints. */
  checkpointEvery: whole(1),
  /** Whether backward computes the blocks' inside again instead of keeping it: less memory, the same bits, more time. */
  recompute: z.boolean(),
  /** Seconds to spend at the start on timing kernel variants, 0 for what is known already; null: the fixed order. */
  tune: z.number().min(0).nullable(),
};

const runShape = {
  ...trainShape,
  preset: z.enum(['small', 'zhang2024']),
  /** A DICOM folder or a prepared store; null: a phantom cohort. */
  data: z.string().min(1).nullable(),
  /** folder-or-series=view rules. */
  map: z.array(z.string()),
  /** Side of the prepared images, pixels. */
  size: whole(8).max(4096),
  /** Pixel spacing of the prepared images, mm. */
  spacingMm: positive,
  phantom: phantom,
  adapter: z.enum(['gpu', 'system', 'swiftshader']).nullable(),
  /** The run's folder. */
  out: z.string().min(1),
};

export type TrainConfig = z.infer<z.ZodObject<typeof trainShape>>;
export type RunConfig = z.infer<z.ZodObject<typeof runShape>>;
export type Preset = RunConfig['preset'];

const runSchema = z.strictObject(runShape);
const givenSchema = z
  .strictObject({ ...runShape, augmentation: augmentation.partial(), phantom: phantom.partial() })
  .partial();
/** What a user gives: any part of the configuration. */
export type GivenConfig = z.infer<typeof givenSchema>;

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

/** Characters of a wrong value that an error repeats. */
const MOST_SHOWN = 80;

type Path = readonly PropertyKey[];
/** How a key is written before its value where the configuration comes from. */
type Spelling = (path: Path) => string;

const asKey: Spelling = (path) => `${path.join('.') || 'the configuration'} `;

const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce((inner: unknown, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value);

function describeIssue(issue: z.core.$ZodIssue, whole: unknown, spelling: Spelling): string {
  const where = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') {
    const value = valueAt(whole, issue.path);
    const text = typeof value === 'string' ? value : String(JSON.stringify(value));
    const shown = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
    return `${spelling(issue.path)}${shown}: ${issue.message}`;
  }
  const known = where === 'augmentation' ? augmentation : where === 'phantom' ? phantom : runSchema;
  return `unknown key "${issue.keys.join('", "')}"${where && ` in ${where}`}; known are ${Object.keys(known.shape).join(', ')}`;
}

function parse<T>(schema: z.ZodType<T>, value: unknown, source: string, spelling = asKey): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => describeIssue(issue, value, spelling));
  throw new ConfigError(`${source}: ${issues.join('; ')}.`);
}

/** Checks that a value (a parsed JSON file, or flags) is part of a configuration. Throws ConfigError naming `source`. */
export function parseGiven(value: unknown, source: string, spelling?: Spelling): GivenConfig {
  return parse(givenSchema, value, source, spelling);
}

/** What given keys say against each other; a key that repeats the preset's value is no contradiction. */
function contradictions(given: GivenConfig, config: RunConfig, preset: RunConfig): (string | false)[] {
  const { tasks, size, depth, data, map, validationFraction, testFraction } = config;
  const says = (key: keyof GivenConfig): boolean =>
    given[key] !== undefined && JSON.stringify(given[key]) !== JSON.stringify(preset[key]);
  const orphan = (key: keyof GivenConfig, task: RunConfig['tasks'][number]): string | false =>
    says(key) && !tasks.includes(task) && `${key} is given, but tasks lack ${task}`;
  const step = 2 ** (depth - 1);
  return [
    orphan('alpha', 'orientation'),
    orphan('lineSigmaMm', 'orientation'),
    orphan('headGain', 'orientation'),
    orphan('beta', 'location'),
    orphan('dropout', 'location'),
    orphan('hidden', 'location'),
    says('phantom') && data !== null && 'phantom is given together with data; drop one',
    map.length > 0 && data === null && 'map is given, but there is no data folder to map',
    size % step !== 0 && `size ${size} is no multiple of 2^(depth − 1) = ${step}`,
    validationFraction + testFraction >= 1 && 'validationFraction and testFraction leave no training subject',
  ];
}

/**
 * Completes what was given with its preset. Throws ConfigError for unknown keys, values out of range and
 * contradictions, all in one message.
 */
export function resolveConfig(given: GivenConfig, base?: RunConfig): RunConfig {
  const preset = given.preset ? presets[given.preset] : (base ?? presets.small);
  const merged = {
    ...preset,
    ...given,
    augmentation: { ...preset.augmentation, ...given.augmentation },
    phantom: { ...preset.phantom, ...given.phantom },
  };
  const config = parse(runSchema, merged, 'configuration');
  const found = contradictions(given, config, preset).filter((text) => text !== false);
  if (found.length > 0) throw new ConfigError(`configuration: ${found.join('; ')}.`);
  return config;
}

/** The part of a configuration that training takes. */
export function trainConfigOf(config: RunConfig): TrainConfig {
  const keys = Object.keys(trainShape) as (keyof TrainConfig)[];
  return Object.fromEntries(keys.map((key) => [key, config[key]])) as TrainConfig;
}

/**
 * Keys whose values differ between two training configurations, but for those that do not change the weights; more
 * or fewer steps do not where the learning rate is constant.
 */
export function changedKeys(before: Partial<TrainConfig>, after: TrainConfig): string[] {
  // A checkpoint names its kernel variants, so tuning is over once there is one.
  const harmless = new Set<string>(['checkpointEvery', 'recompute', 'tune']);
  if (before.schedule === 'constant') harmless.add('steps');
  // Runs of earlier versions were all of this precision.
  const was: Partial<TrainConfig> = { precision: 'f32', ...before };
  const keys = Object.keys(after) as (keyof TrainConfig)[];
  return keys.filter((key) => !harmless.has(key) && JSON.stringify(was[key]) !== JSON.stringify(after[key]));
}
