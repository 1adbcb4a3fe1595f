/** @file Parts of a network that are trained each in its own way: encoder, decoder and heads. */
import type { ParameterGroup } from '../autograd/optimSettings.ts';
import type { Plan } from './plan.ts';
import type { TrainConfig } from './settings.ts';

export const parts = ['encoder', 'decoder', 'heads'] as const;
/** Part of a network that can have a learning rate of its own. */
export type NetworkPart = (typeof parts)[number];

/** The part that a weight of this name is of. The decoder is all that is neither of the others. */
export function partOf({ backbone, heads }: Pick<Plan, 'backbone' | 'heads'>, name: string): NetworkPart {
  if (heads.some(({ path }) => name.startsWith(`${path}.`))) return 'heads';
  return backbone.encoder(name) ? 'encoder' : 'decoder';
}

/** Whether the encoder keeps its weights in step `step`, from 1. */
export const isFrozen = ({ freeze, freezeSteps }: TrainConfig, step: number): boolean =>
  freeze === 'encoder' && (freezeSteps === null || step <= freezeSteps);

/** What the optimiser must treat apart: parts of a rate of their own, and an encoder that thaws. */
export function parameterGroups(
  plan: Pick<Plan, 'backbone' | 'heads'>,
  config: Pick<TrainConfig, 'rates' | 'freeze' | 'freezeSteps'>,
  names: readonly string[],
): ParameterGroup[] {
  return parts.flatMap((part): ParameterGroup[] => {
    const match = names.filter((name) => partOf(plan, name) === part);
    const late = part === 'encoder' && config.freeze === 'encoder' ? (config.freezeSteps ?? 0) : 0;
    const learningRateScale = config.rates[part];
    if (match.length === 0 || (learningRateScale === 1 && late === 0)) return [];
    return [{ match, learningRateScale, firstStep: late + 1 }];
  });
}
