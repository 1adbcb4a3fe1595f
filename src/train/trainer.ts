/** @file What training keeps on the device: network, optimiser, batch tensors, the captured steps and the loss history. */
import { type NonFinite, WATCH_WORDS } from '../autograd/nonFinite.ts';
import * as ops from '../autograd/ops.ts';
import { Optimizer } from '../autograd/optim.ts';
import { problemsOf } from '../autograd/problems.ts';
import { type ProfileRow, type ProfileSpan, profileOf, traceStep } from '../autograd/profile.ts';
import { LossScaler } from '../autograd/scaler.ts';
import { type CapturedStep, capture, type StepMemory, type StepOutputs } from '../autograd/step.ts';
import { noGrad, Tape } from '../autograd/tape.ts';
import { type TuneOptions, tune, type Winner } from '../autograd/tune.ts';
import type { Batch, Sampler } from '../data/sampler.ts';
import { UNet } from '../models/unet.ts';
import { Multitask } from '../tasks/multitask.ts';
import type { Task, TaskName } from '../tasks/task.ts';
import { zeros } from '../tensor/create.ts';
import type { Device } from '../tensor/device.ts';
import { disown } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TrainConfig } from './config.ts';
import type { ImageGrid } from './evaluate.ts';
import { HISTORY_STEPS, History } from './history.ts';
import { networkOptions } from './network.ts';
import { Pace } from './pace.ts';
import { learningRateAt } from './schedule.ts';

/** Losses of one step or one validation; null for a task that is not trained. */
export interface Losses {
  readonly loss: number;
  readonly orientationLoss: number | null;
  readonly locationLoss: number | null;
}

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

const columns = ['loss', 'orientation', 'location', 'lossScale', 'skippedSteps'] as const;
type StepLosses = Readonly<
  { loss: Tensor } & Partial<Record<TaskName | 'lossScale' | 'skippedSteps' | 'words', Tensor>>
>;
type Inputs = ReturnType<typeof makeInputs>;

/** The tensors a batch is written into. */
function makeInputs(device: Device, batch: number, { size, referenceViews }: ImageGrid) {
  const views = referenceViews.length;
  const make = (name: string, ...shape: number[]): Tensor => disown(zeros(device, shape, 'f32', name));
  return {
    images: make('images', batch, size, size, 1),
    lines: make('lines', batch, views, 3),
    lineMask: make('line mask', batch, views),
    locations: make('locations', batch, 1),
    locationMask: make('location mask', batch, 1),
    matrices: make('matrices', batch, 6),
    gainOffset: make('gain and offset', batch, 2),
  };
}

function writeInputs(inputs: Inputs, batch: Batch): void {
  for (const name of Object.keys(inputs) as (keyof Inputs)[]) inputs[name].write(batch[name]);
}

export class Trainer {
  readonly network: UNet;
  readonly optimizer: Optimizer;
  readonly #device: Device;
  readonly #config: TrainConfig;
  readonly #task: Multitask;
  readonly #sigma: number;
  readonly #inputs: Inputs;
  /** In mixed precision. */
  readonly #scaler: LossScaler | undefined;
  readonly #random: Tensor;
  readonly #history: History<(typeof columns)[number]>;
  #training: CapturedStep<StepLosses> | undefined;
  #validation: CapturedStep<StepLosses> | undefined;

