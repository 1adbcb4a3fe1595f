/** @file What changed between the configuration of a checkpoint and that of the run that goes on from it. */
import { isRecord } from '../base/record.ts';
import type { TrainConfig } from './settings.ts';

/** What runs of earlier versions, which had no such keys, all were. */
const earlier = {
  ...({ precision: 'f32', initParts: 'all', freeze: 'none', freezeSteps: null, labelled: null } as const),
  // labelled subjects were drawn whatever their groups
  ...({ labelledValidation: null, stratify: false } as const),
  ...({ subjects: null, fold: null, warmup: 0, chooseBy: 'loss', patience: null } as const),
  syncBatchNorm: false,
  gradientSums: 'f32',
  rates: { encoder: 1, decoder: 1, heads: 1 },
};
/** Changes of images that they did not know: none. */
export const earlierAugmentation = {
  blurPx: 0,
  noise: 0,
  biasField: 0,
  contrast: [1, 1],
  gamma: [1, 1],
  elasticPx: 0,
} as const;

/**
 * Keys whose values differ between two training configurations, but for those that do not change the weights; more
 * or fewer steps do not where the learning rate is constant.
 */
export function changedKeys(before: Partial<TrainConfig>, after: TrainConfig): string[] {
  // A checkpoint names its kernel variants, so tuning is over once there is one.
  const harmless = new Set<string>(['checkpointEvery', 'recompute', 'tune', 'patience']);
  if (before.schedule === 'constant') harmless.add('steps');
  // nobody is drawn
  if (after.labelled === null) harmless.add('stratify');
  const augmentation = { ...earlierAugmentation, ...before.augmentation };
  const [was, is] = [settingsOf({ ...earlier, ...before, augmentation }), settingsOf(after)];
  return [...new Set([...was.keys(), ...is.keys()])].filter(
    (key) => !harmless.has(key) && was.get(key) !== is.get(key),
  );
}

/** What to do about changed keys: a run that is only to be longer can go on in another one. */
export function changeAdvice(changed: readonly string[], { schedule }: Partial<TrainConfig>): string {
  if (changed.join() !== 'steps') return 'Start a new run for it.';
  return `With schedule ${schedule} the learning rate of every step follows from how many there are, so those behind it would have been others. To train on, start a new run from its weights (init): schedule, warm-up and optimiser begin anew there. Only a run of schedule constant can be prolonged.`;
}

/** Every setting by its path, as JSON. */
export function settingsOf(section: object, path = ''): Map<string, string> {
  return new Map(
    Object.entries(section).flatMap(([key, value]): (readonly [string, string])[] =>
      isRecord(value) ? [...settingsOf(value, `${path}${key}.`)] : [[`${path}${key}`, JSON.stringify(value)]],
    ),
  );
}

/** The setting at a path, as JSON; `none` where there is none. */
export const settingAt = (config: object, path: string): string => settingsOf(config).get(path) ?? 'none';
