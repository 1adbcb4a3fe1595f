/** @file The launch queue: encodes kernels eagerly into few submits, or hands them to a recorder that captures a step. */

import { ShapeError } from '../../base/errors.ts';
import type { Device, PendingWork } from '../../tensor/device.ts';
import { expectRecorder } from '../../tensor/recorded.ts';
import { confined } from '../../tensor/storage.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type BoundSlice, slicesOf } from './binding.ts';
import { compileLate } from './late.ts';
import { PipelineCache, type PipelineSpec, pipelineSpec } from './pipeline.ts';
import {
  type BindingsOf,
  type ParamsOf,
  packParams,
  type ShaderModule,
  type Specialization,
} from './shader.ts';

/** Workgroups to dispatch, along each axis at most 65,535; what is left out is 1. */
export type Grid = readonly [x: number, y?: number, z?: number];

/** One kernel launch, before it touches the device: what capture records. */
export interface Launch {
  readonly label: string;
  readonly pipeline: PipelineSpec;
  readonly slices: readonly BoundSlice[];
  readonly params: { readonly binding: number; readonly bytes: Uint8Array } | null;
  readonly grid: readonly [number, number, number];
}

const MAX_GRID = 65535;
const LAUNCHES_PER_SUBMIT = 64;
/** Bytes from one launch's parameters to the next's: where WebGPU lets a uniform binding begin on every device. */
export const PARAM_STRIDE = 256;
const PARAM_BLOCK = 1 << 16;
const CACHE_LIMIT = 1 << 13;

/** A 2-D grid for `invocations` in workgroups of `workgroup`; kernels find theirs by x + y·65535·workgroup. */
export function linearGrid(invocations: number, workgroup: number): Grid {
  const groups = Math.max(1, Math.ceil(invocations / workgroup));
  return groups <= MAX_GRID ? [groups] : [MAX_GRID, Math.ceil(groups / MAX_GRID)];
}

let nextBufferId = 1;
const bufferIds = new WeakMap<GPUBuffer, number>();

function bufferId(buffer: GPUBuffer): number {
  const id = bufferIds.get(buffer) ?? nextBufferId++;
  bufferIds.set(buffer, id);
  return id;
}

class LaunchQueue implements PendingWork {
  readonly pipelines: PipelineCache;
  /** While set, launches go here instead of to the device. */
  recorder: ((launch: Launch) => void) | undefined;
  readonly #device: Device;
  readonly #params = new Map<string, { buffer: GPUBuffer; offset: number }>();
  readonly #bindGroups = new Map<string, GPUBindGroup>();
  #block: { buffer: GPUBuffer; used: number } | undefined;
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  #recorded = 0;

  constructor(device: Device) {
    this.#device = device;
    this.pipelines = new PipelineCache(device);
  }

