/** @file The plan that a run's configuration asks for, on the data at hand. */
import { unet } from '../backbones/unet.ts';
import type { PreparedManifest } from '../data/types.ts';
import { tasks } from '../tasks/index.ts';
import type { TrainConfig } from '../train/config.ts';
import { type ChosenTask, type Plan, planOf } from '../train/plan.ts';

/** What of the data decides the network and its labels. */
export type PlanData = Pick<PreparedManifest, 'size' | 'spacingMm' | 'targetView' | 'referenceViews'>;

/** What of a configuration does. */
export type PlanConfig = Pick<
  TrainConfig,
  | 'tasks'
  | 'alpha'
  | 'beta'
  | 'lineSigmaMm'
  | 'headGain'
  | 'hidden'
  | 'dropout'
  | 'width'
  | 'depth'
  | 'unusedLayers'
>;

function chosenTasks(config: PlanConfig): ChosenTask[] {
  const { alpha, beta, lineSigmaMm, headGain, hidden, dropout } = config;
  const sections = {
    orientation: { weight: alpha, settings: { sigmaMm: lineSigmaMm, gain: headGain } },
    location: { weight: beta, settings: { hidden, dropout } },
  };
  return config.tasks.map((name) => ({ task: tasks.find((task) => task.name === name)!, ...sections[name] }));
}

/** Throws ConfigError where the data lack what a task needs. */
export function planRun(config: PlanConfig, data: PlanData): Plan {
  const { width, depth, unusedLayers } = config;
  const backbone = unet({ channelsIn: 1, width, depth, unusedLayers });
  return planOf(backbone, chosenTasks(config), data, data);
}
