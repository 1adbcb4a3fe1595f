/** @file Configurations of earlier versions, flat, as sections of today's. */
import { ConfigError } from '../base/errors.ts';
import { isRecord, ownOf } from '../base/record.ts';
import { tasks as records } from '../tasks/index.ts';
import { presets } from './presets.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Where the flat keys of version 0.1 have gone. */
const taskKeys: Readonly<Record<string, readonly [task: string, setting: string]>> = {
  alpha: ['orientation', 'weight'],
  lineSigmaMm: ['orientation', 'sigmaMm'],
  headGain: ['orientation', 'gain'],
  beta: ['location', 'weight'],
  hidden: ['location', 'hidden'],
  dropout: ['location', 'dropout'],
};
const modelKeys = ['width', 'depth', 'unusedLayers'];

/** What a preset says of a task's setting. */
function presetValue(preset: unknown, task: string, setting: string): unknown {
  const { tasks } = preset === 'zhang2024' ? presets.zhang2024 : presets.small;
  return tasks[task]?.[setting];
}

/**
 * A configuration, or a part of one, in today's form; one that is in it already comes back as it is, and what is no
 * configuration at all too.
 * @param source what error messages call it
 * @throws ConfigError where it sets a task that it leaves out
 */
export function upgrade(value: unknown, source: string): unknown {
  if (!isRecord(value)) return value;
  const given = Object.entries(value).filter(([, own]) => own !== undefined);
  const sections: Record<string, Record<string, unknown>> = {};
  const named = Array.isArray(value.tasks) ? (value.tasks as string[]) : null;
  for (const [key, own] of given) {
    const [task, setting] = ownOf(taskKeys, key) ?? [];
    if (!task || !setting) continue;
    if (!named || named.includes(task)) sections[task] = { ...sections[task], [setting]: own };
    else if (JSON.stringify(own) !== JSON.stringify(presetValue(value.preset, task, setting)))
      throw new ConfigError(`${source}: ${key} is given, but tasks lack ${task}.`);
  }
  const model = Object.fromEntries(given.filter(([key]) => modelKeys.includes(key)));
  const rest = Object.fromEntries(
    given.filter(([key]) => !Object.hasOwn(taskKeys, key) && !modelKeys.includes(key)),
  );
  return {
    ...rest,
    ...(Object.keys(model).length > 0 && { model: { ...model, ...(rest.model as Fields | undefined) } }),
    ...(Object.keys(sections).length > 0 && placed(sections, named, rest.taskSettings)),
  };
}

/** Beside the tasks that are named, else as settings of whichever are trained. */
function placed(sections: Fields, named: readonly string[] | null, settings: unknown): Fields {
  if (!named) return { taskSettings: { ...sections, ...(settings as Fields | undefined) } };
  return { tasks: Object.fromEntries(named.map((name) => [name, sections[name] ?? {}])) };
}

/** The network of weights of version 0.1, as its metadata said it. */
export interface FlatNetwork {
  readonly width: number;
  readonly depth: number;
  readonly unusedLayers: boolean;
  /** Reference views, 0 without their head. */
  readonly heatmaps: number;
  readonly locationHead: boolean;
  readonly hidden: number;
  readonly dropout: number;
  readonly headGain: number;
}

/** Sections of tasks with the settings that files of earlier versions lack. */
export function withAdded<T>(sections: Readonly<Record<string, T>>): Record<string, T> {
  const entries = Object.entries(sections).map(([name, section]) => {
    const { added } = records.find((task) => task.name === name) ?? {};
    return [name, added && isRecord(section) ? { ...section, ...added, ...section } : section] as const;
  });
  return Object.fromEntries(entries) as Record<string, T>;
}

/** Backbone and tasks of such a network. @param sigmaMm of its heatmaps */
export function sectionsOfNetwork(network: FlatNetwork, sigmaMm: number) {
  const { width, depth, unusedLayers, hidden, dropout, headGain } = network;
  return {
    model: { name: 'unet', width, depth, unusedLayers },
    tasks: withAdded({
      ...(network.heatmaps > 0 && { orientation: { weight: 1, sigmaMm, gain: headGain } }),
      ...(network.locationHead && { location: { weight: 1, hidden, dropout } }),
    }),
  };
}

/** What weights of any version say about themselves, in today's form. */
export function upgradeWeights(value: unknown): unknown {
  if (!isRecord(value)) return value;
  if (!isRecord(value.network))
    return isRecord(value.tasks) ? { ...value, tasks: withAdded(value.tasks) } : value;
  const { network, lineSigmaMm, tasks: _, ...rest } = value;
  const sections = sectionsOfNetwork(network as unknown as FlatNetwork, lineSigmaMm as number);
  return { ...rest, version: 2, ...sections };
}
