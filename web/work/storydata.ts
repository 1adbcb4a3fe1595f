/** @file The hearts of the story: those that pretrain, those that may be labelled, those that test. */
import type { PreparedData } from '../../src/data/types.ts';
import type { RunConfig } from '../../src/run/config.ts';
import { joinedCohorts } from '../../src/run/experiment/cohorts.ts';
import { baseConfig, pretrainingConfig } from '../../src/run/experiment/configs.ts';
import { gridOf } from '../../src/run/experiment/grid.ts';
import type { Experiment, TestCohort } from '../../src/run/experiment/settings.ts';
import type { RunFiles } from '../../src/train/runfiles.ts';
import type { MadeSettings } from '../protocol.ts';
import { prepareHearts, prepareLabelled } from './hearts.ts';
import { keepData, keptData } from './kept.ts';

export interface StoryData {
  readonly unlabelled: PreparedData;
  /** Hearts that may be labelled, and those that test. */
  readonly labelled: PreparedData;
}

const heartsOf = ({ phantom }: Pick<RunConfig, 'phantom'>): MadeSettings => {
  const { subjects, difficulty, phases, size, seed } = phantom;
  return { subjects, difficulty, phases, imageSize: size, seed };
};

/** The hearts that test. */
export function testHearts(experiment: Experiment): MadeSettings {
  const { phantom } = baseConfig(experiment);
  return heartsOf({ phantom: { ...phantom, ...(experiment.subjects.test as TestCohort) } });
}

/**
 * Makes and prepares all hearts, as `planewise experiment` would, or takes those that are kept.
 * @param onProgress hearts done of all; may throw to stop
 */
export async function storyData(
  files: RunFiles,
  experiment: Experiment,
  onProgress: (done: number, total: number) => void,
): Promise<StoryData> {
  const [unlabelled, labelled] = [await keptData(files, 'unlabelled'), await keptData(files, 'labelled')];
  if (unlabelled && labelled) return { unlabelled, labelled };
  const pretraining = pretrainingConfig(experiment, gridOf(experiment, null).pretrainings[0]!);
  const base = baseConfig(experiment);
  const cohorts = [heartsOf(pretraining), heartsOf(base), testHearts(experiment)] as const;
  const total = cohorts.reduce((sum, { subjects }) => sum + subjects, 0);
  let before = 0;
  const progress = (done: number): void => onProgress(before + done, total);
  const made = await prepareHearts(cohorts[0], pretraining, progress);
  before += cohorts[0].subjects;
  const pool = await prepareLabelled(cohorts[1], base, progress);
  before += cohorts[1].subjects;
  const data = {
    unlabelled: made,
    labelled: joinedCohorts(pool, await prepareLabelled(cohorts[2], base, progress)),
  };
  await keepData(files, 'unlabelled', data.unlabelled);
  await keepData(files, 'labelled', data.labelled);
  return data;
}
