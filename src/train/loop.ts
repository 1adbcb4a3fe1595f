/** @file The training loop, for Node and the browser: steps in bursts, log, validation, best weights, checkpoints. */
import { ConfigError } from '../base/errors.ts';
import type { Split } from '../data/split.ts';
import { type Choices, choicesOf, setChoices } from '../kernels/launch/variant.ts';
import { type Burst, Bursts } from './bursts.ts';
import { type CheckpointState, saveCheckpoint } from './checkpoint.ts';
import { alone, anyRank, barrier, type Comm, fromFirst } from './comm.ts';
import { checkData, fingerprint, noticesOf, splitOf, withJoinedStreams } from './dataset.ts';
import type { TrainEvent, TrainOptions, TrainResult } from './events.ts';
import { Trial } from './pace.ts';
import { pixelMark } from './pixels.ts';
import { RankFiles } from './rankfiles.ts';
import { metricsFile, truncateLog, validationFile } from './runlog.ts';
import { RunSamplers } from './samplers.ts';
import { expectKept, keepSplit, splitRecord } from './splitfile.ts';
import { startRun } from './start.ts';
import { writeProfile } from './trace.ts';
import { Trainer } from './trainer.ts';
import { Validation } from './validation.ts';
import { chooseVariants } from './variants.ts';

/** Where a run began, for the time that is left. */
interface Progress {
  readonly step: number;
  readonly ms: number;
}

class Run {
  readonly #options: TrainOptions;
  readonly #comm: Comm;
  readonly #trainer: Trainer;
  readonly #split: Split;
  readonly #trial = new Trial();
  readonly #samplers: RunSamplers;
  readonly #bursts: Bursts;
  readonly #validation: Validation;
  readonly #data: string;
  readonly #pixels: string;
  /** Steps whose losses are known and logged. */
  #step = 0;
  #saved = 0;
  #stopped = false;
  #recorded: Choices | undefined;
  #init: string | null = null;

  constructor(options: TrainOptions, trainer: Trainer, split: Split) {
    const { data, plan, comm = alone } = options;
    this.#options = options;
    this.#comm = comm;
    this.#trainer = trainer;
    this.#data = fingerprint(data, plan);
    this.#pixels = pixelMark(data);
    this.#split = split;
    this.#samplers = new RunSamplers(options, split);
    this.#bursts = new Bursts(options, trainer, this.#samplers);
    const { signal: _, ...unstopped } = options;
    // ranks stop together, between steps
    const stoppable = comm.size > 1 ? unstopped : options;
    this.#validation = new Validation(stoppable, trainer, this.#samplers.validation());
  }

