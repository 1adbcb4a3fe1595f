/** @file Settings, networks and trainings that cannot be. */
import { PlanewiseError } from './base.ts';

/**
 * Settings that contradict each other or the data.
 * @example
 * schedules.stepDecay(0.1, { every: 0 }); // throws ConfigError
 */
export class ConfigError extends PlanewiseError {
  constructor(message: string, options?: ErrorOptions) {
    super('CONFIG', message, options);
  }
}

/**
 * A network that cannot be written in another program's form; names the op.
 * @example
 * new ExportError('cumsum', 'has no form there', 'Use another op.').op; // "cumsum"
 */
export class ExportError extends PlanewiseError {
  /** The call as the network makes it. */
  readonly op: string;

  constructor(op: string, problem: string, fix: string) {
    super('EXPORT', `${op} ${problem}. ${fix}`);
    this.op = op;
  }
}

/**
 * A weight is missing, unexpected or of another shape than the model's; names the weight.
 * @example
 * new WeightError('0.weight', 'is missing').weight; // "0.weight"
 */
export class WeightError extends PlanewiseError {
  readonly weight: string;
  readonly problem: string;

  /** @param file that it is of, where it is of one */
  constructor(weight: string, problem: string, file?: string) {
    const where = file === undefined ? '' : `${file}: `;
    super(
      'WEIGHT',
      `${where}${weight}: ${problem}. Build the model with the settings the weights were trained with, or load only what fits with loadCompatible().`,
    );
    this.weight = weight;
    this.problem = problem;
  }
}

/**
 * Training cannot go on: a loss, gradient, parameter or statistic is no longer finite.
 * @example
 * new TrainingError('The loss is NaN.').code; // "TRAINING"
 */
export class TrainingError extends PlanewiseError {
  constructor(message: string) {
    super('TRAINING', message);
  }
}
