/** @file The configuration of a pretraining run: completed from a preset, and checked. */
import * as z from 'zod/mini';
import { ConfigError } from '../base/errors.ts';
import { presets } from './presets.ts';
import { givenSchema, runSchema, trainShape } from './schemas.ts';
import type { GivenConfig, RunConfig, TrainConfig } from './settings.ts';

export { presets } from './presets.ts';
export type {
  AugmentationSettings,
  Given,
  GivenConfig,
  PhantomSettings,
  Preset,
  RunConfig,
  TrainConfig,
} from './settings.ts';

/** Characters of a wrong value that an error repeats. */
const MOST_SHOWN = 80;

type Path = readonly PropertyKey[];

/** How a key is written before its value where the configuration comes from. */
type Spelling = (path: Path) => string;

const asKey: Spelling = (path) => `${path.join('.') || 'the configuration'} `;

const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce((inner: unknown, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value);

/** An object as JSON, where there is such: none refers to itself. */
function json(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return 'an object';
  }
}

function shown(value: unknown): string {
  const text =
    typeof value === 'object' ? json(value) : `${String(value)}${typeof value === 'bigint' ? 'n' : ''}`;
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

/** What is wrong, of a value checked by the kinds of tasks/settings.ts: their messages are what is needed, or known. */
function clauseOf(issue: z.core.$ZodIssue, value: unknown, spelling: Spelling): string {
  const { path, message } = issue;
  if (issue.code !== 'unrecognized_keys')
    return `${spelling(path)}${shown(valueAt(value, path))}: ${message}`;
  const where = path.length > 0 ? ` in ${path.join('.')}` : '';
  return `unknown key "${issue.keys.join('", "')}"${where}; ${message}`;
}

function parse<T>(schema: z.ZodMiniType<T>, value: unknown, source: string, spelling = asKey): T {
  const { success, data, error } = z.safeParse(schema, value);
  if (success) return data;
  // a number may be out of more than one bound
  const found = new Set(error.issues.map((issue) => clauseOf(issue, value, spelling)));
  throw new ConfigError(`${source}: ${[...found].join('; ')}.`);
}

/** Checks that a value (a parsed JSON file, or flags) is part of a configuration. Throws ConfigError naming `source`. */
export function parseGiven(value: unknown, source: string, spelling?: Spelling): GivenConfig {
  const given = parse(givenSchema, value, source, spelling);
  // it is of JSON now; undefined stands for none
  return JSON.parse(JSON.stringify(given)) as GivenConfig;
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
export function resolveConfig(settings: GivenConfig, base?: RunConfig): RunConfig {
  const given = parseGiven(settings, 'configuration');
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
  return Object.fromEntries(keys.map((key) => [key, config[key]])) as unknown as TrainConfig;
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