  /** Compiles the pipelines that are not yet, to the last: none is left to the first dispatch. */
  async prepare(specs: readonly PipelineSpec[]): Promise<void> {
    const { caps, twins } = this.#device;
    const made = await this.pipelines.prepare(specs);
    if (caps.compilesLate) await compileLate(this.#device, this.pipelines, made, twins);
  }

  submit(launch: Launch): void {
    if (this.recorder) this.recorder(launch);
    else this.#encode(launch);
  }

  flush(): void {
    if (!this.#encoder) return;
    this.#pass?.end();
    this.#device.gpu.queue.submit([this.#encoder.finish()]);
    this.#encoder = undefined;
    this.#pass = undefined;
    this.#recorded = 0;
  }

  dispose(): void {
    this.recorder = undefined;
    this.#encoder = undefined;
    this.#params.clear();
    this.#bindGroups.clear();
  }

  #encode(launch: Launch): void {
    const pipeline = this.pipelines.get(launch.pipeline);
    const group = this.#bindGroup(launch, pipeline.id, pipeline.layout);
    this.#encoder ??= this.#device.gpu.createCommandEncoder({ label: 'eager' });
    this.#pass ??= this.#encoder.beginComputePass();
    this.#pass.setPipeline(pipeline.gpu);
    this.#pass.setBindGroup(0, group);
    this.#pass.dispatchWorkgroups(...launch.grid);
    if (++this.#recorded >= LAUNCHES_PER_SUBMIT) this.flush();
  }

  #bindGroup(launch: Launch, pipelineId: number, layout: GPUBindGroupLayout): GPUBindGroup {
    const params = launch.params && this.#paramSlot(launch.params.bytes);
    let key = `${pipelineId}`;
    for (const { storage, offset, size } of launch.slices) {
      if (!storage.buffer) throw confined(storage.label);
      key += `|${bufferId(storage.buffer)}:${offset}:${size}`;
    }
    if (params) key += `|${bufferId(params.buffer)}:${params.offset}`;
    const cached = this.#bindGroups.get(key);
    if (cached) return cached;
    const entries: GPUBindGroupEntry[] = launch.slices.map((slice) => ({
      binding: slice.binding,
      resource: { buffer: slice.storage.buffer!, offset: slice.offset, size: slice.size },
    }));
    if (launch.params && params) {
      const { buffer, offset } = params;
      entries.push({
        binding: launch.params.binding,
        resource: { buffer, offset, size: launch.params.bytes.length },
      });
    }
    const group = this.#device.gpu.createBindGroup({ layout, entries, label: launch.label });
    if (this.#bindGroups.size >= CACHE_LIMIT) this.#bindGroups.clear();
    this.#bindGroups.set(key, group);
    return group;
  }

  /** Parameter blocks are few and repeat from step to step, so each distinct one is written once and kept. */
  #paramSlot(bytes: Uint8Array): { buffer: GPUBuffer; offset: number } {
    const key = String.fromCharCode(...bytes);
    const cached = this.#params.get(key);
    if (cached) return cached;
    if (this.#params.size >= CACHE_LIMIT) this.#params.clear();
    if (!this.#block || this.#block.used === PARAM_BLOCK) {
      const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
      this.#block = {
        buffer: this.#device.gpu.createBuffer({ size: PARAM_BLOCK, usage, label: 'params' }),
        used: 0,
      };
    }
    const slot = { buffer: this.#block.buffer, offset: this.#block.used };
    this.#block.used += Math.ceil(bytes.length / PARAM_STRIDE) * PARAM_STRIDE;
    this.#device.gpu.queue.writeBuffer(slot.buffer, slot.offset, bytes as Uint8Array<ArrayBuffer>);
    this.#params.set(key, slot);
    return slot;
  }
}

const queues = new WeakMap<Device, LaunchQueue>();

/** The device's launch queue. */
export function queueOf(device: Device): LaunchQueue {
  let queue = queues.get(device);
  if (!queue) {
    queue = new LaunchQueue(device);
    queues.set(device, queue);
    device.pending = queue;
  }
  return queue;
}

function checkedGrid(label: string, [x, y = 1, z = 1]: Grid): [number, number, number] {
  if (Math.max(x, y, z) > MAX_GRID) {
    throw new ShapeError(label, 'grid', `needs ${x}×${y}×${z} workgroups`, 'Use a smaller batch or image.');
  }
  return [x, y, z];
}

let calledAs: string | undefined;

/** Has launches from here on carry the name of the call they are for, where their own is another; gives the one before. */
export function nameLaunches(as: string | undefined): string | undefined {
  const before = calledAs;
  calledAs = as;
  return before;
}

const labelOf = (own: string): string =>
  calledAs === undefined || own.startsWith(calledAs) ? own : `${calledAs}: ${own}`;

/** Launches one entry point of a shader; bindings and parameters are typed by the shader itself. */
export function launch<M extends ShaderModule, K extends keyof M['entries'] & string>(
  device: Device,
  shader: M,
  entryName: K,
  tensors: BindingsOf<M['entries'][K]>,
  params: ParamsOf<M['entries'][K]>,
  grid: Grid,
  specialization: Specialization = {},
  label = `${shader.name}.${entryName}`,
): void {
  device.check();
  expectRecorder(label, device);
  const entry = shader.entries[entryName]!;
  queueOf(device).submit({
    label: labelOf(label),
    pipeline: pipelineSpec(shader, entryName, specialization),
    slices: slicesOf(label, entry, tensors),
    params: entry.params && { binding: entry.params.binding, bytes: packParams(entry.params, params, label) },
    grid: checkedGrid(label, grid),
  });
  for (const { name, access } of entry.bindings) {
    const tensor = (tensors as Readonly<Record<string, Tensor>>)[name]!;
    if (access === 'read_write') tensor.storage.wrote(tensor.region);
  }
}
