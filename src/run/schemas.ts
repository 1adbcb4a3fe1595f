/** @file Which values the configuration of a run may have, put together from the records' sections. */
import * as z from 'zod/mini';
import { backbones } from '../backbones/index.ts';
import { identifierChoices } from '../data/identifiers/pseudonyms.ts';
import { PHANTOM_ANATOMIES } from '../data/phantom/names.ts';
import { emptySliceChoices } from '../data/sources/source.ts';
import type { Split } from '../data/split.ts';
import { parseFold } from '../data/strata.ts';
import { VIEW_RULE, viewRuleIn } from '../data/study/views.ts';
import { tasks } from '../tasks/index.ts';
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
import type { SettingKinds } from '../tasks/task.ts';
import { schedules } from '../train/schedule.ts';
import type { AugmentationSettings, ModelSection, TaskSection, TrainConfig } from '../train/settings.ts';
import type { GivenConfig, GivenTasks, PhantomSettings, RunConfig } from './settings.ts';

const augmentation = fields(
  shapeOf<AugmentationSettings>()({
    rotationDeg: number({ from: 0, to: 180 }),
    scale: range(positive),
    shiftPx: least0,
    flipX: flag,
    flipY: flag,
    gain: range(positive),
    offset: least0,
    blurPx: least0,
    noise: least0,
    biasField: least0,
    contrast: range(positive),
    gamma: range(positive),
    elasticPx: least0,
  }),
);

/** 0 would be freezing, but for batch norms. */
const rates = fields(
  shapeOf<TrainConfig['rates']>()({ encoder: positive, decoder: positive, heads: positive }),
);

const phantom = fields(
  shapeOf<PhantomSettings>()({
    anatomy: oneOf(PHANTOM_ANATOMIES),
    subjects: whole({ from: 3 }),
    difficulty: oneOf(['easy', 'mid', 'hard']),
    phases: whole({ from: 1, to: 30 }),
    size: whole({ from: 16, to: 512 }),
    seed: whole({ from: 0 }),
  }),
);

const names = list(text);
const parts = { train: names, rest: z.optional(names), validation: names, test: names };
const split = fields(shapeOf<Split>()(parts));

/** What a run's split.json may hold. */
export const splitFileSchema = fields({
  ...parts,
  ...{ seed: z.optional(whole({ from: 0 })), fold: z.optional(z.nullable(text)), beside: z.optional(names) },
});

const FOLD = 'a fold of two or more, such as 2/5, is needed';
const fold = z.string(FOLD).check(z.refine((value) => parseFold(value) !== null, FOLD));

/** The shape of a record's section. */
const kindsOf = (settings: SettingKinds<unknown>): Record<string, z.ZodMiniType> =>
  settings as unknown as Record<string, z.ZodMiniType>;

const taskSections = () =>
  Object.fromEntries(
    tasks.map(({ name, settings }) => [name, fields({ weight: positive, ...kindsOf(settings) })]),
  );

/** Sections of tasks, each whole; at least one. */
const wholeTasks = (): z.ZodMiniType<Readonly<Record<string, TaskSection>>> =>
  z
    .partial(fields(taskSections()))
    .check(
      z.refine((sections) => Object.keys(sections).length > 0, 'at least one of the names is needed'),
    ) as z.ZodMiniType<Readonly<Record<string, TaskSection>>>;

/** Any parts of the sections of tasks. */
const givenTasks = (): z.ZodMiniType<GivenTasks> =>
  z.partial(
    fields(
      Object.fromEntries(Object.entries(taskSections()).map(([name, section]) => [name, z.partial(section)])),
    ),
  ) as z.ZodMiniType<GivenTasks>;

/** The section of a backbone. @param name of an unknown one: only the name is looked at */
export function modelSection(name: unknown): z.ZodMiniObject {
  const known = { name: oneOf(backbones.map((backbone) => backbone.name)) };
  const record = backbones.find((backbone) => backbone.name === name);
  return record
    ? fields({ ...known, ...kindsOf(record.settings) })
    : z.looseObject(known, 'an object is needed');
}