  constructor(device: Device, config: TrainConfig, manifest: ImageGrid) {
    this.#device = device;
    this.#config = config;
    this.#task = new Multitask(config);
    this.#sigma = config.lineSigmaMm / manifest.spacingMm;
    const { precision } = config;
    this.network = new UNet(device, { ...networkOptions(config, manifest), precision });
    this.#scaler = precision === 'mixed' ? new LossScaler(device, { undo: this.network.undo }) : undefined;
    const { statistics } = this.network;
    const rule = { kind: 'adam' as const, weightDecay: config.l2, l1: config.l1, statistics };
    const clipped = config.clipNorm === null ? rule : { ...rule, maxGradientNorm: config.clipNorm };
    this.optimizer = new Optimizer(this.network.arena, clipped, this.#scaler);
    this.#inputs = makeInputs(device, config.batch, manifest);
    this.#random = disown(zeros(device, [2], 'u32', 'random'));
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

  /** Records both steps and compiles their shaders. */
  async prepare(): Promise<void> {
    // Both are recorded before either waits for its shaders.
    [this.#training, this.#validation] = await Promise.all([
      capture(this.#device, () => this.#trainingStep()),
      capture(this.#device, () => this.#validationStep()),
    ]);
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
  async profile(batch: Batch): Promise<StepProfile> {
    writeInputs(this.#inputs, batch);
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
   * Launches step `step` (from 1) on a batch, or on the one before again. Nothing is waited for: the batch goes into a
   * staging buffer of its own, so it may be made and handed over while the device is at earlier steps. The losses go
   * into the history.
   */
  train(step: number, batch?: Batch): void {
    const { schedule, learningRate, steps, seed } = this.#config;
    if (batch) writeInputs(this.#inputs, batch);
    this.#random.write([seed >>> 0, step]);
    this.optimizer.prepare(step, learningRateAt(schedule, learningRate, step, steps));
    this.#run(this.#training!, step);
  }

  /**
   * Asks for the losses of steps first … last, launched just before and at most HISTORY_STEPS; call what comes back to
   * wait for them. Steps launched in between do not disturb it.
   */
  losses(first: number, last: number): () => Promise<StepValues[]> {
    const rows = this.#history.ask(first, last);
    return async () =>
      (await rows()).map(({ loss, orientation, location, lossScale, skippedSteps, words }) => ({
        loss,
        nonFinite: this.optimizer.nonFiniteIn(words),
        orientationLoss: this.#task.has('orientation') ? orientation : null,
        locationLoss: this.#task.has('location') ? location : null,
        ...(this.#scaler ? { lossScale, skippedSteps } : {}),
      }));
  }

  /**
   * Mean losses over every image of a sequential sampler, in evaluation mode; null if `signal` stopped it. Overwrites
   * the history: ask for its losses before.
   */
  async validate(sampler: Sampler, signal?: AbortSignal): Promise<Losses | null> {
    const parts = this.#task.parts.map(({ task }) => ({ task, total: 0, count: 0 }));
    const pace = new Pace();
    for (let done = 0; done < sampler.stepsPerEpoch; ) {
      if (signal?.aborted) return null;
      const count = Math.min(pace.burst, HISTORY_STEPS, sampler.stepsPerEpoch - done);
      const batches = Array.from({ length: count }, (_, i) => withoutPadding(sampler.batch(done + i)));
      pace.start();
      for (const [i, batch] of batches.entries()) {
        writeInputs(this.#inputs, batch);
        this.#run(this.#validation!, done + i);
      }
      const losses = await pace.settle(count, this.losses(done, done + count - 1));
      for (const part of parts) {
        for (const [i, batch] of batches.entries()) {
          const labels = part.task.labelCount(batch);
          part.total += labels * losses[i]![`${part.task.name}Loss`]!;
          part.count += labels;
        }
      }
      done += count;
    }
    return this.#mean(parts);
  }

  dispose(): void {
    this.#training?.dispose();
    this.#validation?.dispose();
    for (const input of Object.values(this.#inputs)) input.dispose();
    this.#random.dispose();
    this.#history.dispose();
    this.optimizer.dispose();
    this.#scaler?.dispose();
    this.network.dispose();
  }

  #trainingStep(): StepLosses {
    const { images, lines, lineMask, locations, locationMask, matrices, gainOffset } = this.#inputs;
    this.network.arena.zeroGrad();
    using tape = new Tape();
    const orientation = this.#task.has('orientation');
    const moved = {
      lines: orientation ? ops.transformLines(lines, lineMask, matrices) : lines,
      lineMask,
      locations,
      locationMask,
    };
    const warped = ops.warp(images, matrices, gainOffset);
    const { recompute } = this.#config;
    const outputs = this.network.forward(warped, { training: true, random: this.#random, recompute });
    const { loss, terms } = this.#task.loss(outputs, moved, { sigma: this.#sigma });
    const scaler = this.#scaler;
    tape.backward(loss, scaler?.scale);
    this.optimizer.apply(loss);
    const words = this.optimizer.nonFinite.alias();
    if (!scaler) return { loss, ...terms, words };
    return { loss, ...terms, words, lossScale: scaler.scale.alias(), skippedSteps: scaler.skipped.alias() };
  }

  #validationStep(): StepLosses {
    return noGrad(() => {
      const outputs = this.network.forward(this.#inputs.images, { training: false });
      const { loss, terms } = this.#task.loss(outputs, this.#inputs, { sigma: this.#sigma });
      return { loss, ...terms };
    });
  }

  #mean(parts: readonly { task: Task; total: number; count: number }[]): Losses {
    const means = Object.fromEntries(
      parts.map(({ task, total, count }) => [task.name, count > 0 ? total / count : 0]),
    );
    return {
      loss: this.#task.combine(means),
      orientationLoss: means.orientation ?? null,
      locationLoss: means.location ?? null,
    };
  }

  /** One submit: the step, and the copies of its losses into row `index` of the history. */
  #run(step: CapturedStep<StepLosses>, index: number): void {
    step.run((encoder) => this.#history.remember(encoder, step.outputs as StepOutputs, index));
  }
}

/** The batch with the labels of its filling rows masked out. */
function withoutPadding(batch: Batch): Batch {
  const views = batch.lineMask.length / batch.locationMask.length;
  return {
    ...batch,
    lineMask: batch.lineMask.map((mask, i) => (i < batch.count * views ? mask : 0)),
    locationMask: batch.locationMask.map((mask, i) => (i < batch.count ? mask : 0)),
  };
}
