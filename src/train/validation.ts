/** @file Validations of a run: their losses and figure, the best weights so far, and when waiting for better ones ends. */
import type { Sampler } from '../data/sampler.ts';
import type { ValidationMetrics } from '../results/losses.ts';
import type { Figure, HostOutputs } from '../tasks/task.ts';
import type { Best } from './checkpoint.ts';
import type { OnOutputs } from './chosen.ts';
import type { TrainOptions } from './events.ts';
import { HISTORY_STEPS } from './history.ts';
import { type Losses, MeanLosses } from './losses.ts';
import { Pace } from './pace.ts';
import { appendRecords, validationFile } from './runlog.ts';
import { lossColumns } from './stepmetrics.ts';
import type { Trainer } from './trainer.ts';
import { saveWeights } from './weightsfile.ts';

/** Then the last weights, which are finite, are better than none. */
const noBest = (by: string): string =>
  `No validation ${by} was finite, so the last weights are kept. Look at the images of the validation subjects.`;

/** Batches whose outputs wait to be read. */
const MOST_READ = 4;

/** What validations so far came to: what a checkpoint keeps. */
export interface Validated {
  /** Step of the last one, 0 before the first. */
  readonly validated: number;
  readonly best: Best | null;
}

export class Validation {
  readonly #options: TrainOptions;
  readonly #trainer: Trainer;
  /** One for each stream of tasks; null where no held-out image says anything to any. */
  readonly #samplers: readonly Sampler[] | null;
  readonly #figure: Figure | undefined;
  #state: Validated = { validated: 0, best: null };

  constructor(options: TrainOptions, trainer: Trainer, samplers: readonly Sampler[] | null) {
    this.#options = options;
    this.#trainer = trainer;
    this.#samplers = samplers;
    this.#figure = trainer.chosen.figure;
  }

  get state(): Validated {
    return this.#state;
  }

  /** The step that the log reaches: that of the last validation, 0 where none says anything. */
  get logged(): number {
    return this.#samplers ? this.#state.validated : 0;
  }

  /** Goes on from what an earlier run left. */
  restore({ validated, best }: Validated): void {
    this.#state = { validated, best };
  }

  /** Whether as many validations in a row as the run has patience for were no better than the best before. */
  get exhausted(): boolean {
    const { patience, validateEvery } = this.#options.config;
    if (patience === null || !this.#samplers) return false;
    const { validated, best } = this.#state;
    return Math.floor((validated - (best?.step ?? 0)) / validateEvery) >= patience;
  }

  /** Validates after `step` steps and keeps the weights if they are the best so far; a signal leaves all as it was. */
  async run(step: number): Promise<void> {
    const { config, data, files, signal, recorder, onProgress } = this.#options;
    const tally = this.#figure?.begin();
    const onOutputs = tally && this.#trainer.chosen.feeding(tally, data);
    const losses = this.#samplers && (await this.#losses(this.#samplers, signal, onOutputs));
    if (this.#samplers && !losses) return;
    const figure = tally?.value();
    const best = !losses || this.#isBest(losses.loss, figure);
    this.#state = { ...this.#state, validated: step };
    const last = step === config.steps || this.exhausted;
    const none = losses !== null && last && !best && !this.#state.best;
    if (none) onProgress?.({ kind: 'warning', message: noBest(this.#figure ? 'figure' : 'loss') });
    if (losses ? best || none : last)
      await saveWeights(files, this.#trainer.network, this.#options.describe(step));
    if (!losses) return;
    const known = figure === undefined ? {} : { figure };
    const metrics: ValidationMetrics = { step, ...lossColumns(losses), ...known, best };
    if (best) this.#state = { validated: step, best: { step, loss: losses.loss, ...known } };
    await appendRecords(files, validationFile, [metrics]);
    await recorder?.validation(metrics);
    onProgress?.({ kind: 'validation', metrics, ...(this.#figure && { figure: this.#figure }) });
  }

  /**
   * Mean losses over every image of sequential samplers, one a stream; null if `signal` stopped it. Overwrites the
   * trainer's history.
   * @param onOutputs told of the outputs for the images whose heads choose the best weights
   */
  async #losses(
    samplers: readonly Sampler[],
    signal: AbortSignal | undefined,
    onOutputs: OnOutputs | undefined,
  ): Promise<Losses | null> {
    const trainer = this.#trainer;
    const { tasks, streams } = this.#options.plan;
    const means = new MeanLosses(tasks, streams);
    const pace = new Pace();
    const steps = Math.max(...samplers.map(({ stepsPerEpoch }) => stepsPerEpoch));
    for (let done = 0; done < steps; ) {
      if (signal?.aborted) return null;
      const count = Math.min(pace.burst, onOutputs ? MOST_READ : HISTORY_STEPS, steps - done);
      const batches = Array.from({ length: count }, (_, i) =>
        samplers.map((sampler) => sampler.batch(done + i)),
      );
      pace.start();
      const reads: Promise<HostOutputs>[] = [];
      for (const [i, batch] of batches.entries()) {
        const read = trainer.validate(done + i, batch);
        if (onOutputs) reads.push(read());
      }
      const losses = await pace.settle(count, trainer.losses(done, done + count - 1));
      for (const [i, batch] of batches.entries()) means.add(batch, losses[i]!);
      for (const [i, outputs] of (await Promise.all(reads)).entries()) onOutputs?.(outputs, batches[i]!);
      done += count;
    }
    return means.mean();
  }

  #isBest(loss: number, figure: number | null | undefined): boolean {
    const { best } = this.#state;
    if (!this.#figure) return loss < (best?.loss ?? Number.POSITIVE_INFINITY);
    if (figure === null || figure === undefined) return false;
    const sign = this.#figure.better === 'higher' ? 1 : -1;
    return sign * figure > sign * (best?.figure ?? -sign * Number.POSITIVE_INFINITY);
  }
}
