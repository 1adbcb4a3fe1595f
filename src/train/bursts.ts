/** @file Steps in bursts: launched together, and logged once the device has done them. */
import type { SumTimes } from '../autograd/sums.ts';
import type { TrainingError } from '../base/errors.ts';
import type { StepMetrics } from '../results/losses.ts';
import { checkpointFile } from './checkpoint.ts';
import { alone } from './comm.ts';
import type { TrainOptions } from './events.ts';
import { FiniteCheck, type Trouble } from './finite.ts';
import { HISTORY_STEPS } from './history.ts';
import { Pace } from './pace.ts';
import { appendRecords, metricsFile } from './runlog.ts';
import type { RunSamplers } from './samplers.ts';
import { metricsOf } from './stepmetrics.ts';
import type { StepValues } from './stepvalues.ts';
import { endedBy } from './suspects.ts';
import type { Trainer } from './trainer.ts';

/** Steps that were launched together and not waited for. */
export interface Burst {
  readonly first: number;
  readonly count: number;
  readonly losses: () => Promise<StepValues[]>;
  /** Of its steps, where ranks train together. */
  readonly sums: SumTimes | undefined;
}

export class Bursts {
  readonly #options: TrainOptions;
  readonly #trainer: Trainer;
  readonly #samplers: RunSamplers;
  readonly #pace = new Pace();
  readonly #finite = new FiniteCheck();
  #launched = 0;

  constructor(options: TrainOptions, trainer: Trainer, samplers: RunSamplers) {
    this.#options = options;
    this.#trainer = trainer;
    this.#samplers = samplers;
  }

  /** The last step that was launched. */
  get launched(): number {
    return this.#launched;
  }

  /** Goes on after a step. */
  from(step: number): void {
    this.#launched = step;
  }

  /** Launches a burst of steps, the last at most `due`; null when that one is launched already. */
  async launch(due: number): Promise<Burst | null> {
    // ranks, which each measure another pace, rest after the same steps
    const most = (this.#options.comm ?? alone).size > 1 ? 1 : this.#pace.burst;
    const count = Math.min(due - this.#launched, most, HISTORY_STEPS);
    if (count === 0) return null;
    const first = this.#launched + 1;
    this.#launched += count;
    this.#pace.start();
    for (let step = first; step <= this.#launched; step++) {
      const waiting = this.#trainer.train(step, this.#samplers.batches(step - 1));
      // alone there is nothing to wait for, not for a moment
      if (waiting) await waiting;
    }
    // while the device works
    for (let step = this.#launched; step < this.#launched + most; step++) this.#samplers.ahead(step);
    const sums = this.#trainer.takeSumTimes();
    return { first, count, losses: this.#trainer.losses(first, this.#launched), sums };
  }

  /**
   * Waits for a burst and logs it.
   * @param saved the step of the last checkpoint, 0 where there is none
   * @returns the newest step's metrics
   * @throws TrainingError at the first step that is not finite
   */
  async settle({ first, count, losses, sums }: Burst, saved: number): Promise<StepMetrics> {
    const { config, files, recorder } = this.#options;
    const values = await this.#pace.settle(count, losses);
    const imagesPerSecond = Number(((count * config.batch) / this.#pace.took).toPrecision(4));
    const perStep = (ms: number): number => Number((ms / count).toPrecision(4));
    const timing = {
      imagesPerSecond,
      ...(sums && { communicationMs: perStep(sums.ms), communicationWaitMs: perStep(sums.waitedMs) }),
    };
    const records = values.map((loss, i) => metricsOf(config, first + i, loss, timing));
    const troubles = records.map((record, i) => this.#finite.look(record, values[i]!.nonFinite));
    const bad = troubles.findIndex((trouble) => trouble !== null);
    // What came after the bad step is worth nothing.
    const good = bad < 0 ? records : records.slice(0, bad + 1);
    await appendRecords(files, metricsFile, good);
    await recorder?.steps(good);
    if (bad >= 0) throw this.#endedBy(troubles[bad]!, saved);
    return records.at(-1)!;
  }

  #endedBy(trouble: Trouble, step: number): TrainingError {
    const { data, files } = this.#options;
    const saved = step > 0 ? { file: files.describe(checkpointFile), step } : null;
    return endedBy(trouble, saved, this.#samplers.wholeBatches(trouble.step - 1), data);
  }
}
