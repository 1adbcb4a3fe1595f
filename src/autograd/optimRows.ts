/** @file What an optimiser tells the device before each step, computed in float64: see `hyper` in shaders/optim.wgsl. */
import type { GroupRule } from './optimGroups.ts';
import type { Rule } from './optimSettings.ts';

/** Steps are told to the device in two halves that f32 holds. */
const halvesOf = (step: number): number[] => [step % 65536, Math.floor(step / 65536)];

/** Adam's bias corrections after so many steps; 1 of other rules. */
function correctionsOf({ kind, beta1, beta2 }: Rule, steps: number): [first: number, second: number] {
  return kind === 'sgd' ? [1, 1] : [1 - beta1 ** steps, 1 - beta2 ** steps];
}

interface Step {
  /** From 1. */
  readonly step: number;
  readonly learningRate: number;
  /** Whether a loss scaler counts the steps that are taken, and makes rows of these on the device. */
  readonly scaled: boolean;
}

/**
 * The step, then a row of four for each group: step size, √ of the second moment's correction, what decay leaves, and
 * that the step is taken; with a scaler rate, decay and the corrections of a group that began late.
 */
export function rowsOf(
  rule: Rule,
  groups: readonly GroupRule[],
  { step, learningRate, scaled }: Step,
): number[] {
  const rows = groups.flatMap(({ learningRateScale, firstStep, weightDecay }) => {
    const rate = learningRate * learningRateScale;
    const decay = rule.kind === 'adamw' ? weightDecay : 0;
    const corrections = correctionsOf(rule, Math.max(1, step - firstStep + 1));
    // 0: the scaler's, which counts the steps taken; a late group's count those skipped too, so it begins slower then
    if (scaled) return [rate, decay, ...(firstStep > 1 ? corrections : [0, 0])];
    return [rate / corrections[0], 1 / Math.sqrt(corrections[1]), 1 - rate * decay, 1];
  });
  return [...halvesOf(step), 0, 0, ...rows];
}