const trainShape = (model: z.ZodMiniType<ModelSection>, sections: ReturnType<typeof wholeTasks>) =>
  shapeOf<TrainConfig>()({
    model,
    tasks: sections,
    precision: oneOf(['f32', 'mixed']),
    initParts: oneOf(['all', 'encoder']),
    freeze: oneOf(['none', 'encoder']),
    freezeSteps: z.nullable(whole({ from: 1 })),
    rates,
    labelled: z.nullable(whole({ from: 1 })),
    labelledValidation: z.nullable(whole({ from: 0 })),
    stratify: flag,
    subjects: z.nullable(split),
    fold: z.nullable(fold),
    steps: whole({ from: 1 }),
    batch: whole({ from: 1, to: 4096 }),
    learningRate: positive,
    schedule: oneOf(schedules),
    warmup: whole({ from: 0 }),
    epoch: oneOf(['subject', 'all']),
    augmentation,
    l1: least0,
    l2: least0,
    clipNorm: z.nullable(positive),
    seed: whole({ from: 0 }),
    validationFraction: share,
    testFraction: share,
    validateEvery: whole({ from: 1 }),
    chooseBy: oneOf(['loss', 'figure']),
    patience: z.nullable(whole({ from: 1 })),
    validationImages: whole({ from: 1 }),
    checkpointEvery: whole({ from: 1 }),
    recompute: flag,
    syncBatchNorm: flag,
    gradientSums: oneOf(['f32', 'f16']),
    tune: z.nullable(least0),
  });

const runShape = (model: z.ZodMiniType<ModelSection>) =>
  shapeOf<RunConfig>()({
    ...trainShape(model, wholeTasks()),
    preset: oneOf(['small', 'zhang2024', 'finetune', 'classify', 'acdc']),
    data: z.nullable(text),
    unlabelled: z.nullable(text),
    init: z.nullable(text),
    target: z.nullable(text),
    map: list(text.check(z.refine((rule) => viewRuleIn(rule) !== null, `${VIEW_RULE} is needed`))),
    emptySlices: oneOf(emptySliceChoices),
    size: whole({ from: 8, to: 4096 }),
    spacingMm: positive,
    phantom,
    mirror: flag,
    identifiers: oneOf(identifierChoices),
    adapter: z.nullable(oneOf(['gpu', 'system', 'swiftshader'])),
    out: text,
  });

/** What of a configuration decides the network. @param name of its backbone */
export const planSchema = (name: unknown): z.ZodMiniType<Pick<TrainConfig, 'model' | 'tasks'>> =>
  fields({
    model: modelSection(name) as unknown as z.ZodMiniType<ModelSection>,
    tasks: wholeTasks(),
  });

/** A whole configuration. @param name of its backbone */
export const runSchema = (name: unknown): z.ZodMiniType<RunConfig> =>
  fields(runShape(modelSection(name) as unknown as z.ZodMiniType<ModelSection>));

/** Any part of a configuration. @param name of its backbone; `listed`: whether it lists its tasks' names */
export function givenSchema(name: unknown, listed: boolean): z.ZodMiniType<GivenConfig> {
  const model = modelSection(name);
  const parts = {
    ...runShape(model as unknown as z.ZodMiniType<ModelSection>),
    model: z.partial(model),
    tasks: listed ? someOf(tasks.map((task) => task.name)) : givenTasks(),
    taskSettings: givenTasks(),
    rates: z.partial(rates),
    augmentation: z.partial(augmentation),
    phantom: z.partial(phantom),
  };
  return z.partial(fields(parts)) as unknown as z.ZodMiniType<GivenConfig>;
}

/** Keys of a configuration that training takes. */
export const trainKeys = Object.keys(
  trainShape(z.any() as z.ZodMiniType<ModelSection>, z.any() as ReturnType<typeof wholeTasks>),
) as (keyof TrainConfig)[];
