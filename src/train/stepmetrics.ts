/** @file A step's line in the log: what the step said, its learning rate, and the throughput. */
import { lossColumn, type StepMetrics, type TaskLosses } from '../results/losses.ts';
import type { Losses } from './losses.ts';
import { learningRateAt } from './schedule.ts';
import type { TrainConfig } from './settings.ts';
import type { StepValues } from './stepvalues.ts';

/** What JSON can hold. */
const finiteOrNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** The sum and each task's loss, by column. */
export function lossColumns<T extends number | null>(
  { loss, tasks }: Losses,
  of = (value: number): T => value as T,
): { readonly loss: T } & TaskLosses {
  const columns = Object.entries(tasks).map(([task, value]) => [lossColumn(task), of(value)]);
  return { loss: of(loss), ...(Object.fromEntries(columns) as TaskLosses) };
}

export function metricsOf(
  config: TrainConfig,
  step: number,
  values: StepValues,
  timing: Pick<StepMetrics, 'imagesPerSecond' | 'communicationMs' | 'communicationWaitMs'>,
): StepMetrics {
  const lr = learningRateAt(config, step);
  const { loss, tasks, nonFinite: _, ...scaling } = values;
  return { step, ...lossColumns({ loss, tasks }, finiteOrNull), ...scaling, lr, ...timing };
}
