/** @file What training keeps on the device: network, optimiser, batch tensors, the captured steps and the loss history. */
import { type NonFinite, WATCH_WORDS } from '../autograd/nonFinite.ts';
import { Optimizer } from '../autograd/optim.ts';
import { problemsOf } from '../autograd/problems.ts';
import { type ProfileRow, type ProfileSpan, profileOf, traceStep } from '../autograd/profile.ts';
import { LossScaler } from '../autograd/scaler.ts';
import { type CapturedStep, capture, type StepMemory, type StepOutputs } from '../autograd/step.ts';
import { noGrad, Tape } from '../autograd/tape.ts';
import { type TuneOptions, tune, type Winner } from '../autograd/tune.ts';
import { changesOf } from '../data/appearance.ts';
import type { Sampler } from '../data/sampler.ts';
import type { HeadedNetwork } from '../models/headed.ts';
import type { HostOutputs } from '../tasks/task.ts';
import { zeros } from '../tensor/create.ts';
import type { Device } from '../tensor/device.ts';
import { disown } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { ChosenOutputs, type OnOutputs } from './chosen.ts';
import { HISTORY_STEPS, History } from './history.ts';
import { type Batches, type Losses, MeanLosses } from './losses.ts';
import { buildNetwork } from './network.ts';
import { Pace } from './pace.ts';
import { isFrozen, parameterGroups } from './parts.ts';
import type { Plan } from './plan.ts';
import { learningRateAt } from './schedule.ts';
import type { TrainConfig } from './settings.ts';
import { columnOf, lossesOf, type Pass, type StepTensors } from './steplosses.ts';
import { StreamInputs } from './streaminputs.ts';

/** What a step says of itself. The scale and the number of skipped steps so far, as it leaves them, where there is one. */
export interface StepValues extends Losses {
  readonly lossScale?: number;
  readonly skippedSteps?: number;
  /** What was not finite in the first step that had something, if that is this step or one before. */
  readonly nonFinite: NonFinite | null;
}

/** The captured training step as one sees it from outside. */
export interface StepFacts {
  readonly launches: number;
  readonly memory: StepMemory;
}

/** Where a training step's time goes. */
export interface StepProfile {
  /** Mean of the profiled runs, by kernel. */
  readonly rows: readonly ProfileRow[];
  /** Every launch of the last of them. */
  readonly spans: readonly ProfileSpan[];
}

const PROFILED_RUNS = 3;

/** Columns of the history beside the tasks' losses. */
const ownColumns = ['loss', 'lossScale', 'skippedSteps'] as const;

/** Batches whose outputs wait to be read. */
const MOST_READ = 4;

export class Trainer {
  readonly network: HeadedNetwork;
  readonly optimizer: Optimizer;
  readonly #device: Device;
  readonly #config: TrainConfig;
  readonly #plan: Plan;
  readonly #streams: readonly StreamInputs[];
  /** In mixed precision. */
  readonly #scaler: LossScaler | undefined;
  readonly chosen: ChosenOutputs;
  readonly #random: Tensor;
  readonly #history: History<string>;
  #training: CapturedStep<StepTensors> | undefined;
  #validation: CapturedStep<StepTensors> | undefined;

