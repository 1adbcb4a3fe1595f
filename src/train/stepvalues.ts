/** @file What steps say of themselves, kept on the device until the host asks. */
import type { NonFinite } from '../autograd/nonFinite.ts';
import { WATCH_WORDS } from '../autograd/nonFinite.ts';
import type { Optimizer } from '../autograd/optim.ts';
import type { LossScaler } from '../autograd/scaler.ts';
import type { StepOutputs } from '../autograd/step.ts';
import type { Device } from '../tensor/device.ts';
import { History } from './history.ts';
import type { Losses } from './losses.ts';
import type { Plan } from './plan.ts';
import { columnOf } from './steplosses.ts';

/** What a step says of itself. The scale and the number of skipped steps so far, as it leaves them, where there is one. */
export interface StepValues extends Losses {
  readonly lossScale?: number;
  readonly skippedSteps?: number;
  /** What was not finite in the first step that had something, if that is this step or one before. */
  readonly nonFinite: NonFinite | null;
}

/** Columns of the history beside the tasks' losses. */
const ownColumns = ['loss', 'lossScale', 'skippedSteps'] as const;

export class StepHistory {
  readonly #plan: Plan;
  readonly #optimizer: Optimizer;
  readonly #scaler: LossScaler | undefined;
  readonly #history: History<string>;

  constructor(device: Device, plan: Plan, optimizer: Optimizer, scaler: LossScaler | undefined) {
    this.#plan = plan;
    this.#optimizer = optimizer;
    this.#scaler = scaler;
    const columns = [...ownColumns, ...plan.tasks.map(({ task }) => columnOf(task.name))];
    this.#history = new History(device, columns, WATCH_WORDS);
  }

  /** See `History`. */
  remember(encoder: GPUCommandEncoder, outputs: StepOutputs, index: number): void {
    this.#history.remember(encoder, outputs, index);
  }

  /** See `Trainer.losses`. */
  ask(first: number, last: number): () => Promise<StepValues[]> {
    const rows = this.#history.ask(first, last);
    return async () =>
      (await rows()).map(({ words, ...row }) => this.#values(row as Record<string, number>, words));
  }

  dispose(): void {
    this.#history.dispose();
  }

  #values(row: Readonly<Record<string, number>>, words: Uint32Array): StepValues {
    const { loss, lossScale, skippedSteps } = row;
    const tasks = this.#plan.tasks.map(({ task }) => [task.name, row[columnOf(task.name)]!]);
    return {
      loss: loss!,
      tasks: Object.fromEntries(tasks),
      nonFinite: this.#optimizer.nonFiniteIn(words),
      ...(this.#scaler && { lossScale: lossScale!, skippedSteps: skippedSteps! }),
    };
  }
}
