/** @file Reads the file of an experiment: every key checked, defaults filled in. */
import * as z from 'zod/mini';
import { ConfigError, FileError } from '../../base/errors.ts';
import { isRecord } from '../../base/record.ts';
import { either, fields, flag, list, oneOf, shapeOf, text, whole } from '../../tasks/settings.ts';
import { mergeGiven, parse, parseGiven, resolveConfig } from '../config.ts';
import { fineTuning, pretraining } from '../job.ts';
import type { GivenConfig, RunConfig } from '../settings.ts';
import type { Experiment, ExperimentSubjects, Initialisation, Labelled, TestCohort } from './settings.ts';

const name = text.check(
  z.refine((value) => /^[a-z0-9][a-z0-9-]*$/i.test(value), 'letters, digits and dashes are needed'),
);

/** Values of an axis: at least one and none twice. */
const axis = <T>(kind: z.ZodMiniType<T>): z.ZodMiniType<readonly T[]> =>
  list(kind).check(
    z.refine((values) => values.length > 0, 'at least one value is needed'),
    z.refine((values) => new Set(values).size === values.length, 'names a value twice'),
  );

const cohort = fields(shapeOf<TestCohort>()({ seed: whole({ from: 0 }), subjects: whole({ from: 3 }) }));

const test: z.ZodMiniType<ExperimentSubjects['test']> = z.union(
  [cohort, whole({ from: 1 }), text, list(text)],
  '{ "seed", "subjects" } of phantom hearts, a count, "fold 1/5" or a list of names is needed',
);

const subjects = fields(
  shapeOf<ExperimentSubjects>()({
    test,
    pool: z.nullable(whole({ from: 1 })),
    validation: whole({ from: 0 }),
    seed: whole({ from: 0 }),
    distinct: flag,
  }),
);

/** Checked by `parseGiven` afterwards, which knows the keys. */
const config = z.record(
  z.string(),
  z.unknown(),
  'an object is needed',
) as unknown as z.ZodMiniType<GivenConfig>;

const initialisation = fields(
  shapeOf<Initialisation>()({
    pretraining: z.nullable(config),
    seeds: list(whole({ from: 0 })),
    weights: z.nullable(text),
    of: z.nullable(text),
    transfer: config,
  }),
);

const shape = {
  name,
  base: config,
  initialisations: z.record(z.string(), z.nullable(z.partial(initialisation)), 'an object is needed'),
  subjects: z.optional(z.partial(subjects)),
  labelled: axis<Labelled>(either(whole({ from: 1 }), oneOf(['all']), 'a count or "all"')),
  steps: z.optional(axis(whole({ from: 1 }))),
  seeds: axis(whole({ from: 0 })),
  pretrainingSeeds: z.optional(axis(whole({ from: 0 }))),
  figure: z.optional(z.nullable(text)),
};

type GivenSubjects = Partial<ExperimentSubjects>;

/** Keys that the experiment says itself, and where. */
const own: Readonly<Record<string, string>> = {
  out: 'the command says where runs go',
  init: 'initialisations say what a run begins with',
  seed: 'the axis seeds says it',
  steps: 'the axis steps says it',
  labelled: 'the axis labelled says it',
  subjects: 'the section subjects says who trains and tests',
  validationFraction: 'subjects.validation says it',
  testFraction: 'subjects.test says it',
};

/** Throws ConfigError where a configuration sets what the experiment says itself. */
function expectFree(given: GivenConfig, where: string, allowed: readonly string[] = []): void {
  const taken = Object.keys(given).filter((key) => key in own && !allowed.includes(key));
  if (taken.length > 0)
    throw new ConfigError(`${where}.${taken[0]} has no place here: ${own[taken[0]!]}. Leave it out.`);
}

const given = (value: unknown, where: string): GivenConfig => parseGiven(value, where);

function completeInitialisation(value: unknown, where: string): Initialisation | null {
  if (value === null) return null;
  const {
    pretraining: made = null,
    seeds = [],
    weights = null,
    of = null,
    transfer = {},
  } = value as Partial<Initialisation>;
  if ([made, weights, of].filter((one) => one !== null).length !== 1)
    throw new ConfigError(
      `${where} needs one of pretraining, weights and of; null stands for none, from scratch.`,
    );
  const parsed = made && given(made, `${where}.pretraining`);
  if (parsed)
    expectFree(parsed, `${where}.pretraining`, ['steps', 'labelled', 'validationFraction', 'testFraction']);
  const moved = given(transfer, `${where}.transfer`);
  expectFree(moved, `${where}.transfer`);
  for (const key of [
    'data',
    'model',
    'size',
    'spacingMm',
    'phantom',
    'tasks',
    'map',
    'target',
    'preset',
  ] as const)
    if (moved[key] !== undefined)
      throw new ConfigError(
        `${where}.transfer.${key} would compare more than the weights. Set it in base, for all.`,
      );
  return { pretraining: parsed, seeds, weights, of, transfer: moved };
}