  constructor(device: Device, config: TrainConfig, plan: Plan, size: number) {
    const { precision, seed, batch } = config;
    this.#device = device;
    this.#config = config;
    this.#plan = plan;
    this.chosen = new ChosenOutputs(config, plan);
    this.network = buildNetwork(device, plan, { seed, precision });
    this.#scaler = precision === 'mixed' ? new LossScaler(device, { undo: this.network.undo }) : undefined;
    const { statistics, parameters } = this.network;
    const groups = parameterGroups(plan, config, [...parameters.keys()]);
    const rule = { kind: 'adam' as const, weightDecay: config.l2, l1: config.l1, statistics, groups };
    const clipped = config.clipNorm === null ? rule : { ...rule, maxGradientNorm: config.clipNorm };
    this.optimizer = new Optimizer(this.network.arena, clipped, this.#scaler);
    this.#streams = plan.streams.map((stream) => new StreamInputs(device, stream, batch, size));
    this.#random = disown(zeros(device, [2], 'u32', 'random'));
    const columns = [...ownColumns, ...plan.tasks.map(({ task }) => columnOf(task.name))];
    this.#history = new History(device, columns, WATCH_WORDS);
  }

  /** Times the kernel variants that fit what both steps compute; see the function `tune`. Before `prepare`. */
  tune(options: TuneOptions): Promise<Winner[]> {
    const problems = problemsOf(this.#device, () => {
      this.#trainingStep();
      this.#validationStep();
      return {};
    });
    return tune(this.#device, problems, options);
  }

  /** Records the steps from `first` on and compiles their shaders. */
  async prepare(first = 1): Promise<void> {
    if (isFrozen(this.#config, first)) this.network.freeze(this.#plan.backbone.encoder);
    // Both are recorded before either waits for its shaders.
    [this.#training, this.#validation] = await Promise.all([
      capture(this.#device, () => this.#trainingStep()),
      capture(this.#device, () => this.#validationStep()),
    ]);
  }

  /** Trains what was frozen too, from the next step on. No step may be under way. */
  async thaw(): Promise<void> {
    this.network.thaw(this.#plan.backbone.encoder);
    this.#training!.dispose();
    this.#training = await capture(this.#device, () => this.#trainingStep());
  }

  /** Of the training step; after `prepare`. */
  facts(): StepFacts {
    const { launchCount, memory } = this.#training!;
    return { launches: launchCount, memory };
  }

  /**
   * Runs the training step on a batch a few times more, with timestamps around every launch. That trains on: what is to
   * be kept must be saved before.
   * @throws DeviceError where the adapter has no timestamps
   */
  async profile(batches: Batches): Promise<StepProfile> {
    this.#write(batches);
    await traceStep(this.#training!);
    const traces: ProfileSpan[][] = [];
    for (let run = 0; run < PROFILED_RUNS; run++) traces.push(await traceStep(this.#training!));
    return { rows: profileOf(traces.flat(), PROFILED_RUNS), spans: traces.at(-1)! };
  }

  /** Every tensor that a checkpoint must keep: parameters, statistics, the optimiser's moments, the loss scaler's state. */
  state(): Map<string, Tensor> {
    const prefixed = (prefix: string, tensors: ReadonlyMap<string, Tensor>): [string, Tensor][] =>
      [...tensors].map(([name, tensor]) => [`${prefix}.${name}`, tensor]);
    return new Map([
      ...prefixed('model', this.network.stateDict()),
      ...prefixed('optimizer', this.optimizer.state()),
      ...prefixed('scaler', this.#scaler?.state() ?? new Map<string, Tensor>()),
    ]);
  }

  /**
   * Launches step `step` (from 1) on batches, or on those before again. Nothing is waited for: they go into staging
   * buffers of their own, so they may be made and handed over while the device is at earlier steps. The losses go
   * into the history.
   */
  train(step: number, batches?: Batches): void {
    const { seed } = this.#config;
    if (batches) this.#write(batches);
    this.#random.write([seed >>> 0, step]);
    this.optimizer.prepare(step, learningRateAt(this.#config, step));
    this.#run(this.#training!, step);
  }

  /**
   * Asks for the losses of steps first … last, launched just before and at most HISTORY_STEPS; call what comes back to
   * wait for them. Steps launched in between do not disturb it.
   */
  losses(first: number, last: number): () => Promise<StepValues[]> {
    const rows = this.#history.ask(first, last);
    return async () =>
      (await rows()).map(({ words, ...row }): StepValues => {
        const { loss, lossScale, skippedSteps } = row as Record<string, number>;
        const tasks = this.#plan.tasks.map(({ task }) => [
          task.name,
          (row as Record<string, number>)[columnOf(task.name)]!,
        ]);
        return {
          loss: loss!,
          tasks: Object.fromEntries(tasks),
          nonFinite: this.optimizer.nonFiniteIn(words),
          ...(this.#scaler && { lossScale: lossScale!, skippedSteps: skippedSteps! }),
        };
      });
  }

  /**
   * Mean losses over every image of sequential samplers, one a stream, in evaluation mode; null if `signal` stopped it.
   * Overwrites the history: ask for its losses before.
   * @param onOutputs told of the outputs for the images whose heads choose the best weights
   */
  async validate(
    samplers: readonly Sampler[],
    signal?: AbortSignal,
    onOutputs?: OnOutputs,
  ): Promise<Losses | null> {
    const means = new MeanLosses(this.#plan.tasks, this.#plan.streams);
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
        this.#write(batch);
        this.#run(this.#validation!, done + i);
        if (onOutputs) reads.push(this.chosen.read(this.#validation!, batch));
      }
      const losses = await pace.settle(count, this.losses(done, done + count - 1));
      for (const [i, batch] of batches.entries()) means.add(batch, losses[i]!);
      for (const [i, outputs] of (await Promise.all(reads)).entries()) onOutputs?.(outputs, batches[i]!);
      done += count;
    }
    return means.mean();
  }

  dispose(): void {
    this.#training?.dispose();
    this.#validation?.dispose();
    for (const stream of this.#streams) stream.dispose();
    this.#random.dispose();
    this.#history.dispose();
    this.optimizer.dispose();
    this.#scaler?.dispose();
    this.network.dispose();
  }

  get #pass(): Pass {
    return { network: this.network, tasks: this.#plan.tasks, streams: this.#streams };
  }

  #write(batches: Batches): void {
    for (const [i, stream] of this.#streams.entries()) stream.write(batches[i]!);
  }

  #trainingStep(): StepTensors {
    this.network.arena.zeroGrad();
    using tape = new Tape();
    const { recompute, augmentation } = this.#config;
    const changes = changesOf(augmentation);
    const mode = { training: true, random: this.#random, recompute };
    const losses = lossesOf(this.#pass, (stream) => stream.moved(changes), mode);
    const scaler = this.#scaler;
    tape.backward(losses.loss, scaler?.scale);
    this.optimizer.apply(losses.loss);
    const words = this.optimizer.nonFinite.alias();
    if (!scaler) return { ...losses, words };
    return { ...losses, words, lossScale: scaler.scale.alias(), skippedSteps: scaler.skipped.alias() };
  }

  #validationStep(): StepTensors {
    return noGrad(() => {
      const outputs: Record<string, Tensor>[] = [];
      const losses = lossesOf(
        this.#pass,
        (stream) => stream.still(),
        { training: false },
        ({ tasks }, output) => outputs.push(this.chosen.of(tasks, output)),
      );
      return Object.assign({}, ...outputs, losses);
    });
  }

  /** One submit: the step, and the copies of its losses into row `index` of the history. */
  #run(step: CapturedStep<StepTensors>, index: number): void {
    step.run((encoder) => this.#history.remember(encoder, step.outputs as StepOutputs, index));
  }
}
