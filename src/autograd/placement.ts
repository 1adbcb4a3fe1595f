/** @file Placement: where the storages and parameters of a recorded step lie, and the bind groups over them. */
import type { Pipeline } from '../kernels/launch/pipeline.ts';
import { type Launch, PARAM_STRIDE, queueOf } from '../kernels/launch/queue.ts';
import type { Device } from '../tensor/device.ts';
import type { Storage } from '../tensor/memory.ts';
import { type Lifetime, planSlots } from './plan.ts';
import type { Recording, StepOutputs } from './record.ts';

/** A recorded launch, ready to encode. */
export interface Recorded {
  readonly pipeline: Pipeline;
  readonly group: GPUBindGroup;
  readonly launch: Launch;
}

/** Bytes a step needs: what its intermediates would take side by side, and what the plan gives them. */
export interface StepMemory {
  readonly unplannedBytes: number;
  readonly plannedBytes: number;
}

/**
 * Which launches read and write each virtual storage, of those that any does; what is kept, the step's outputs, lives to
 * its end.
 */
function lifetimesOf(
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
    if (touched.length === 0 && !kept.has(storage)) return [];
    // An output without elements is written by no launch.
    const first = Math.min(...touched, launches.length);
    const last = kept.has(storage) ? launches.length : Math.max(...touched);
    const life = { id, bytes: storage.bytes, first, last };
    return [{ ...life, reads, writes, kept: kept.has(storage) }];
  });
}

/** Where in a buffer a virtual storage lies. */
interface Placed {
  readonly buffer: GPUBuffer;
  readonly offset: number;
}

export interface Placement {
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

/** Plans where a recording's intermediates lie, and allocates that. */
export function placeStorages(
  device: Device,
  { launches, virtual, outputs }: Recording<StepOutputs>,
): Placement {
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

/** The parameters of all launches in one buffer. */
export function uploadParams(device: Device, launches: readonly Launch[]): GPUBuffer | undefined {
  if (launches.length === 0) return undefined;
  const bytes = new Uint8Array(launches.length * PARAM_STRIDE);
  for (const [index, { params }] of launches.entries())
    if (params) bytes.set(params.bytes, index * PARAM_STRIDE);
  const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
  const buffer = device.gpu.createBuffer({ size: bytes.length, usage, label: 'step params' });
  device.gpu.queue.writeBuffer(buffer, 0, bytes);
  return buffer;
}

/** A launch with its pipeline and bind group. */
export function bind(
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
