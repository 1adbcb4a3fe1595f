/** @file What a job says of settings that do less than they seem to, a line each. */
import { plural } from '../base/words.ts';
import { choosingTask } from '../train/chosen.ts';
import type { Plan } from '../train/plan.ts';
import type { RunConfig } from './settings.ts';

type Freezing = Pick<RunConfig, 'freeze' | 'freezeSteps' | 'steps' | 'rates'>;

/** What keeps the weights that were taken over, and how long; none where nothing does. */
export function frozenLines({ freeze, freezeSteps, steps, rates }: Freezing): string[] {
  if (freeze === 'none') return [];
  if (freezeSteps !== null && freezeSteps < steps)
    return [`Frozen: the ${freeze} for ${plural(freezeSteps, 'step')}; it is trained from the next on`];
  const never = freezeSteps === null ? '' : `; freezeSteps is ${freezeSteps}, so that it never thaws`;
  const rate = rates[freeze] === 1 ? '' : `; rates.${freeze} ${rates[freeze]} changes nothing`;
  return [`Frozen: the ${freeze} for all ${plural(steps, 'step')}${never}${rate}`];
}

/** Validations after which a run could end before its last step; the first is the best so far. */
const validationsBefore = ({ steps, validateEvery }: Pick<RunConfig, 'steps' | 'validateEvery'>): number =>
  Math.floor((steps - 1) / validateEvery);

/** Settings of which this run's steps, tasks or images leave nothing. */
export function settingLines(config: RunConfig, plan: Pick<Plan, 'tasks'>): string[] {
  const { patience, chooseBy, mirror, augmentation, validateEvery, steps } = config;
  const count = validationsBefore(config);
  return [
    patience !== null &&
      count <= patience &&
      `Patience: ${patience} never ends this run early, for it validates ${plural(count, 'time')} before step ${steps} (validateEvery is ${validateEvery})`,
    chooseBy === 'figure' &&
      choosingTask(config, plan) === null &&
      'Choice: chooseBy is figure, but no task here has one: the loss chooses the weights',
    mirror &&
      !augmentation.flipX &&
      !augmentation.flipY &&
      'Mirror: the network is trained without mirror images (augmentation.flipX, flipY) and evaluated on them',
  ].filter((line) => line !== false);
}
