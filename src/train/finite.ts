/** @file Ends a run whose numbers are no longer any. */
import { TrainingError } from '../tensor/errors.ts';
import type { StepMetrics } from './runlog.ts';

/** Below this the gradients overflow whatever the scale, and every step would be skipped. */
const LEAST_LOSS_SCALE = 2 ** -10;

/**
 * JSON has no NaN: a loss that is not finite is logged as null, and ends the run here.
 * @throws TrainingError naming the step, also where gradients overflow at any loss scale
 */
export function expectFinite(records: readonly StepMetrics[]): void {
  const bad = records.find(({ loss }) => !Number.isFinite(loss));
  if (bad) {
    const fix =
      bad.lossScale === undefined ? ' or set clipNorm' : ', set clipNorm or train with precision f32';
    throw new TrainingError(
      `The loss became ${bad.loss} at step ${bad.step} (learning rate ${bad.lr}). Lower the learning rate${fix}.`,
    );
  }
  const stuck = records.find(({ lossScale = 1 }) => lossScale < LEAST_LOSS_SCALE);
  if (!stuck) return;
  throw new TrainingError(
    `Gradients still overflow f16 at step ${stuck.step}, with the loss scaled by ${stuck.lossScale} and ${stuck.skippedSteps} steps skipped. Lower the learning rate or train with precision f32.`,
  );
}
