/** @file Losses of a plan's tasks: their weighted sum, and their means over batches. */
import type { Batch } from '../data/batch.ts';
import type { PlannedTask, Stream } from './plan.ts';

/** Losses of one step or one validation. */
export interface Losses {
  /** Their weighted sum. */
  readonly loss: number;
  /** By the name of the task. */
  readonly tasks: Readonly<Record<string, number>>;
}

/** One batch for each stream. */
export type Batches = readonly Batch[];

/** Labels of a task's fields in a batch: what weighs one batch against another. */
export const labelCount = (batch: Batch, { part }: PlannedTask): number => batch.labelCount(part.fields);

/** Σ weight · loss of the tasks that have one. */
export const combined = (tasks: readonly PlannedTask[], losses: Losses['tasks']): number =>
  tasks.reduce((total, { task, weight }) => total + weight * (losses[task.name] ?? 0), 0);

/** Mean losses over all labels of batches; 0 of a task that has none. */
export class MeanLosses {
  readonly #sums: readonly { planned: PlannedTask; stream: number; total: number; labels: number }[];

  /** In the order of `tasks`. @param streams which of a step's batches is whose */
  constructor(tasks: readonly PlannedTask[], streams: readonly Stream[]) {
    this.#sums = tasks.map((planned) => {
      const stream = streams.findIndex((one) => one.tasks.includes(planned));
      return { planned, stream, total: 0, labels: 0 };
    });
  }

  /** Counts what a step said of its batches. */
  add(batches: Batches, losses: Losses): void {
    for (const sum of this.#sums) {
      const labels = labelCount(batches[sum.stream]!, sum.planned);
      sum.total += labels * losses.tasks[sum.planned.task.name]!;
      sum.labels += labels;
    }
  }

  mean(): Losses {
    const means = this.#sums.map(({ planned, total, labels }) => [
      planned.task.name,
      labels > 0 ? total / labels : 0,
    ]);
    const tasks: Losses['tasks'] = Object.fromEntries(means);
    return {
      loss: combined(
        this.#sums.map(({ planned }) => planned),
        tasks,
      ),
      tasks,
    };
  }
}
