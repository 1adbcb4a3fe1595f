/** @file Any set of tasks trained together: the weighted sum of their losses (paper §3). */
import * as ops from '../autograd/ops.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { location } from './location.ts';
import { orientation } from './orientation.ts';
import type { Labels, LossSettings, Outputs, Task, TaskName } from './task.ts';

/** Every pretext task by its name. */
export const tasks: Readonly<Record<TaskName, Task>> = { orientation, location };

export interface WeightedTask {
  readonly task: Task;
  readonly weight: number;
}

export interface MultitaskOptions {
  readonly tasks: readonly TaskName[];
  /** Weight of the orientation loss. */
  readonly alpha: number;
  /** Weight of the location loss. */
  readonly beta: number;
}

export interface MultitaskLoss {
  /** Σ weight · term, one element. */
  readonly loss: Tensor;
  /** The unweighted losses by task. */
  readonly terms: Readonly<Partial<Record<TaskName, Tensor>>>;
}

/** Several tasks as one: the weighted sum of their losses. */
export class Multitask {
  readonly parts: readonly WeightedTask[];

  constructor(options: MultitaskOptions) {
    const weights: Record<TaskName, number> = { orientation: options.alpha, location: options.beta };
    this.parts = options.tasks.map((name) => ({ task: tasks[name], weight: weights[name] }));
  }

  has(name: TaskName): boolean {
    return this.parts.some(({ task }) => task.name === name);
  }

  /** The weighted sum and its terms; launches on the device the outputs live on. */
  loss(outputs: Outputs, labels: Labels, settings: LossSettings): MultitaskLoss {
    const terms: Partial<Record<TaskName, Tensor>> = {};
    let total: Tensor | undefined;
    for (const { task, weight } of this.parts) {
      const term = task.loss(outputs, labels, settings);
      terms[task.name] = term;
      const weighted = weight === 1 ? term : ops.affine(term, weight);
      total = total ? ops.add(total, weighted) : weighted;
    }
    return { loss: total!, terms };
  }

  /** Σ weight · term of host numbers; terms of tasks that are not trained are ignored. */
  combine(terms: Readonly<Partial<Record<TaskName, number>>>): number {
    return this.parts.reduce((total, { task, weight }) => total + weight * (terms[task.name] ?? 0), 0);
  }
}
