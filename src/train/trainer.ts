/** @file What training keeps on the device: network, optimiser, batch tensors, the captured steps and the loss history. */
import { Optimizer } from '../autograd/optim.ts';
import { problemsOf } from '../autograd/problems.ts';
import { LossScaler } from '../autograd/scaler.ts';
import { type CapturedStep, capture, type StepMemory, type StepOutputs } from '../autograd/step.ts';
import type { SumTimes } from '../autograd/sums.ts';
import { noGrad, Tape } from '../autograd/tape.ts';
import { type TuneOptions, tune, type Winner } from '../autograd/tune.ts';
import { changesOf } from '../data/appearance.ts';
import type { Share } from '../kernels/launch/share.ts';
import type { HeadedNetwork } from '../models/headed.ts';
import type { HostOutputs } from '../tasks/task.ts';
import { zeros } from '../tensor/create.ts';
import type { Device } from '../tensor/device.ts';
import { disown } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { ChosenOutputs } from './chosen.ts';
import { alone, type Comm, shareOfBatch } from './comm.ts';
import type { Batches } from './losses.ts';
import { buildNetwork } from './network.ts';
import { isFrozen, parameterGroups } from './parts.ts';
import type { Plan } from './plan.ts';
import { learningRateAt } from './schedule.ts';
import type { TrainConfig } from './settings.ts';
import { lossesOf, type Pass, type StepTensors } from './steplosses.ts';
import { type StepProfile, stepProfileOf } from './stepprofile.ts';
import { StepHistory, type StepValues } from './stepvalues.ts';
import { StreamInputs } from './streaminputs.ts';

/** The captured training step as one sees it from outside. */
export interface StepFacts {
  readonly launches: number;
  readonly memory: StepMemory;
}

export class Trainer {
  readonly network: HeadedNetwork;
  readonly optimizer: Optimizer;
  readonly #device: Device;
  readonly #config: TrainConfig;
  readonly #plan: Plan;
  readonly #comm: Comm;
  /** Of the training's batches; undefined of a process that is alone. */
  readonly #share: Share | undefined;
  /** For training batches. */
  readonly #streams: readonly StreamInputs[];
  /** For validation batches, which every rank has whole. */
  readonly #wholeStreams: readonly StreamInputs[];
  /** In mixed precision. */
  readonly #scaler: LossScaler | undefined;
  readonly chosen: ChosenOutputs;
  readonly #random: Tensor;
  readonly #history: StepHistory;
  #sums: SumTimes = { ms: 0, waitedMs: 0 };
  #training: CapturedStep<StepTensors> | undefined;
  #validation: CapturedStep<StepTensors> | undefined;

  /**
   * @param comm with the others that train on the same batches
   * @throws ConfigError where a batch cannot be shared out among so many
   */
  constructor(device: Device, config: TrainConfig, plan: Plan, size: number, comm = alone) {
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
    this.#comm = comm;
    this.#share = comm.size > 1 ? shareOfBatch(comm, config) : undefined;
    const streamsFor = (examples: number) =>
      plan.streams.map((stream) => new StreamInputs(device, stream, examples, size));
    this.#wholeStreams = streamsFor(batch);
    this.#streams = this.#share ? streamsFor(this.#share.count) : this.#wholeStreams;
    this.#random = disown(zeros(device, [2], 'u32', 'random'));
    this.#history = new StepHistory(device, plan, this.optimizer, this.#scaler);
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
      capture(this.#device, () => this.#trainingStep(), this.#share),
      capture(this.#device, () => this.#validationStep()),
    ]);
  }

  /** Trains what was frozen too, from the next step on. No step may be under way. */
  async thaw(): Promise<void> {
    this.network.thaw(this.#plan.backbone.encoder);
    this.#training!.dispose();
    this.#training = await capture(this.#device, () => this.#trainingStep(), this.#share);
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
  profile(batches: Batches): Promise<StepProfile> {
    this.#write(this.#streams, batches);
    return stepProfileOf(this.#training!);
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
   * into the history. Ranks wait for one another on the way: what comes back is then a promise.
   */
  train(step: number, batches?: Batches): Promise<void> | void {
    const { seed } = this.#config;
    if (batches) this.#write(this.#streams, batches);
    this.#random.write([seed >>> 0, step]);
    this.optimizer.prepare(step, learningRateAt(this.#config, step));
    const training = this.#training!;
    if (!this.#share) return this.#run(training, step);
    return this.#runShared(training, step);
  }

  /** Of the sums over ranks since this was asked before; undefined of a process that is alone. */
  takeSumTimes(): SumTimes | undefined {
    if (!this.#share) return undefined;
    const sums = this.#sums;
    this.#sums = { ms: 0, waitedMs: 0 };
    return sums;
  }

  /**
   * Asks for the losses of steps first … last, launched just before and at most HISTORY_STEPS; call what comes back to
   * wait for them. Steps launched in between do not disturb it.
   */
  losses(first: number, last: number): () => Promise<StepValues[]> {
    return this.#history.ask(first, last);
  }

  /**
   * Launches the validation step on whole batches, in evaluation mode; its losses go into the history as step `row`'s.
   * @returns reads the outputs of the heads that choose the best weights, as this step leaves them: before the next
   */
  validate(row: number, batches: Batches): () => Promise<HostOutputs> {
    this.#write(this.#wholeStreams, batches);
    this.#run(this.#validation!, row);
    return () => this.chosen.read(this.#validation!, batches);
  }

  dispose(): void {
    this.#training?.dispose();
    this.#validation?.dispose();
    for (const stream of new Set([...this.#streams, ...this.#wholeStreams])) stream.dispose();
    this.#random.dispose();
    this.#history.dispose();
    this.optimizer.dispose();
    this.#scaler?.dispose();
    this.network.dispose();
  }

  async #runShared(training: CapturedStep<StepTensors>, step: number): Promise<void> {
    const { ms, waitedMs } = await training.runShared(
      (values, early) => this.#comm.sum(values, early),
      this.#remembering(training, step),
    );
    this.#sums = { ms: this.#sums.ms + ms, waitedMs: this.#sums.waitedMs + waitedMs };
  }

  #passOf(streams: readonly StreamInputs[]): Pass {
    return { network: this.network, tasks: this.#plan.tasks, streams };
  }

  #write(streams: readonly StreamInputs[], batches: Batches): void {
    for (const [i, stream] of streams.entries()) stream.write(batches[i]!);
  }

  #trainingStep(): StepTensors {
    this.network.arena.zeroGrad();
    using tape = new Tape();
    const { recompute, augmentation } = this.#config;
    const changes = changesOf(augmentation);
    const mode = { training: true, random: this.#random, recompute };
    const losses = lossesOf(this.#passOf(this.#streams), (stream) => stream.moved(changes), mode);
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
        this.#passOf(this.#wholeStreams),
        (stream) => stream.still(),
        { training: false },
        ({ tasks }, output) => outputs.push(this.chosen.of(tasks, output)),
      );
      return Object.assign({}, ...outputs, losses);
    });
  }

  /** One submit: the step, and the copies of its losses into row `index` of the history. */
  #run(step: CapturedStep<StepTensors>, index: number): void {
    step.run(this.#remembering(step, index));
  }

  #remembering(step: CapturedStep<StepTensors>, index: number) {
    return (encoder: GPUCommandEncoder) =>
      this.#history.remember(encoder, step.outputs as StepOutputs, index);
  }
}
