/** @file Captured steps: record a step's launches once, plan its memory, then replay the flat list. */

import { describe } from '../base/describe.ts';
import { CaptureError, DisposedError, ShapeError } from '../base/errors.ts';
import { queueOf } from '../kernels/launch/queue.ts';
import { expectShare, type Share } from '../kernels/launch/share.ts';
import { Device } from '../tensor/device.ts';
import type { Region, Storage } from '../tensor/memory.ts';
import {
  bind,
  type Placement,
  placeStorages,
  type Recorded,
  type StepMemory,
  uploadParams,
} from './placement.ts';
import { discard, forbidNesting, type Recording, record, type StepOutputs, writesOf } from './record.ts';
import {
  type Moment,
  momentsOf,
  type Part,
  type RankSum,
  RunSums,
  type SumOverRanks,
  type SumTimes,
} from './sums.ts';

export type { Recorded, StepMemory } from './placement.ts';
export type { StepOutputs } from './record.ts';

/** What a step holds until it is disposed. */
export interface Holdings {
  readonly slots: readonly Storage[];
  readonly places: Placement['places'];
  readonly params: GPUBuffer | undefined;
}

/**
 * Launches of a step that are submitted at once. A system takes a GPU for hung and resets it where one submit keeps it
 * for long (2 s on Windows), which a step of the published network can on a laptop's; GPUs with stacked memory take a
 * twentieth of a second for it, and software adapters are not watched.
 */
function launchesPerSubmit({ caps }: Device): number {
  return caps.software || caps.stackedMemory ? Infinity : 32;
}

function expectAfter(call: string, after: unknown): void {
  if (after !== undefined && typeof after !== 'function')
    throw new ShapeError(call, 'after', `is ${describe(after)}`, 'A function of the encoder is needed.');
}

/**
 * A recorded step. `run()` replays it on whatever the tensors it was recorded with hold now; `outputs` are its own
 * and are overwritten by the next run. It holds the memory of what it reads; it does not keep it from being disposed,
 * after which it cannot run any more.
 * @example
 * const x = tensor(device, [1, 2], [2]);
 * const step = await capture(device, () => ({ sum: ops.sum(x) }));
 * x.write([3, 4]);
 * step.run();
 * const result = await step.outputs.sum.read();
 * step.dispose();
 * result; // [7]
 */
export class CapturedStep<O extends StepOutputs> {
  readonly outputs: O;
  readonly memory: StepMemory;
  readonly device: Device;
  /** The launches in order, for profiles. */
  readonly launches: readonly Recorded[];
  /** The launches as run() reads them: nothing to look up on the way. A pipeline is undefined where it stays the last. */
  readonly #pipelines: readonly (GPUComputePipeline | undefined)[];
  readonly #groups: readonly GPUBindGroup[];
  readonly #grids: Uint32Array;
  readonly #recording: Recording<O>;
  readonly #moments: readonly Moment[];
  readonly #writes: readonly (readonly [Storage, Region])[];
  readonly #holdings: Holdings;
  #disposed = false;

