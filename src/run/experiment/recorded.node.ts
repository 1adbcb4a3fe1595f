/** @file Whether the runs that exist are those that a file asks for, told from their folders alone: data and weights may be gone. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { DiskFiles } from '../../train/runfiles.node.ts';
import { type RunConfig, resolveSaved } from '../config.ts';
import { readSaved } from '../saved.node.ts';
import type { GivenConfig } from '../settings.ts';
import { isLocal } from '../shared.ts';
import { pointConfigBefore, pretrainingConfig } from './configs.ts';
import type { ExperimentData } from './data.node.ts';
import type { Grid, Unit } from './grid.ts';
import { stateOf } from './runs.node.ts';
import type { Experiment, ExperimentSubjects } from './settings.ts';
import {
  changedData,
  expectBegun,
  expectSameFolds,
  expectSameKeys,
  isSameStore,
  refusal,
  short,
} from './unchanged.node.ts';

export interface RecordedRuns {
  readonly experiment: Experiment;
  /** As it was last run. */
  readonly before: Experiment;
  readonly folder: string;
  readonly data: ExperimentData;
}

/** What a run was made with. */
interface Recorded {
  readonly config: RunConfig;
  /** Whether what stayed on the computer where it was made is here. */
  readonly whole: boolean;
}

/** What stayed elsewhere is taken to be as it now is. */
async function recorded(folder: string, now: RunConfig): Promise<Recorded> {
  const local = Object.entries(now).filter(([key]) => isLocal(key));
  const saved = await readSaved(new DiskFiles(folder), now);
  const config = resolveSaved({ ...Object.fromEntries(local), ...saved, out: folder });
  return { config, whole: saved?.data !== undefined };
}

/** Keys that decide what is prepared. */
const sourceKeys = ['data', 'map', 'target', 'emptySlices', 'size', 'spacingMm'] as const;

/** Whether a section that names data which are not here names what it named before. */
const isSameSource = (before: GivenConfig | null | undefined, after: GivenConfig): boolean =>
  sourceKeys.every((key) => {
    const [was, is] = [before?.[key], after[key]];
    // a folder that was handed on has no paths, and only a store that is here says its size
    return was === undefined || is === undefined || isDeepStrictEqual(was, is);
  });

/** Throws ConfigError where the same seed, or other words, draw others than those of the runs. */
function expectSameSubjects(runs: string, before: ExperimentSubjects, after: ExperimentSubjects): void {
  // earlier versions had fewer keys
  const was = { ...{ pool: null, validation: 0, seed: 1 }, ...before };
  // of a folder that was handed on only how many are named
  const named = (test: ExperimentSubjects['test']) => Array.isArray(test) && `${test.length} named`;
  const keys = (['test', 'pool', 'validation', 'seed'] as const).filter(
    (key) => !isDeepStrictEqual(was[key], after[key]) && !(key === 'test' && was.test === named(after.test)),
  );
  const list = keys.map((key) => {
    const [then, now] = [was, after].map((one) => short(JSON.stringify(one[key])));
    return `subjects.${key} was ${then}, is ${now}`;
  });
  if (keys.length > 0) throw refusal(runs, list.join('; '));
}

/** What the file says of a run. */
interface Asked {
  readonly config: RunConfig;
  readonly section: string;
  /** Where its data are. */
  readonly given: GivenConfig;
  readonly givenBefore: GivenConfig | null | undefined;
  readonly store: string;
  /** The name of the run whose weights it begins with; null: none; undefined: others than a run's. */
  readonly from: string | null | undefined;
  /** Where the file says so. */
  readonly begins: string;
  /** Names the keys that decide the data. */
  readonly changed: () => string;
}

async function expectSameRun(folder: string, asked: Asked): Promise<void> {
  const { config, section, given, givenBefore, store, from, begins, changed } = asked;
  const saved = await recorded(folder, config);
  const gone = config.data !== null && !existsSync(config.data);
  const same =
    gone || !saved.whole
      ? isSameSource(givenBefore, given)
      : saved.config.data !== null && isSameStore(saved.config.data, store);
  if (!same) throw refusal(folder, `${changed()} changed`);
  const others = gone ? /^(subjects\b.*|size|spacingMm)$/ : /^subjects\b/;
  expectSameKeys(folder, saved.config, { config, section }, (key) => !others.test(key));
  if (saved.whole && from !== undefined) await expectBegun(folder, from, begins);
}

/** Throws ConfigError naming key and run where one was made with other settings, as `expectUnchanged` does. */
export async function expectRecorded(
  { pretrainings, points }: Grid,
  { experiment, before, folder, data }: RecordedRuns,
): Promise<void> {
  await expectSameFolds(folder, before, experiment);
  const at = ({ name }: Unit): string => join(folder, name);
  const there = (unit: Unit): boolean => stateOf(at(unit)) !== 'none';
  const [made, begun] = [pretrainings.filter(there), points.filter(there)];
  const first = begun[0] ?? made[0];
  if (first) expectSameSubjects(at(first), before.subjects, experiment.subjects);
  for (const unit of made) {
    const config = pretrainingConfig(experiment, unit);
    const section = `initialisations.${unit.initialisation}.pretraining`;
    const given = experiment.initialisations[unit.initialisation]!.pretraining!;
    await expectSameRun(at(unit), {
      ...{ config, section, given, store: data.pretrainingStore(config) },
      givenBefore: before.initialisations[unit.initialisation]?.pretraining,
      ...{ from: given.init ? undefined : (unit.from?.name ?? null), begins: `${section}.init` },
      changed: () => `the data of ${section}`,
    });
  }
  for (const point of begun)
    await expectSameRun(at(point), {
      ...{ config: pointConfigBefore(experiment, point), section: 'base', store: data.targetStore() },
      ...{ given: experiment.base, givenBefore: before.base },
      ...{ from: point.pretraining?.name, begins: `initialisations.${point.initialisation}.of` },
      changed: () => changedData(before, experiment),
    });
}
