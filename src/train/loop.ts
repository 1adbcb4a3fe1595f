/** @file The training loop, for Node and the browser: steps in bursts, log, validation, best weights, checkpoints. */
import { chromeTrace } from '../autograd/profile.ts';
import type { TrainingError } from '../base/errors.ts';
import { listed, plural } from '../base/words.ts';
import type { Batch } from '../data/batch.ts';
import { createSampler, type Sampler, type SamplerOptions } from '../data/sampler.ts';
import type { Split } from '../data/split.ts';
import { type Choices, choicesOf, setChoices } from '../kernels/launch/variant.ts';
import { type CheckpointState, checkpointFile, saveCheckpoint } from './checkpoint.ts';
import {
  checkData,
  fingerprint,
  noticesOf,
  splitOf,
  trainingImages,
  validationImages,
  withJoinedStreams,
} from './dataset.ts';
import type { TrainEvent, TrainOptions, TrainResult } from './events.ts';
import { FiniteCheck, type Trouble } from './finite.ts';
import { HISTORY_STEPS } from './history.ts';
import { Pace } from './pace.ts';
import { pixelMark } from './pixels.ts';
import type { Stream } from './plan.ts';
import { writeText } from './runfiles.ts';
import { appendRecords, metricsFile, truncateLog, validationFile } from './runlog.ts';
import { startRun } from './start.ts';
import { metricsOf } from './stepmetrics.ts';
import { endedBy } from './suspects.ts';
import { type StepValues, Trainer } from './trainer.ts';
import { Validation } from './validation.ts';
import { chooseVariants } from './variants.ts';

/** The profile of a training step, in the format of chrome://tracing and Perfetto. */
export const traceFile = 'trace.json';

/** Where a run began, for the time that is left. */
interface Progress {
  readonly step: number;
  readonly ms: number;
}

/** Steps that were launched together and not waited for. */
interface Burst {
  readonly first: number;
  readonly count: number;
  readonly losses: () => Promise<StepValues[]>;
}

class Run {
  readonly #options: TrainOptions;
  readonly #split: Split;
  readonly #trainer: Trainer;
  readonly #pace = new Pace();
  readonly #finite = new FiniteCheck();
  /** One for each stream of tasks. */
  readonly #training: readonly Sampler[];
  readonly #validation: Validation;
  /** Streams to which no held-out image says anything. */
  readonly #unvalidated: readonly Stream[];
  readonly #data: string;
  readonly #pixels: string;
  /** Steps whose losses are known and logged. */
  #step = 0;
  #launched = 0;
  #saved = 0;
  #recorded: Choices | undefined;
  #init: string | null = null;