  constructor(
    device: Device,
    recording: Recording<O>,
    memory: StepMemory,
    launches: readonly Recorded[],
    holdings: Holdings,
  ) {
    if (!(device instanceof Device) || typeof recording?.outputs !== 'object')
      throw new CaptureError('CapturedStep: steps are made by capture(device, () => ({ … })).');
    this.device = device;
    this.outputs = recording.outputs;
    this.memory = memory;
    this.launches = launches;
    this.#pipelines = launches.map(({ pipeline }, i) =>
      pipeline.gpu === launches[i - 1]?.pipeline.gpu ? undefined : pipeline.gpu,
    );
    this.#groups = launches.map(({ group }) => group);
    this.#grids = Uint32Array.from(launches.flatMap(({ launch }) => launch.grid));
    this.#recording = recording;
    this.#moments = momentsOf(recording.sums);
    this.#writes = writesOf(recording);
    this.#holdings = holdings;
  }

  get launchCount(): number {
    return this.launches.length;
  }

  /** Labels of the launches in order, for profiles and tests. */
  get labels(): readonly string[] {
    return this.launches.map(({ launch }) => launch.label);
  }

  /**
   * Replays the step: one command buffer, one pass, one submit, or on GPUs that may be slow some; `after` may add copies
   * of what it made. Parameters that it computes gradients of have them in `grad` afterwards.
   * @throws DisposedError where the step, or a tensor that it was recorded with, was disposed
   * @throws CaptureError of a step that ranks share: that is for `runShared`
   */
  run(after?: (encoder: GPUCommandEncoder) => void): void {
    expectAfter('run', after);
    if (this.#recording.sums.length > 0)
      throw new CaptureError('run: ranks sum what this step makes. Call runShared(sum).');
    this.#begin();
    this.#submit(0, this.launchCount, after);
    this.#end();
  }

  /**
   * As `run`, of a step that was recorded with a share of a batch: what ranks sum is taken to the host in between, of
   * gradients in a few pieces while later launches run. The others run it at the same time.
   * @returns the time in sums, ms, and that of it in which the device had nothing to do
   * @throws DisposedError where the step, or a tensor that it was recorded with, was disposed
   */
  async runShared(sum: SumOverRanks, after?: (encoder: GPUCommandEncoder) => void): Promise<SumTimes> {
    if (typeof sum !== 'function')
      throw new ShapeError(
        'runShared',
        'sum',
        `is ${describe(sum)}`,
        'A function of an array of floats is needed.',
      );
    expectAfter('runShared', after);
    this.#begin();
    const sums = new RunSums(this.device, sum);
    let first = 0;
    for (const { at, what, sum: one } of this.#moments) {
      if (at > first) this.#submit(first, at);
      first = at;
      if (what === 'begin') sums.begin(this.#partOf(one), one);
      else await (what === 'now' ? sums.now(this.#partOf(one), one) : sums.finish());
    }
    this.#submit(first, this.launchCount, after);
    this.#end();
    return sums.times;
  }

  #partOf({ storage, offset }: RankSum): Part {
    const place = this.#holdings.places.get(storage) ?? { buffer: storage.buffer!, offset: 0 };
    return { buffer: place.buffer, offset: place.offset + offset };
  }

  #begin(): void {
    this.#expectAlive();
    const fix = 'Run one after the other, or capture one step that does both.';
    this.device.forbidInCapture('run() of another step was attempted', fix);
    this.device.flush();
  }

  /** Launches `from` … `end` − 1, and what comes after them. */
  #submit(from: number, end: number, after?: (encoder: GPUCommandEncoder) => void): void {
    const most = launchesPerSubmit(this.device);
    for (let first = from; first === from || first < end; first += most) {
      const encoder = this.device.gpu.createCommandEncoder({ label: 'step' });
      this.#encode(encoder, first, Math.min(first + most, end));
      if (first + most >= end) after?.(encoder);
      this.device.gpu.queue.submit([encoder.finish()]);
    }
  }

  #end(): void {
    for (const [storage, region] of this.#writes) storage.wrote(region);
    for (const [leaf, gradient] of this.#recording.gradients) leaf.grad = gradient;
  }

  #encode(encoder: GPUCommandEncoder, first: number, end: number): void {
    const pass = encoder.beginComputePass();
    const [pipelines, groups, grids] = [this.#pipelines, this.#groups, this.#grids];
    for (let i = first; i < end; i++) {
      const pipeline = i === first ? this.launches[i]!.pipeline.gpu : pipelines[i];
      if (pipeline) pass.setPipeline(pipeline);
      pass.setBindGroup(0, groups[i]!);
      pass.dispatchWorkgroups(grids[3 * i]!, grids[3 * i + 1]!, grids[3 * i + 2]!);
    }
    pass.end();
  }

  #expectAlive(): void {
    if (this.#disposed) throw new DisposedError('The captured step');
    const gone = this.#recording.outside.find((storage) => !storage.alive);
    if (gone) throw new DisposedError(`Tensor ${gone.label}, which a captured step was recorded with,`);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    discard(this.#recording);
    for (const slot of this.#holdings.slots) slot.release();
    this.#holdings.params?.destroy();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** The step of a recording whose shaders are compiled; takes over what the recording holds, unless it throws. */
function assemble<O extends StepOutputs>(device: Device, recording: Recording<O>): CapturedStep<O> {
  const { slots, places, memory } = placeStorages(device, recording);
  let params: GPUBuffer | undefined;
  try {
    params = uploadParams(device, recording.launches);
    const launches = recording.launches.map((launch, index) => bind(device, launch, index, places, params));
    return new CapturedStep(device, recording, memory, launches, { slots, places, params });
  } catch (error) {
    for (const slot of slots) slot.release();
    params?.destroy();
    throw error;
  }
}

/**
 * Captures `step`: runs its code once, recording launches instead of executing them; compiles their shaders in
 * parallel; plans memory; returns the step ready to `run()`. Shapes and JavaScript branches are frozen; what changes
 * from run to run must lie in tensors written before it. Nothing is executed by capturing. Gradients left over from
 * before are neither seen nor changed: the step begins without any. Tensors from outside that it returns stay the
 * caller's, and come back as handles of the step's own.
 * @param share of a batch whose other rows other processes have; the step is then for `runShared`
 * @throws CaptureError for a host read or write inside, or what is on another device; nested, at the call. Whatever it
 * throws, it keeps nothing
 * @example
 * const x = tensor(device, [1, 2], [2]);
 * const step = await capture(device, () => ({ twice: ops.add(x, x) }));
 * step.run();
 * const result = await step.outputs.twice.read();
 * step.dispose();
 * result; // [2, 4]
 */
export function capture<O extends StepOutputs>(
  device: Device,
  step: () => O,
  share?: Share,
): Promise<CapturedStep<O>> {
  // At the call, not in the promise, so that the step around cannot overlook it.
  forbidNesting();
  expectShare(share);
  return prepared(device, step, share);
}

async function prepared<O extends StepOutputs>(
  device: Device,
  step: () => O,
  share: Share | undefined,
): Promise<CapturedStep<O>> {
  const recording = record(device, step, share);
  try {
    await queueOf(device).prepare(recording.launches.map(({ pipeline }) => pipeline));
    return assemble(device, recording);
  } catch (error) {
    discard(recording);
    throw error;
  }
}
