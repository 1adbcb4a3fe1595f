/** @file Ends a run whose numbers are no longer any: at once in f32, in mixed precision where skipping steps does not help. */
import { TrainingError } from '../tensor/errors.ts';
import type { StepMetrics } from './runlog.ts';

/** Below this the gradients overflow whatever the scale, and every step would be skipped. */
const LEAST_LOSS_SCALE = 2 ** -10;
/** As many steps skipped in a row are no accident: more than it takes to get from the first scale to the least. */
const MOST_SKIPPED = 32;

/** Looks at every step's metrics, in order. */
export class FiniteCheck {
  /** As the step before left it; unknown where a run begins or goes on. */
  #skipped: number | undefined;
  #inARow = 0;

  /**
   * @throws TrainingError naming the step: in f32 where the loss is not finite; in mixed precision, which skips such
   * steps, where gradients overflow at any loss scale or too many steps in a row were skipped
   */
  expect(records: readonly StepMetrics[]): void {
    for (const record of records) {
      if (record.lossScale === undefined) expectLoss(record);
      else this.#expectProgress(record, record.lossScale, record.skippedSteps ?? 0);
    }
  }

  #expectProgress({ step }: StepMetrics, lossScale: number, skippedSteps: number): void {
    const skips = skippedSteps > (this.#skipped ?? skippedSteps);
    this.#skipped = skippedSteps;
    this.#inARow = skips ? this.#inARow + 1 : 0;
    if (lossScale < LEAST_LOSS_SCALE)
      throw new TrainingError(
        `Gradients still overflow f16 at step ${step}, with the loss scaled by ${lossScale} and ${skippedSteps} steps skipped. Lower the learning rate or train with precision f32.`,
      );
    if (this.#inARow >= MOST_SKIPPED)
      throw new TrainingError(
        `The network overflows f16: step ${step} is the last of ${this.#inARow} in a row that were skipped. Lower the learning rate, set clipNorm or train with precision f32.`,
      );
  }
}

function expectLoss({ step, loss, lr }: StepMetrics): void {
  if (loss !== null) return;
  throw new TrainingError(
    `The loss is no longer a finite number at step ${step} (learning rate ${lr}). Lower the learning rate or set clipNorm.`,
  );
}
