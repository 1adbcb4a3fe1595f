/** @file Captured steps: record a step's launches once, plan its memory, then replay the flat list. */
import type { Pipeline } from '../kernels/pipeline.ts';
import { type Launch, queueOf } from '../kernels/queue.ts';
import type { Device } from '../tensor/device.ts';
import { CaptureError } from '../tensor/errors.ts';
import type { Storage } from '../tensor/memory.ts';
import { disown, scope } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Lifetime, planSlots } from './plan.ts';

export type StepOutputs = Readonly<Record<string, Tensor>>;

/** A recorded launch, ready to encode. */
export interface Recorded {
  readonly pipeline: Pipeline;
  readonly group: GPUBindGroup;
  readonly launch: Launch;
}

const PARAM_STRIDE = 256;

/** Bytes a step needs: what its intermediates would take side by side, and what the plan gives them. */
export interface StepMemory {
  readonly unplannedBytes: number;
  readonly plannedBytes: number;
}

/**
 * A recorded step. `run()` replays it on whatever the tensors it was recorded with hold now; `outputs` are its own
 * and are overwritten by the next run.
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
  readonly #slots: readonly Storage[];
  readonly #params: GPUBuffer | undefined;

  constructor(
    device: Device,
    outputs: O,
    memory: StepMemory,
    launches: readonly Recorded[],
    slots: readonly Storage[],
    params: GPUBuffer | undefined,
  ) {
    this.device = device;
    this.outputs = outputs;
    this.memory = memory;
    this.launches = launches;
    this.#pipelines = launches.map(({ pipeline }, i) =>
      pipeline.gpu === launches[i - 1]?.pipeline.gpu ? undefined : pipeline.gpu,
    );
    this.#groups = launches.map(({ group }) => group);
    this.#grids = Uint32Array.from(launches.flatMap(({ launch }) => launch.grid));
    this.#slots = slots;
    this.#params = params;
  }

  get launchCount(): number {
    return this.launches.length;
  }

  /** Labels of the launches in order, for profiles and tests. */
  get labels(): readonly string[] {
    return this.launches.map(({ launch }) => launch.label);
  }

  /** Replays the step: one command buffer, one pass, one submit; `after` may add copies of what it made. */
  run(after?: (encoder: GPUCommandEncoder) => void): void {
    this.device.flush();
    const encoder = this.device.gpu.createCommandEncoder({ label: 'step' });
    const pass = encoder.beginComputePass();
    const [pipelines, groups, grids] = [this.#pipelines, this.#groups, this.#grids];
    for (let i = 0; i < groups.length; i++) {
      const pipeline = pipelines[i];
      if (pipeline) pass.setPipeline(pipeline);
      pass.setBindGroup(0, groups[i]!);
      pass.dispatchWorkgroups(grids[3 * i]!, grids[3 * i + 1]!, grids[3 * i + 2]!);
    }
    pass.end();
    after?.(encoder);
    this.device.gpu.queue.submit([encoder.finish()]);
  }

  dispose(): void {
    for (const output of Object.values(this.outputs)) output.dispose();
    for (const slot of this.#slots) slot.release();
    this.#params?.destroy();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

interface Recording<O> {
  readonly launches: Launch[];
  readonly virtual: Storage[];
  readonly outputs: O;
  readonly constants: Storage[];
}

function record<O extends StepOutputs>(device: Device, step: () => O): Recording<O> {
  const queue = queueOf(device);
  if (device.recording)
    throw new CaptureError('capture() inside a captured step. Capture one step that does both.');
  device.flush();
  const launches: Launch[] = [];
  const virtual: Storage[] = [];
  const constants: Storage[] = [];
  device.recording = true;
  device.memory.virtualize = (storage) => virtual.push(storage);
  device.memory.onAllocate = (storage) => constants.push(storage.retain());
  queue.recorder = (launch) => launches.push(launch);
  try {
    using inner = scope();
    const outputs = step();
    for (const output of Object.values(outputs)) {
      inner.release(output);
      disown(output);
    }
    return { launches, virtual, outputs, constants };
  } catch (error) {
    for (const storage of constants) storage.release();
    throw error;
  } finally {
    device.recording = false;
    device.memory.virtualize = undefined;
    device.memory.onAllocate = undefined;
    queue.recorder = undefined;
  }
}

/**
 * Which launches read and write each virtual storage, of those that any does; what is kept, the step's outputs, lives to
 * its end.
 */
export function lifetimesOf(
  launches: readonly Launch[],
  virtual: readonly Storage[],
  kept: ReadonlySet<Storage>,
): Lifetime[] {
  const uses = new Map(
    virtual.map((storage) => [storage, { reads: new Set<number>(), writes: new Set<number>() }]),
  );
  for (const [index, { slices }] of launches.entries())
    for (const { storage, writes } of slices) uses.get(storage)?.[writes ? 'writes' : 'reads'].add(index);
  return virtual.flatMap((storage, id) => {
    const { reads, writes } = uses.get(storage)!;
    const touched = [...reads, ...writes];
    if (touched.length === 0) return [];
    const last = kept.has(storage) ? launches.length : Math.max(...touched);
    const life = { id, bytes: storage.bytes, first: Math.min(...touched), last };
    return [{ ...life, reads, writes, kept: kept.has(storage) }];
  });
}

/** Where in a buffer a virtual storage lies. */
interface Placed {
  readonly buffer: GPUBuffer;
  readonly offset: number;
}

interface Placement {
  readonly slots: readonly Storage[];
  readonly places: ReadonlyMap<Storage, Placed>;
  readonly memory: StepMemory;
}

/** All of them or none. */
function allocateSlots(device: Device, sizes: readonly number[]): Storage[] {
  const slots: Storage[] = [];
  try {
    for (const [i, bytes] of sizes.entries())
      slots.push(device.memory.allocateReal(bytes, `step slot ${i}`, { exact: true }));
  } catch (error) {
    for (const slot of slots) slot.release();
    throw error;
  }
  return slots;
}

function placeStorages(device: Device, { launches, virtual, outputs }: Recording<StepOutputs>): Placement {
  const kept = new Set(Object.values(outputs).map((output) => output.storage));
  const lifetimes = lifetimesOf(launches, virtual, kept);
  const { maxBufferSize, maxStorageBufferBindingSize } = device.gpu.limits;
  const plan = planSlots(lifetimes, Math.min(maxBufferSize, maxStorageBufferBindingSize));
  const slots = allocateSlots(device, plan.slots);
  const places = new Map<Storage, Placed>();
  for (const [id, { slot, offset }] of plan.places) {
    const [storage, buffer] = [virtual[id]!, slots[slot]!.buffer!];
    places.set(storage, { buffer, offset });
    if (kept.has(storage)) storage.buffer = buffer;
  }
  const unplannedBytes = lifetimes.reduce((sum, { bytes }) => sum + bytes, 0);
  const memory = { unplannedBytes, plannedBytes: plan.slots.reduce((a, b) => a + b, 0) };
  return { slots, places, memory };
}

function uploadParams(device: Device, launches: readonly Launch[]): GPUBuffer | undefined {
  if (launches.length === 0) return undefined;
  const bytes = new Uint8Array(launches.length * PARAM_STRIDE);
  for (const [index, { params }] of launches.entries())
    if (params) bytes.set(params.bytes, index * PARAM_STRIDE);
  const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
  const buffer = device.gpu.createBuffer({ size: bytes.length, usage, label: 'step params' });
  device.gpu.queue.writeBuffer(buffer, 0, bytes);
  return buffer;
}

function bind(
  device: Device,
  launch: Launch,
  index: number,
  places: Placement['places'],
  params: GPUBuffer | undefined,
): Recorded {
  const pipeline = queueOf(device).pipelines.get(launch.pipeline);
  const entries: GPUBindGroupEntry[] = launch.slices.map(({ binding, storage, offset, size }) => {
    const place = places.get(storage) ?? { buffer: storage.buffer!, offset: 0 };
    return { binding, resource: { buffer: place.buffer, offset: place.offset + offset, size } };
  });
  if (launch.params && params) {
    const { binding, bytes } = launch.params;
    entries.push({ binding, resource: { buffer: params, offset: index * PARAM_STRIDE, size: bytes.length } });
  }
  const group = device.gpu.createBindGroup({ layout: pipeline.layout, entries, label: launch.label });
  return { pipeline, group, launch };
}

/** Lets go of what a recording holds. */
function discard({ outputs, constants }: Recording<StepOutputs>): void {
  for (const output of Object.values(outputs)) output.dispose();
  for (const storage of constants) storage.release();
}

/** Runs a step's code as `capture` does, and keeps nothing: for whoever wants to know what it would launch. */
export function rehearse(device: Device, step: () => StepOutputs): void {
  discard(record(device, step));
}

/** The step of a recording whose shaders are compiled; takes over what the recording holds, unless it throws. */
function assemble<O extends StepOutputs>(device: Device, recording: Recording<O>): CapturedStep<O> {
  const { slots, places, memory } = placeStorages(device, recording);
  let params: GPUBuffer | undefined;
  try {
    params = uploadParams(device, recording.launches);
    const launches = recording.launches.map((launch, index) => bind(device, launch, index, places, params));
    const held = [...slots, ...recording.constants];
    return new CapturedStep(device, recording.outputs, memory, launches, held, params);
  } catch (error) {
    for (const slot of slots) slot.release();
    params?.destroy();
    throw error;
  }
}

/**
 * Captures `step`: runs its code once, recording launches instead of executing them; compiles their shaders in
 * parallel; plans memory; returns the step ready to `run()`. Shapes and JavaScript branches are frozen; what changes
 * from run to run must lie in tensors written before it. Nothing is executed by capturing.
 * @throws CaptureError for a host read or write inside, or for nesting; whatever it throws, it keeps nothing
 */
export async function capture<O extends StepOutputs>(
  device: Device,
  step: () => O,
): Promise<CapturedStep<O>> {
  const recording = record(device, step);
  try {
    await queueOf(device).prepare(recording.launches.map(({ pipeline }) => pipeline));
    return assemble(device, recording);
  } catch (error) {
    discard(recording);
    throw error;
  }
}
