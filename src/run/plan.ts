/** @file The plan that a run's configuration asks for, on the data at hand. */
import { backbones } from '../backbones/index.ts';
import { ConfigError } from '../base/errors.ts';
import { type GroupNames, groupNames } from '../data/groups.ts';
import type { PreparedManifest } from '../data/types.ts';
import { tasks } from '../tasks/index.ts';
import { type ChosenTask, type Plan, planOf } from '../train/plan.ts';
import type { ModelSection, TrainConfig } from '../train/settings.ts';

/** What of the data decides the network and its labels: a manifest, or what weights remember of one. */
export interface PlanData
  extends Pick<
    PreparedManifest,
    'size' | 'spacingMm' | 'targetView' | 'referenceViews' | 'classes' | 'groups' | 'labels'
  > {
  /** What weights remember of `groups` and `labels`. */
  readonly groupNames?: GroupNames;
}

/** Names of the groups that the data have. */
export const groupNamesOf = (data: PlanData): GroupNames => data.groupNames ?? groupNames(data);

/** What of a configuration does. */
export type PlanConfig = Pick<TrainConfig, 'model' | 'tasks'>;

/** The record of that name. Throws ConfigError where there is none. */
function recordOf<R extends { readonly name: string }>(what: string, records: readonly R[], name: string): R {
  const record = records.find((one) => one.name === name);
  if (record) return record;
  const known = records.map((one) => one.name).join(', ');
  throw new ConfigError(`There is no ${what} ${name}; known are ${known}.`);
}

/** The record of a run's backbone. @throws ConfigError for one that this version does not know */
export const backboneRecord = (name: string) => recordOf('model', backbones, name);

/** The backbone of these settings, for grey images. */
export const backboneOf = ({ name, ...settings }: ModelSection) => backboneRecord(name).build(settings, 1);

/** `U-Net, 16 channels, 4 levels` */
export function networkText({ name, ...settings }: ModelSection): string {
  const { title, describe } = backboneRecord(name);
  return `${title}, ${describe(settings)}`;
}

/**
 * Throws ConfigError where the data lack what a task needs, or for records that this version does not know.
 * @example
 * const facts = { size: 64, spacingMm: 3, targetView: 'short-axis', referenceViews: ['4-chamber'] };
 * planRun(presets.small, facts).heads.map(({ path }) => path); // ["final","global_layers"]
 */
export function planRun(config: PlanConfig, data: PlanData): Plan {
  const chosen = Object.entries(config.tasks).map(
    ([task, { weight, ...own }]): ChosenTask => ({
      task: recordOf('task', tasks, task),
      weight,
      settings: own,
    }),
  );
  return planOf(backboneOf(config.model), chosen, { ...data, groupNames: groupNamesOf(data) }, data);
}