  constructor(options: TrainOptions, trainer: Trainer, split: Split) {
    const { data, config } = options;
    const { batch, seed, epoch, augmentation } = config;
    this.#options = options;
    this.#split = split;
    this.#trainer = trainer;
    this.#data = fingerprint(data, options.plan);
    this.#pixels = pixelMark(data);
    const { streams } = options.plan;
    const sampler = ({ input, tasks }: Stream, how: SamplerOptions): Sampler =>
      createSampler(data, { ...how, input, labellers: tasks.map(({ part }) => part) });
    this.#training = streams.map((stream) => {
      const images = trainingImages(data, stream, split);
      return sampler(stream, {
        batch,
        seed,
        epoch,
        augmentation,
        images,
        ...(split.rest && { bare: split.rest }),
      });
    });
    const held = (stream: Pick<Stream, 'labelled'>) =>
      validationImages(data, stream, split, config.validationImages);
    this.#unvalidated = streams.filter((stream) => held(stream).length === 0);
    // images that say nothing to a stream leave its losses out
    const images = (stream: Stream) => held(this.#unvalidated.includes(stream) ? {} : stream);
    const validation =
      this.#unvalidated.length < streams.length
        ? streams.map((own) => sampler(own, { batch, epoch: 'sequential', images: images(own) }))
        : null;
    this.#validation = new Validation(options, trainer, validation);
  }

  async go(): Promise<Omit<TrainResult, 'split'>> {
    const { config, signal, onAccepted } = this.#options;
    await this.#start();
    await onAccepted?.();
    await this.#cutLogs();
    await this.#chooseVariants();
    await this.#trainer.prepare(this.#step + 1);
    const parameters = this.#trainer.network.arena.count;
    const facts = this.#trainer.facts();
    this.#tell({ kind: 'start', step: this.#step, steps: config.steps, parameters, facts });
    this.#warnOfUnvalidated();
    const began = { step: this.#step, ms: performance.now() };
    while (!signal?.aborted) {
      await this.#rest();
      if (this.#ended || signal?.aborted) break;
      if (this.#step > began.step && this.#step === config.freezeSteps) await this.#trainer.thaw();
      await this.#stretch(began);
    }
    if (this.#saved < this.#step) await this.#checkpoint();
    const early = this.#step < config.steps && this.#ended;
    const stopped = this.#step < config.steps && !early;
    if (this.#options.profile && !stopped) await this.#profile();
    return { step: this.#step, stopped, early, best: this.#validation.state.best };
  }

  #warnOfUnvalidated(): void {
    if (this.#split.validation.length === 0 || this.#unvalidated.length === 0) return;
    const names = this.#unvalidated.flatMap(({ tasks }) => tasks.map(({ task }) => task.name));
    const message = `No image of the ${plural(this.#split.validation.length, 'validation subject')} has what ${listed(names)} learns from, so validation says nothing of it.`;
    this.#tell({ kind: 'warning', message });
  }

  /** Whether no step is to follow: the last was done, or patience is over. */
  get #ended(): boolean {
    return this.#step === this.#options.config.steps || this.#validation.exhausted;
  }

  /** What is due between steps: validation, then checkpoint. */
  async #rest(): Promise<void> {
    const { steps, validateEvery, checkpointEvery } = this.#options.config;
    const [step, last] = [this.#step, this.#step === steps];
    if (step === 0) return;
    const { validated } = this.#validation.state;
    if (validated < step && (last || step % validateEvery === 0)) await this.#validation.run(step);
    if (this.#saved < step && (last || step % checkpointEvery === 0)) await this.#checkpoint();
  }

  /**
   * Trains until something is due. The next burst is launched before the losses of the last are waited for, so that
   * the device has work, and the next batches, while the host reads, logs and draws samples.
   */
  async #stretch(began: Progress): Promise<void> {
    const { onRest, signal } = this.#options;
    this.#launched = this.#step;
    const due = this.#due();
    let rested = 0;
    for (let burst = this.#launch(due); burst; ) {
      const ahead = signal?.aborted ? null : this.#launch(due);
      await this.#settle(burst, began);
      if (rested < this.#launched) await onRest?.(this.#trainer.network, this.#launched);
      rested = this.#launched;
      burst = ahead;
    }
  }

  /** The step after which the loop must rest. */
  #due(): number {
    const { steps, validateEvery, checkpointEvery, freezeSteps } = this.#options.config;
    const next = (every: number): number => this.#step - (this.#step % every) + every;
    const thaw = freezeSteps !== null && freezeSteps > this.#step ? freezeSteps : steps;
    return Math.min(steps, thaw, next(validateEvery), next(checkpointEvery));
  }

  /** Launches a burst of steps, the last at most `due`; null when that one is launched already. */
  #launch(due: number): Burst | null {
    const count = Math.min(due - this.#launched, this.#pace.burst, HISTORY_STEPS);
    if (count === 0) return null;
    const first = this.#launched + 1;
    this.#launched += count;
    this.#pace.start();
    for (let step = first; step <= this.#launched; step++) this.#trainer.train(step, this.#batches(step - 1));
    return { first, count, losses: this.#trainer.losses(first, this.#launched) };
  }

  #batches(step: number): Batch[] {
    return this.#training.map((sampler) => sampler.batch(step));
  }

  async #settle({ first, count, losses }: Burst, began: Progress): Promise<void> {
    const { config, files } = this.#options;
    const values = await this.#pace.settle(count, losses);
    const imagesPerSecond = Number(((count * config.batch) / this.#pace.took).toPrecision(4));
    const records = values.map((loss, i) => metricsOf(config, first + i, loss, imagesPerSecond));
    const troubles = records.map((record, i) => this.#finite.look(record, values[i]!.nonFinite));
    const bad = troubles.findIndex((trouble) => trouble !== null);
    // What came after the bad step is worth nothing.
    await appendRecords(files, metricsFile, bad < 0 ? records : records.slice(0, bad + 1));
    if (bad >= 0) throw this.#give(troubles[bad]!);
    this.#step = first + count - 1;
    const perStep = (performance.now() - began.ms) / 1000 / (this.#step - began.step);
    const etaSeconds = (config.steps - this.#step) * perStep;
    this.#tell({ kind: 'steps', metrics: records.at(-1)!, steps: config.steps, etaSeconds });
  }

  #give(trouble: Trouble): TrainingError {
    const { data, files } = this.#options;
    const saved = this.#saved > 0 ? { file: files.describe(checkpointFile), step: this.#saved } : null;
    return endedBy(trouble, saved, this.#batches(trouble.step - 1), data);
  }

  async #checkpoint(): Promise<void> {
    const state: CheckpointState = {
      step: this.#step,
      ...this.#validation.state,
      config: this.#options.config,
      data: this.#data,
      pixels: this.#pixels,
      ...(this.#init && { init: this.#init }),
      variants: choicesOf(this.#options.device),
    };
    await saveCheckpoint(this.#options.files, state, this.#trainer.state());
    this.#saved = this.#step;
    this.#tell({ kind: 'checkpoint', step: this.#step });
  }

  /** Comes after the last checkpoint, for it trains on. */
  async #profile(): Promise<void> {
    const { device, files } = this.#options;
    if (!device.caps.timestamps) {
      const message = 'This adapter has no timestamps (timestamp-query), so there is no profile.';
      this.#tell({ kind: 'warning', message });
      return;
    }
    const { rows, spans } = await this.#trainer.profile(this.#batches(0));
    await writeText(files, traceFile, chromeTrace(spans, `training step on ${device.caps.description}`));
    this.#tell({ kind: 'profile', rows });
  }

  async #start(): Promise<void> {
    const start = await startRun(this.#options, this.#trainer, this.#data, (event) => this.#tell(event));
    this.#step = this.#saved = start.step;
    this.#validation.restore(start);
    this.#recorded = start.variants;
    this.#init = start.init;
  }

  /** To where the run goes on. */
  async #cutLogs(): Promise<void> {
    const warn = (message: string) => this.#tell({ kind: 'warning', message });
    await truncateLog(this.#options.files, metricsFile, this.#step, warn);
    await truncateLog(this.#options.files, validationFile, this.#validation.logged, warn);
  }

  async #chooseVariants(): Promise<void> {
    const { device, config, cache } = this.#options;
    const winners = await chooseVariants(
      {
        ...{ device, config, cache, recorded: this.#recorded },
        onWarning: (message) => this.#tell({ kind: 'warning', message }),
        onProgress: (done, total, title) => this.#tell({ kind: 'tuning', done, total, title }),
      },
      (options) => this.#trainer.tune(options),
    );
    if (winners) this.#tell({ kind: 'tuned', winners });
  }

  #tell(event: TrainEvent): void {
    this.#options.onProgress?.(event);
  }
}

/**
 * Trains a network on prepared data. Writes metrics.jsonl, validation.jsonl, checkpoint.safetensors and
 * weights.safetensors (the best weights by the validation's loss or figure, or the last ones without validation subjects).
 * The same data, configuration and adapter give the same bytes, stopped and resumed or not (but for
 * `imagesPerSecond`).
 * @throws ConfigError when configuration, data and checkpoint do not fit together
 * @throws FileError when a file cannot be read or written; what was written before is intact
 * @throws TrainingError at the first step whose loss, gradients, parameters, statistics or optimiser state are not
 * finite, or in mixed precision where nothing but overflows comes; nothing of that step is saved
 * @throws DeviceLostError when the device is gone; `trainWithRestarts` goes on from the checkpoint
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { device, data, config } = options;
  const split = splitOf(data, config, options.plan);
  checkData(data, options.plan, split, config.augmentation);
  for (const message of noticesOf(data, options.plan, split))
    options.onProgress?.({ kind: 'notice', message });
  const plan = withJoinedStreams(data, options.plan, split, config.validationImages);
  const choices = choicesOf(device);
  const trainer = new Trainer(device, config, plan, data.manifest.size);
  try {
    return { ...(await new Run({ ...options, plan }, trainer, split).go()), split };
  } finally {
    trainer.dispose();
    setChoices(device, choices);
  }
}