  async go(): Promise<Omit<TrainResult, 'split'>> {
    const { data, config, files, device, onAccepted, onSteps } = this.#options;
    await this.#start();
    await onAccepted?.();
    await keepSplit(files, splitRecord(data, config, this.#split));
    await this.#cutLogs();
    await this.#options.recorder?.begin(this.#step);
    await this.#chooseVariants();
    await this.#trainer.prepare(this.#step + 1);
    const parameters = this.#trainer.network.arena.count;
    const facts = this.#trainer.facts();
    const deviceBytes = device.memory.liveBytes;
    this.#tell({ kind: 'start', step: this.#step, steps: config.steps, parameters, facts, deviceBytes });
    const unvalidated = this.#samplers.unvalidated();
    if (unvalidated) this.#tell({ kind: 'warning', message: unvalidated });
    // those whose shaders are still being compiled
    if (this.#comm.size > 1) await barrier(this.#comm);
    const began = { step: this.#step, ms: performance.now() };
    while (!(await this.#stops())) {
      await this.#rest();
      if (this.#ended || (await this.#stops())) break;
      if (this.#step === began.step) await onSteps?.();
      if (this.#step > began.step && this.#step === config.freezeSteps) await this.#trainer.thaw();
      await this.#stretch(began);
    }
    if (this.#saved < this.#step) await this.#checkpoint();
    const early = this.#step < config.steps && this.#ended;
    const stopped = this.#step < config.steps && !early;
    // after the last checkpoint, for it trains on
    if (this.#options.profile && !stopped)
      await writeProfile(this.#options, this.#trainer, this.#samplers.batches(0));
    return { step: this.#step, stopped, early, best: this.#validation.state.best };
  }

  /** Whether the signal, of any rank, has asked for an end. */
  async #stops(): Promise<boolean> {
    this.#stopped ||= await anyRank(this.#comm, this.#options.signal?.aborted === true);
    return this.#stopped;
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
    const { onRest } = this.#options;
    const bursts = this.#bursts;
    bursts.from(this.#step);
    this.#trial.rested();
    const due = this.#due();
    let rested = 0;
    const next = async () => ((await this.#stops()) ? null : bursts.launch(due));
    // ranks have waited for a burst by the time that it is launched
    const runsAhead = this.#comm.size === 1;
    for (let burst = await bursts.launch(due); burst; ) {
      const ahead = runsAhead ? await next() : null;
      await this.#settle(burst, began);
      if (rested < bursts.launched) await onRest?.(this.#trainer.network, bursts.launched);
      rested = bursts.launched;
      burst = runsAhead ? ahead : await next();
    }
  }

  /** The step after which the loop must rest. */
  #due(): number {
    const { steps, validateEvery, checkpointEvery, freezeSteps } = this.#options.config;
    const next = (every: number): number => this.#step - (this.#step % every) + every;
    const thaw = freezeSteps !== null && freezeSteps > this.#step ? freezeSteps : steps;
    return Math.min(steps, thaw, next(validateEvery), next(checkpointEvery));
  }

  async #settle(burst: Burst, began: Progress): Promise<void> {
    const { steps } = this.#options.config;
    const metrics = await this.#bursts.settle(burst, this.#saved);
    this.#step = metrics.step;
    const perStep = (performance.now() - began.ms) / 1000 / (this.#step - began.step);
    this.#tell({ kind: 'steps', metrics, steps, etaSeconds: (steps - this.#step) * perStep });
    const secondsPerStep = this.#trial.settle(this.#step - began.step);
    if (secondsPerStep !== null) this.#tell({ kind: 'pace', secondsPerStep, stepsLeft: steps - this.#step });
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
      ...(this.#comm.size > 1 && { ranks: this.#comm.size }),
    };
    await this.#options.recorder?.sync();
    await saveCheckpoint(this.#options.files, state, this.#trainer.state());
    this.#saved = this.#step;
    this.#tell({ kind: 'checkpoint', step: this.#step });
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
    if (this.#comm.rank > 0) {
      setChoices(device, await fromFirst<Choices>(this.#comm, () => ({})));
      return;
    }
    const winners = await chooseVariants(
      {
        ...{ device, config, cache, recorded: this.#recorded },
        onWarning: (message) => this.#tell({ kind: 'warning', message }),
        onProgress: (done, total, title) => this.#tell({ kind: 'tuning', done, total, title }),
      },
      (options) => this.#trainer.tune(options),
    );
    await fromFirst(this.#comm, () => choicesOf(device));
    if (winners) this.#tell({ kind: 'tuned', winners });
  }

  #tell(event: TrainEvent): void {
    this.#options.onProgress?.(event);
  }
}

/**
 * Trains a network on prepared data. Writes split.json, metrics.jsonl, validation.jsonl, checkpoint.safetensors and
 * weights.safetensors (the best weights by the validation's loss or figure, or the last ones without validation subjects).
 * The same data, configuration and adapter give the same bytes, stopped and resumed or not (but for
 * `imagesPerSecond`, `communicationMs` and `communicationWaitMs`).
 * @throws ConfigError when configuration, data and checkpoint do not fit together
 * @throws FileError when a file cannot be read or written; what was written before is intact
 * @throws TrainingError at the first step whose loss, gradients, parameters, statistics or optimiser state are not
 * finite, or in mixed precision where nothing but overflows comes; nothing of that step is saved
 * @throws RankError naming the rank that does not come, where several train together
 * @throws DeviceLostError when the device is gone; `trainWithRestarts` goes on from the checkpoint
 */
export async function train(given: TrainOptions): Promise<TrainResult> {
  const { device, data, config, comm = alone, resume = false } = given;
  if (comm.size > 1 && given.profile)
    throw new ConfigError('A profile is of one process. Leave profile out, or train without ranks.');
  const split = splitOf(data, config, given.plan);
  const files = comm.size > 1 ? new RankFiles(given.files, comm) : given.files;
  if (resume) await expectKept(files, data, splitRecord(data, config, split));
  checkData(data, given.plan, split, config.augmentation);
  for (const message of noticesOf(data, given.plan, split)) given.onProgress?.({ kind: 'notice', message });
  const plan = withJoinedStreams(data, given.plan, split, config.validationImages);
  const options = { ...given, plan, files };
  const choices = choicesOf(device);
  const trainer = new Trainer(device, config, plan, data.manifest.size, comm);
  try {
    return { ...(await new Run(options, trainer, split).go()), split };
  } finally {
    trainer.dispose();
    setChoices(device, choices);
  }
}
