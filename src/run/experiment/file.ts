/** @file Reads the file of an experiment: every key checked, defaults filled in. */
import * as z from 'zod/mini';
import { ConfigError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { isRecord } from '../../base/record.ts';
import { identifierChoices } from '../../data/identifiers/pseudonyms.ts';
import { either, fields, flag, list, oneOf, shapeOf, text, whole } from '../../tasks/settings.ts';
import { parse, parseGiven, presetOf, resolveConfig } from '../config.ts';
import { fineTuning } from '../job.ts';
import type { GivenConfig, RunConfig } from '../settings.ts';
import { checkChains, checkConfigs, checkNames, checkPretrains, checkWords, inside, name } from './check.ts';
import type {
  Experiment,
  ExperimentSubjects,
  Initialisation,
  Labelled,
  Pairing,
  Pretrains,
  TestCohort,
} from './settings.ts';
import { completeSlurm, type SlurmSettings, slurmSection } from './slurm/settings.ts';

/** Values of an axis: at least one and none twice. */
const axis = <T>(kind: z.ZodMiniType<T>): z.ZodMiniType<readonly T[]> =>
  list(kind).check(
    z.refine((values) => values.length > 0, 'at least one value is needed'),
    z.refine((values) => new Set(values).size === values.length, 'names a value twice'),
  );

const cohort = fields(shapeOf<TestCohort>()({ seed: whole({ from: 0 }), subjects: whole({ from: 3 }) }));

const test: z.ZodMiniType<ExperimentSubjects['test']> = z.union(
  [cohort, whole({ from: 1 }), text, list(text), z.null()],
  '{ "seed", "subjects" } of phantom hearts, a count, "each", "5 folds", "fold 1/5" or a list of names is needed',
);

const subjects = fields(
  shapeOf<ExperimentSubjects>()({
    test,
    pool: z.nullable(whole({ from: 1 })),
    validation: whole({ from: 0 }),
    seed: whole({ from: 0 }),
    distinct: flag,
    same: z.record(z.string(), text, 'an object of names by names is needed'),
  }),
);

/** Checked by `parseGiven` afterwards, which knows the keys. */
const config = z.record(
  z.string(),
  z.unknown(),
  'an object is needed',
) as unknown as z.ZodMiniType<GivenConfig>;

const initialisation = fields(
  shapeOf<Omit<Initialisation, 'begins'>>()({
    pretraining: z.nullable(config),
    pretrains: oneOf<Pretrains>(['spare', 'untested']),
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
  pairing: z.optional(oneOf<Pairing>(['crossed', 'nested'])),
  identifiers: z.optional(z.nullable(oneOf(identifierChoices))),
  figure: z.optional(z.nullable(text)),
  slurm: z.optional(z.nullable(slurmSection)),
};

type GivenSubjects = Partial<ExperimentSubjects>;

/** Keys that the experiment says itself, and where. */
const own: Readonly<Record<string, string>> = {
  out: 'the command says where runs go',
  identifiers: 'identifiers beside base says it for all runs',
  unlabelled: 'it would not be known who tests there; pretrains says who pretrains',
  init: 'initialisations say what a run begins with',
  seed: 'the axis seeds says it',
  steps: 'the axis steps says it',
  labelled: 'the axis labelled says it',
  labelledValidation: 'subjects.validation says it',
  subjects: 'the section subjects says who trains and tests',
  validationFraction: 'subjects.validation says it',
  testFraction: 'subjects.test says it',
};

/** Throws ConfigError where a configuration sets what the experiment says itself. */
function expectFree(given: GivenConfig, where: string, allowed: readonly string[] = []): void {
  const taken = Object.keys(given).filter((key) => Object.hasOwn(own, key) && !allowed.includes(key));
  if (taken.length > 0)
    throw new ConfigError(`${where}.${taken[0]} has no place here: ${own[taken[0]!]}. Leave it out.`);
}

const given = (value: unknown, where: string): GivenConfig => parseGiven(value, where);

/** A pretraining's configuration, and the initialisation that its `init` names as `{ "of": … }`. */
function begun(made: GivenConfig | null, where: string) {
  const init: unknown = made?.init;
  if (!isRecord(init)) return { config: made, begins: null };
  const { of, ...others } = init;
  const { init: _, ...config } = made!;
  if (typeof of === 'string' && Object.keys(others).length === 0)
    return { config: config as GivenConfig, begins: of };
  throw new ConfigError(
    `${where}.init ${JSON.stringify(init)}: a path or { "of": an initialisation } is needed.`,
  );
}

function completeInitialisation(value: unknown, where: string): Initialisation | null {
  if (value === null) return null;
  const {
    pretraining: said = null,
    pretrains,
    seeds = [],
    weights = null,
    of = null,
    transfer = {},
  } = value as Partial<Initialisation>;
  const { config: made, begins } = begun(said, `${where}.pretraining`);
  if ([made, weights, of].filter((one) => one !== null).length !== 1)
    throw new ConfigError(
      `${where} needs one of pretraining, weights and of; null stands for none, from scratch.`,
    );
  const parsed = made && given(made, `${where}.pretraining`);
  if (parsed)
    expectFree(parsed, `${where}.pretraining`, [
      ...['init', 'steps', 'labelled', 'labelledValidation', 'validationFraction', 'testFraction'],
    ]);
  if (pretrains && !parsed)
    throw new ConfigError(`${where}.pretrains says who pretrains, but nobody does here. Leave it out.`);
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
    'emptySlices',
    'preset',
  ] as const)
    if (moved[key] !== undefined)
      throw new ConfigError(
        `${where}.transfer.${key} would compare more than the weights. Set it in base, for all.`,
      );
  return {
    pretraining: parsed,
    pretrains: pretrains ?? 'spare',
    begins,
    seeds,
    weights,
    of,
    transfer: moved,
  };
}

/** Test subjects where nothing is said: hearts of their own, or those whom the data hold out. */
function testOf({ test: said }: GivenSubjects, base: RunConfig, file: string): ExperimentSubjects['test'] {
  const hearts = base.data === null;
  if (isRecord(said) && !hearts)
    throw new ConfigError(
      `${file}: subjects.test is a cohort of phantom hearts, but base.data is ${base.data}.`,
    );
  return said ?? (hearts ? { seed: base.phantom.seed + 1, subjects: 40 } : null);
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
  const preset = presetOf(fineTuning, base);
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
      ...{ pool: null, validation: 0, seed: 1, distinct: false, same: {} },
      ...said,
      test: testOf(said, settled, file),
    },
    labelled: read.labelled,
    steps: read.steps ?? [settled.steps],
    seeds: read.seeds,
    pretrainingSeeds: read.pretrainingSeeds ?? [1],
    pairing: read.pairing ?? 'crossed',
    identifiers: read.identifiers ?? null,
    figure: read.figure ?? null,
    slurm: completeSlurm(read.slurm as Partial<SlurmSettings> | null | undefined, file),
  };
  checkNames(experiment, file);
  checkWords(experiment, file);
  checkChains(experiment, file);
  checkConfigs(experiment, file);
  checkPretrains(experiment, file);
  const fewest = Math.min(...experiment.labelled.map((count) => (count === 'all' ? Infinity : count)));
  if (experiment.subjects.validation >= fewest)
    throw new ConfigError(
      `${file}: subjects.validation is ${experiment.subjects.validation}, which leaves nobody to train of ${fewest} labelled.`,
    );
  return experiment;
}

/** Parses the text of an experiment's file. @throws FileError where it is no JSON; else as `parseExperiment` */
export function readExperiment(content: string, file: string): Experiment {
  return parseExperiment(parseJson(content, file), file);
}
