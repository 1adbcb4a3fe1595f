/** @file The configuration of a run: completed from a preset, and checked. */
import * as z from 'zod/mini';
import { backbones } from '../backbones/index.ts';
import { ConfigError, FileError } from '../base/errors.ts';
import { refused } from '../base/needed.ts';
import { isRecord } from '../base/record.ts';
import type { Annotation } from '../data/types.ts';
import { kneeSpacingMm, spacingShowing } from '../data/usualgrid.ts';
import { isBodyPlane } from '../data/viewnames.ts';
import { tasks } from '../tasks/index.ts';
import type { SettingKind } from '../tasks/task.ts';
import type { ModelSection, TrainConfig } from '../train/settings.ts';
import { contradictions, orphans, senseless } from './contradictions.ts';
import type { JobKind } from './job.ts';
import type { PlanConfig } from './plan.ts';
import { presets } from './presets.ts';
import { givenSchema, modelSection, planSchema, runSchema, trainKeys } from './schemas.ts';
import type { GivenConfig, GivenTasks, Preset, RunConfig } from './settings.ts';
import { upgrade, withAdded } from './upgrade.ts';

export type { AugmentationSettings, TrainConfig } from '../train/settings.ts';
export { pretextsOf } from './contradictions.ts';
export { presets } from './presets.ts';
export type { Given, GivenConfig, GivenTasks, PhantomSettings, Preset, RunConfig } from './settings.ts';

/** Every task that can be asked for. */
export const taskNames: readonly string[] = tasks.map(({ name }) => name);

/** What the tasks of a configuration learn from beside images and geometry. */
export const annotationsOf = ({ tasks: sections }: { readonly tasks: GivenTasks }): Annotation[] => [
  ...new Set(tasks.flatMap(({ name, learnsFrom }) => (learnsFrom && name in sections ? [learnsFrom] : []))),
];

/** Names of the tasks that learn from annotations of a kind. */
export const tasksLearningFrom = (annotation: Annotation): string[] =>
  tasks.flatMap(({ name, learnsFrom }) => (learnsFrom === annotation ? [name] : []));

type Path = readonly PropertyKey[];

/** How a key is written before its value where the configuration comes from. */
export type Spelling = (path: Path) => string;

const asKey: Spelling = (path) => `${path.join('.') || 'the configuration'} `;

