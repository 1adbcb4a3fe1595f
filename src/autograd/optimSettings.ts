/** @file The settings of optimisers: what there is, its defaults, and what is wrong with what was given. */

import { ConfigError } from '../base/errors.ts';
import { expectNumber, expectOneOf, expectSettings, type Hints, withoutUndefined } from '../base/settings.ts';
import { describe } from '../kernels/checks.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Penalties are added to the gradient after it was clipped. */
export interface Penalties {
  /** Adds weightDecay·p to the gradient (L2); for `adamw` the parameter shrinks by learningRate·weightDecay instead. */
  readonly weightDecay?: number;
  /** Adds l1·sign(p) to the gradient. */
  readonly l1?: number;
}

/** Parameters that are stepped by settings of their own. */
export interface ParameterGroup extends Penalties {
  /** Which: a pattern on the name, names, or a test. Each group must match some, and none that another does. */
  readonly match: RegExp | string | readonly string[] | ((name: string, parameter: Tensor) => boolean);
  /** Factor on the learning rate of `prepare`; default 1. */
  readonly learningRateScale?: number;
  /**
   * The first step that trains these parameters, from 1: Adam's bias corrections count from there, as PyTorch's do for
   * each parameter. Without it parameters that thaw late would take steps several times too large. Default 1.
   */
  readonly firstStep?: number;
}

/** What all kinds have. The penalties are for parameters of no group; a group's default to these. */
export interface CommonSettings extends Penalties {
  /** Scales the gradient by min(1, maxGradientNorm/(norm + 1e-6)), the norm over all parameters together. */
  readonly maxGradientNorm?: number;
  readonly groups?: readonly ParameterGroup[];
  /** A module's running statistics (`module.statistics`), to be watched too for what is not finite. */
  readonly statistics?: ReadonlyMap<string, Tensor>;
}

/** Adam (Kingma & Ba 2015), AdamW with decoupled decay; PyTorch’s names and defaults. */
export interface AdamSettings extends CommonSettings {
  readonly kind: 'adam' | 'adamw';
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
}

/** Stochastic gradient descent, with momentum as PyTorch has it. */
export interface SgdSettings extends CommonSettings {
  readonly kind: 'sgd';
  /** Default 0: no momentum, and no buffer for it. */
  readonly momentum?: number;
  readonly nesterov?: boolean;
}

/** Which optimiser, with its settings. */
export type OptimizerSettings = AdamSettings | SgdSettings;

/** Settings with every default filled in. */
export interface Rule {
  readonly kind: OptimizerSettings['kind'];
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  readonly l1: number;
  readonly maxGradientNorm: number | undefined;
  readonly groups: readonly ParameterGroup[];
  readonly statistics: ReadonlyMap<string, Tensor>;
}

const defaults: Omit<Rule, 'kind'> = {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  momentum: 0,
  nesterov: false,
  weightDecay: 0,
  l1: 0,
  maxGradientNorm: undefined,
  groups: [],
  statistics: new Map(),
};

const common = ['kind', 'weightDecay', 'l1', 'maxGradientNorm', 'groups', 'statistics'];
const adam = [...common, 'beta1', 'beta2', 'epsilon'];
const options: Readonly<Record<Rule['kind'], readonly string[]>> = {
  adam,
  adamw: adam,
  sgd: [...common, 'momentum', 'nesterov'],
};
const groupOptions = ['match', 'learningRateScale', 'firstStep', 'weightDecay', 'l1'];

/** What is to be used instead of names from elsewhere, in lower case without underscores. */
const hints: Hints = {
  lr: 'Give the learning rate to prepare(step, learningRate)',
  learningrate: 'Give the learning rate to prepare(step, learningRate)',
  betas: 'Use beta1 and beta2',
  eps: 'Use epsilon',
  decay: 'Use weightDecay',
  weightdecay: 'Use weightDecay',
  wd: 'Use weightDecay',
  l2: 'Use weightDecay',
  clip: 'Use maxGradientNorm',
  clipnorm: 'Use maxGradientNorm',
  maxnorm: 'Use maxGradientNorm',
  maxgradnorm: 'Use maxGradientNorm',
  params: 'Use groups',
  paramgroups: 'Use groups',
  frozen: 'Set requiresGrad of the parameters to false instead',
};

/** In a group the learning rate is a factor. */
const groupHints: Hints = {
  ...hints,
  lr: 'Use learningRateScale, a factor',
  learningrate: 'Use learningRateScale, a factor',
  names: 'Use match',
  name: 'Use match',
};

function kindOf(settings: unknown): Rule['kind'] {
  const { kind } = (settings ?? {}) as { kind?: unknown };
  expectOneOf('optimizer.kind', kind, Object.keys(options));
  return kind as Rule['kind'];
}

/** The settings complete. @throws ConfigError naming what is unknown, out of range or of the wrong type */
export function ruleOf(settings: OptimizerSettings): Rule {
  const kind = kindOf(settings);
  expectSettings('optimizer', settings, options[kind], hints);
  const rule: Rule = { ...defaults, ...withoutUndefined(settings) };
  for (const name of ['beta1', 'beta2', 'momentum'] as const)
    expectNumber(`optimizer.${name}`, rule[name], { below: 1 });
  for (const name of ['epsilon', 'weightDecay', 'l1'] as const) expectNumber(`optimizer.${name}`, rule[name]);
  if (rule.maxGradientNorm !== undefined) expectNumber('optimizer.maxGradientNorm', rule.maxGradientNorm);
  expectOneOf('optimizer.nesterov', rule.nesterov, [true, false]);
  if (rule.nesterov && rule.momentum === 0)
    throw new ConfigError('optimizer.nesterov needs momentum. Set optimizer.momentum, 0.9 for example.');
  if (!Array.isArray(rule.groups))
    throw new ConfigError(`optimizer.groups is ${describe(rule.groups)}. Use an array of { match, … }.`);
  return { ...rule, groups: rule.groups.map(checkedGroup) };
}

function checkedGroup(group: unknown, index: number): ParameterGroup {
  const where = `optimizer.groups[${index}]`;
  expectSettings(where, group, groupOptions, groupHints);
  const settings = withoutUndefined(group as ParameterGroup);
  for (const name of ['learningRateScale', 'weightDecay', 'l1'] as const)
    if (settings[name] !== undefined) expectNumber(`${where}.${name}`, settings[name]);
  const { firstStep = 1 } = settings;
  if (!Number.isInteger(firstStep) || firstStep < 1)
    throw new ConfigError(`${where}.firstStep is ${describe(firstStep)}. Count steps from 1.`);
  return settings;
}