/** Test subjects where nothing is said: hearts of their own. */
function testOf({ test: said }: GivenSubjects, base: RunConfig, file: string): ExperimentSubjects['test'] {
  const hearts = base.data === null;
  if (said === undefined && !hearts)
    throw new ConfigError(`${file}: subjects.test is needed: a count, "fold 1/5" or names of ${base.data}.`);
  if (isRecord(said) && !hearts)
    throw new ConfigError(
      `${file}: subjects.test is a cohort of phantom hearts, but base.data is ${base.data}.`,
    );
  return said ?? { seed: base.phantom.seed + 1, subjects: 40 };
}

function checkNames({ initialisations }: Experiment, file: string): void {
  const entries = Object.entries(initialisations);
  const stray = entries.find(([key]) => !name.safeParse(key).success);
  if (stray)
    throw new ConfigError(`${file}: initialisations.${stray[0]}: letters, digits and dashes are needed.`);
  const scratch = entries.filter(([, value]) => value === null);
  if (scratch.length !== 1)
    throw new ConfigError(
      `${file}: initialisations has ${scratch.length} that are null; one, from scratch, is needed to compare with.`,
    );
  for (const [key, value] of entries) {
    const target = value?.of === null || !value ? undefined : initialisations[value.of];
    if (value?.of && !target?.pretraining)
      throw new ConfigError(
        `${file}: initialisations.${key}.of is ${value.of}, which is no initialisation with a pretraining.`,
      );
  }
}

/** The configuration of fine-tuning, but for what differs from point to point. */
export const baseConfig = ({ base }: Experiment): RunConfig =>
  resolveConfig({ ...base, preset: base.preset ?? fineTuning.preset });

/** What a pretraining is given: the network is that of `base`. */
export function pretrainingGiven(experiment: Experiment, made: GivenConfig): GivenConfig {
  const { model } = baseConfig(experiment);
  return mergeGiven({ model, preset: made.preset ?? pretraining.preset }, made);
}

/** What `work` gives; its ConfigErrors name `where`. */
function inside<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(`${where}: ${error.message}`, { cause: error });
  }
}

/** Throws ConfigError where a pretraining makes another network than the one that is fine-tuned, or the settings clash. */
function checkConfigs(experiment: Experiment, file: string): void {
  const base = baseConfig(experiment);
  for (const [key, value] of Object.entries(experiment.initialisations)) {
    if (!value?.pretraining) continue;
    const where = `initialisations.${key}.pretraining`;
    const config = inside(`${file}: ${where}`, () =>
      resolveConfig(pretrainingGiven(experiment, value.pretraining!)),
    );
    const differs = Object.keys({ ...config.model, ...base.model }).find(
      (setting) => JSON.stringify(config.model[setting]) !== JSON.stringify(base.model[setting]),
    );
    if (differs)
      throw new ConfigError(
        `${file}: ${where}.model.${differs} is ${config.model[differs]}, but base has ${base.model[differs]}: its weights would not fit. Set it in base alone.`,
      );
  }
}

/**
 * Checks and completes an experiment.
 * @param value parsed JSON
 * @throws ConfigError naming `file` and the key
 */
export function parseExperiment(value: unknown, file: string): Experiment {
  const read = parse(fields(shape), value, file);
  const base = given(read.base, `${file}: base`);
  expectFree(base, `${file}: base`, read.steps ? [] : ['steps']);
  const preset = base.preset ?? fineTuning.preset;
  const settled = inside(`${file}: base`, () => resolveConfig({ ...base, preset }));
  const said = (read.subjects ?? {}) as GivenSubjects;
  const { steps: _, ...rest } = base;
  const experiment: Experiment = {
    name: read.name,
    base: rest,
    initialisations: Object.fromEntries(
      Object.entries(read.initialisations).map(([key, one]) => [
        key,
        completeInitialisation(one, `${file}: initialisations.${key}`),
      ]),
    ),
    subjects: {
      ...{ pool: null, validation: 0, seed: 1, distinct: false },
      ...said,
      test: testOf(said, settled, file),
    },
    labelled: read.labelled,
    steps: read.steps ?? [settled.steps],
    seeds: read.seeds,
    pretrainingSeeds: read.pretrainingSeeds ?? [1],
    figure: read.figure ?? null,
  };
  checkNames(experiment, file);
  checkConfigs(experiment, file);
  const fewest = Math.min(...experiment.labelled.map((count) => (count === 'all' ? Infinity : count)));
  if (experiment.subjects.validation >= fewest)
    throw new ConfigError(
      `${file}: subjects.validation is ${experiment.subjects.validation}, which leaves nobody to train of ${fewest} labelled.`,
    );
  return experiment;
}

/** Parses the text of an experiment's file. @throws FileError where it is no JSON; else as `parseExperiment` */
export function readExperiment(content: string, file: string): Experiment {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    throw new FileError(file, `is not JSON (${(error as Error).message})`, 'Repair it.', { cause: error });
  }
  return parseExperiment(value, file);
}