const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce((inner: unknown, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value);

/** What is wrong, of a value checked by the kinds of tasks/settings.ts: their messages are what is needed, or known. */
function clauseOf(issue: z.core.$ZodIssue, value: unknown, spelling: Spelling): string {
  const { path, message } = issue;
  if (issue.code !== 'unrecognized_keys') return refused(spelling(path), valueAt(value, path), message);
  const where = path.length > 0 ? ` in ${path.join('.')}` : '';
  return `unknown key "${issue.keys.join('", "')}"${where}; ${message}`;
}

/** A value of a kind of tasks/settings.ts. Throws ConfigError naming `source`. */
export function parse<T>(kind: SettingKind<T>, value: unknown, source: string, spelling = asKey): T {
  const { success, data, error } = z.safeParse(kind as z.ZodMiniType<T>, value);
  if (success) return data;
  // a number may be out of more than one bound
  const found = new Set(error.issues.map((issue) => clauseOf(issue, value, spelling)));
  throw new ConfigError(`${source}: ${[...found].join('; ')}.`);
}

/** The backbone that a part of a configuration is about. */
function nameOfModel(value: unknown): unknown {
  const model = (value as GivenConfig | null)?.model;
  return (typeof model === 'object' && model?.name) || presets.small.model.name;
}

/**
 * Checks that a value (a parsed JSON file, or flags) is part of a configuration, of this version or an earlier one.
 * @throws ConfigError naming `source`
 */
export function parseGiven(value: unknown, source: string, spelling?: Spelling): GivenConfig {
  const upgraded = upgrade(value, source);
  const listed = Array.isArray((upgraded as GivenConfig | null)?.tasks);
  const given = parse(givenSchema(nameOfModel(value), listed), upgraded, source, spelling);
  // it is of JSON now; undefined stands for none
  return JSON.parse(JSON.stringify(given)) as GivenConfig;
}

/** Sections of tasks, where a list names them. */
function sectionsOf(tasks: GivenConfig['tasks']): GivenTasks {
  if (!Array.isArray(tasks)) return (tasks as GivenTasks | undefined) ?? {};
  return Object.fromEntries((tasks as readonly string[]).map((name) => [name, {}]));
}

/** The preset that a job of a kind begins with. */
export function presetOf({ preset, presetOfGroups }: JobKind, given: GivenConfig): Preset {
  const learnt = annotationsOf({ tasks: sectionsOf(given.tasks) });
  return given.preset ?? (learnt.join() === 'groups' ? presetOfGroups : preset);
}

/** Sections of the second with what the first says of the same task below. */
const mergeSections = (first: GivenTasks, second: GivenTasks): GivenTasks =>
  Object.fromEntries(Object.entries(second).map(([name, own]) => [name, { ...first[name], ...own }]));

/** Two givens as one: of what both say, the second's. */
export function mergeGiven(first: GivenConfig, second: GivenConfig): GivenConfig {
  const section = (key: 'model' | 'rates' | 'augmentation' | 'phantom') =>
    first[key] || second[key] ? { [key]: { ...first[key], ...second[key] } } : {};
  const tasks = second.tasks ? mergeSections(sectionsOf(first.tasks), sectionsOf(second.tasks)) : first.tasks;
  const [before, after] = [first.taskSettings ?? {}, second.taskSettings ?? {}];
  return {
    ...first,
    ...second,
    ...section('model'),
    ...section('rates'),
    ...section('augmentation'),
    ...section('phantom'),
    ...(tasks && { tasks }),
    ...((first.taskSettings || second.taskSettings) && {
      taskSettings: { ...before, ...mergeSections(before, after) },
    }),
  };
}

/**
 * The tasks given, else the preset's, in the order of the records: each with its settings of the preset or else its
 * record's defaults, and what was given on top.
 */
function completeTasks(preset: RunConfig['tasks'], given: GivenConfig): RunConfig['tasks'] {
  const sections = given.tasks ? sectionsOf(given.tasks) : preset;
  const chosen = tasks.flatMap(({ name, defaults }) => {
    const [own, settings] = [sections[name], given.taskSettings?.[name]];
    if (!own) return [];
    return [[name, { weight: 1, ...(defaults as object), ...preset[name], ...own, ...settings }] as const];
  });
  return Object.fromEntries(chosen);
}

/** The preset's backbone with what was given, or another with its record's defaults. */
function completeModel(preset: ModelSection, given: GivenConfig['model']): ModelSection {
  const name = (given?.name as string | undefined) ?? preset.name;
  const record = backbones.find((backbone) => backbone.name === name);
  const base = name === preset.name ? preset : { name, ...(record?.defaults as object) };
  return { ...base, ...given, name };
}

/** Whether the images are of knees: phantoms, or a folder whose images are asked for in a plane of the body. */
const showsKnees = ({ data, phantom, target }: Pick<RunConfig, 'data' | 'phantom' | 'target'>): boolean =>
  data !== null ? isBodyPlane(target) : phantom.anatomy === 'knee';

/**
 * Completes what was given with its preset, the spacing of knees with what shows them whole, and that of another size
 * with what shows as much as the preset's. Throws ConfigError for
 * unknown keys, values out of range and contradictions, all in one message.
 * @example
 * const { batch, learningRate, steps } = resolveConfig({ preset: 'small', steps: 200 });
 * [batch, learningRate, steps]; // [16,0.001,200]
 */
export function resolveConfig(settings: GivenConfig, base?: RunConfig): RunConfig {
  return resolved(settings, base, senseless);
}

/** As `resolveConfig`, of what a run was begun with, maybe by an earlier version that refused less. */
export const resolveSaved = (saved: GivenConfig): RunConfig => resolved(saved, undefined, () => []);

function resolved(settings: GivenConfig, base: RunConfig | undefined, more: typeof senseless): RunConfig {
  const given = parseGiven(settings, 'configuration');
  const preset = given.preset ? presets[given.preset] : (base ?? presets.small);
  const { taskSettings, ...rest } = given;
  const merged = {
    ...preset,
    ...rest,
    model: completeModel(preset.model, given.model),
    tasks: completeTasks(preset.tasks, given),
    rates: { ...preset.rates, ...given.rates },
    augmentation: { ...preset.augmentation, ...given.augmentation },
    phantom: { ...preset.phantom, ...given.phantom },
  };
  if (!base && given.spacingMm === undefined)
    merged.spacingMm = showsKnees(merged) ? kneeSpacingMm(merged.size) : spacingShowing(preset, merged.size);
  const config = parse(runSchema(merged.model.name), merged, 'configuration');
  const found = [
    ...orphans(taskSettings, config),
    ...contradictions(given, config, preset),
    ...more(given, config),
  ].filter((text) => text !== false);
  if (found.length > 0) throw new ConfigError(`configuration: ${found.join('; ')}.`);
  return config;
}

/** The part of a configuration that training takes. */
export function trainConfigOf(config: RunConfig): TrainConfig {
  return Object.fromEntries(trainKeys.map((key) => [key, config[key]])) as unknown as TrainConfig;
}

/** Backbone and tasks of a file, with every setting in range. Throws ConfigError naming `source`. */
export function checkedPlan({ model, tasks: sections }: PlanConfig, source: string): PlanConfig {
  return parse(planSchema(model.name), { model, tasks: sections }, source);
}

/** Throws ConfigError naming `source` for settings of a backbone that are out of range. */
export function checkedModel(model: ModelSection, source: string): void {
  parse(modelSection(model.name) as unknown as z.ZodMiniType<ModelSection>, model, source);
}

/** The configuration that a checkpoint was trained with, of this version or an earlier one. */
export function upgradeTrained(config: unknown, file: string): TrainConfig {
  if (!isRecord(config) || !isRecord(config.model ?? {}))
    throw new FileError(file, 'says nothing of the configuration it was trained with', 'Choose another run.');
  const { tasks: sections, model, ...rest } = upgrade(config, file) as TrainConfig;
  // flat configurations did not name their only model
  return {
    ...rest,
    model: { ...model, name: model.name ?? 'unet' },
    tasks: withAdded(sectionsOf(sections as GivenConfig['tasks'])),
  } as unknown as TrainConfig;
}
