/** @file Ends a run whose numbers are no longer any: at once, but for what the loss scaler of mixed precision skips. */
import type { NonFinite } from '../autograd/nonFinite.ts';
import { TrainingError } from '../base/errors.ts';
import type { StepMetrics } from '../results/losses.ts';

/** Below this the gradients overflow whatever the scale, and every step would be skipped. */
const LEAST_LOSS_SCALE = 2 ** -10;
/** As many steps skipped in a row are no accident: more than it takes to get from the first scale to the least. */
const MOST_SKIPPED = 32;

/** Why a run cannot go on. */
export interface Trouble {
  readonly step: number;
  /** What is wrong, a sentence. */
  readonly problem: string;
  /** Settings that may help, for a list. */
  readonly remedies: readonly string[];
}

/** Looks at every step, in order. */
export class FiniteCheck {
  /** As the step before left it; unknown where a run begins or goes on. */
  #skipped: number | undefined;
  #inARow = 0;

  /**
   * What is wrong with a step, null where nothing is: a gradient, the optimiser's state, a parameter or running
   * statistic that is not finite; in f32 such a loss; in mixed precision, which skips steps whose loss or gradients are
   * not, gradients that overflow at any loss scale or too many steps skipped in a row.
   */
  look(record: StepMetrics, nonFinite: NonFinite | null): Trouble | null {
    const { step, loss, lossScale, skippedSteps = 0 } = record;
    const mixed = lossScale !== undefined;
    const remedies = [
      'lower the learning rate',
      'set clipNorm',
      ...(mixed ? ['train with precision f32'] : []),
    ];
    const trouble = (problem: string): Trouble => ({ step, problem, remedies });
    if (nonFinite)
      return trouble(
        `Step ${nonFinite.step}: ${subjectOf(nonFinite)} is no longer finite (${detailsOf(record)}).`,
      );
    if (!mixed)
      return loss === null
        ? trouble(`Step ${step}: the loss is no longer finite (${detailsOf(record)}).`)
        : null;
    this.#count(skippedSteps);
    if (lossScale < LEAST_LOSS_SCALE)
      return trouble(
        `Step ${step}: gradients still overflow f16, with the loss scaled by ${lossScale} and ${skippedSteps} steps skipped.`,
      );
    if (this.#inARow >= MOST_SKIPPED)
      return trouble(
        `The network overflows f16: step ${step} is the last of ${this.#inARow} in a row that were skipped.`,
      );
    return null;
  }

  #count(skippedSteps: number): void {
    const skips = skippedSteps > (this.#skipped ?? skippedSteps);
    this.#skipped = skippedSteps;
    this.#inARow = skips ? this.#inARow + 1 : 0;
  }
}

const detailsOf = ({ loss, lr }: StepMetrics): string =>
  `loss ${loss === null ? 'not finite' : Number(loss.toPrecision(4))}, learning rate ${lr}`;

function subjectOf({ kind, name }: NonFinite): string {
  switch (kind) {
    case 'gradient':
      return `the gradient of ${name}`;
    case 'gradientNorm':
      return 'the norm of the gradient';
    case 'moment':
      return `the optimiser's moment of ${name}`;
    case 'parameter':
      return `parameter ${name}`;
    case 'statistic':
      return `running statistic ${name}`;
  }
}

/**
 * Throws TrainingError for the first value that is not finite.
 * @param whose the tensor, `what` it was to become part of
 */
export function expectFinite(values: Float32Array, whose: string, what: string): void {
  const index = firstNonFinite(values);
  if (index < 0) return;
  throw new TrainingError(
    `${whose} holds ${values[index]} at element ${index}, so ${what} was not written; the files before are unchanged. Lower the learning rate, set clipNorm or look at the data.`,
  );
}

/** Where the first value is that is infinite or NaN, -1 where none is. */
export function firstNonFinite(values: Float32Array): number {
  // differences of equal numbers: faster than a call for each
  for (let i = 0; i < values.length; i++) if (values[i]! - values[i]! !== 0) return i;
  return -1;
}
