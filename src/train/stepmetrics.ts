/** @file A step's line in the log: what the step said, its learning rate, and the throughput. */
import type { TrainConfig } from './config.ts';
import type { StepMetrics } from './runlog.ts';
import { learningRateAt } from './schedule.ts';
import type { StepValues } from './trainer.ts';

export function metricsOf(
  config: TrainConfig,
  step: number,
  values: StepValues,
  imagesPerSecond: number,
): StepMetrics {
  const lr = learningRateAt(config.schedule, config.learningRate, step, config.steps);
  const { loss, orientationLoss, locationLoss, nonFinite: _, ...scaling } = values;
  return {
    step,
    loss: finiteOrNull(loss),
    orientationLoss: finiteOrNull(orientationLoss),
    locationLoss: finiteOrNull(locationLoss),
    ...scaling,
    lr,
    imagesPerSecond,
  };
}

/** What JSON can hold. */
const finiteOrNull = (value: number | null): number | null => (Number.isFinite(value) ? value : null);
