/** @file Compiles pipelines of a driver that leaves it to their first dispatch, on as many cores as the host offers. */
import type { Device, Twins } from '../tensor/device.ts';
import { type Pipeline, PipelineCache, type PipelineSpec } from './pipeline.ts';
import type { ShaderEntry } from './shader.ts';

/** Milliseconds without a pipeline done, after which more devices are worth opening: reading one from a cache takes 5. */
const PATIENCE_MS = 50;
/** Bytes a binding of a dispatch without workgroups is given: more than any shader's smallest. */
const SLOT = 256;

/** Dispatches pipelines over no workgroups at all, with bindings that suit every one. */
class DryRun {
  readonly #device: Device;
  readonly #read: GPUBuffer;
  readonly #written: GPUBuffer;
  /** An indirect one: Dawn warns of a direct dispatch of nothing. */
  readonly #grid: GPUBuffer;

  constructor(device: Device) {
    const { STORAGE, UNIFORM, INDIRECT } = GPUBufferUsage;
    const most = device.gpu.limits.maxStorageBuffersPerShaderStage;
    this.#device = device;
    this.#read = device.gpu.createBuffer({ size: SLOT, usage: STORAGE | UNIFORM });
    this.#written = device.gpu.createBuffer({ size: SLOT * Math.min(most, 64), usage: STORAGE });
    this.#grid = device.gpu.createBuffer({ size: 12, usage: INDIRECT });
  }

  /** Resolves when the pipeline's machine code is there. */
  async dispatch({ gpu, layout }: Pipeline, entry: ShaderEntry): Promise<void> {
    const encoder = this.#device.gpu.createCommandEncoder({ label: 'compile' });
    const pass = encoder.beginComputePass();
    pass.setPipeline(gpu);
    pass.setBindGroup(0, this.#device.gpu.createBindGroup({ layout, entries: this.#entries(entry) }));
    pass.dispatchWorkgroupsIndirect(this.#grid, 0);
    pass.end();
    this.#device.gpu.queue.submit([encoder.finish()]);
    await this.#device.sync();
  }

  /** What is written may overlap nothing else. */
  #entries({ bindings, params }: ShaderEntry): GPUBindGroupEntry[] {
    const slot = { buffer: this.#read, size: SLOT };
    const entries = bindings.map(({ binding, access }, i) => ({
      binding,
      resource: access === 'read' ? slot : { buffer: this.#written, offset: i * SLOT, size: SLOT },
    }));
    return params ? [...entries, { binding: params.binding, resource: slot }] : entries;
  }

  dispose(): void {
    for (const buffer of [this.#read, this.#written, this.#grid]) buffer.destroy();
  }
}

/**
 * Takes pipelines off the list and has the device compile them, one after another, until none is left.
 * @returns those it compiled
 */
async function compileFrom(
  list: PipelineSpec[],
  device: Device,
  pipelines: PipelineCache,
): Promise<PipelineSpec[]> {
  if (list.length === 0) return [];
  const run = new DryRun(device);
  const done: PipelineSpec[] = [];
  try {
    for (let spec = list.shift(); spec; spec = list.shift()) {
      await pipelines.prepare([spec]);
      await run.dispatch(pipelines.get(spec), spec.shader.entries[spec.entry]!);
      done.push(spec);
    }
    return done;
  } finally {
    run.dispose();
  }
}

/** Another device that takes from the list too, until it is empty. What it leaves undone the first device does. */
async function help(list: PipelineSpec[], twins: Twins): Promise<void> {
  try {
    const twin = await twins.open();
    try {
      await compileFrom(list, twin, new PipelineCache(twin));
    } finally {
      twin.dispose();
    }
  } catch {}
}

/** Whether the list stays as long as it is for a while; false once `work` on it is over. */
async function stalls(
  list: readonly PipelineSpec[],
  work: Promise<unknown>,
  patience: number,
): Promise<boolean> {
  for (let left = list.length; left > 1; left = list.length) {
    await Promise.race([work, new Promise((resolve) => setTimeout(resolve, patience))]);
    if (list.length === left) return true;
  }
  return false;
}

/**
 * Dispatches pipelines over nothing, so that their machine code is there when a step needs it. Where that turns out
 * slow, more devices of the adapter take part: each compiles on a thread of its own, and they share the driver's cache
 * on disk. Without such a cache the first device compiles everything, as it would have alone.
 */
export async function compileLate(
  device: Device,
  pipelines: PipelineCache,
  specs: readonly PipelineSpec[],
  twins: Twins | undefined,
  patience = PATIENCE_MS,
): Promise<void> {
  // By length, for want of a better measure: long ones first, so that all devices end about together.
  const list = [...specs].sort((a, b) => b.shader.source.length - a.shader.source.length);
  const own = compileFrom(list, device, pipelines);
  const most = twins && (await stalls(list, own, patience)) ? twins.most : 0;
  const helpers = Array.from({ length: most }, () => help(list, twins!));
  let done: readonly PipelineSpec[] = [];
  try {
    done = await own;
  } finally {
    list.length = 0;
    await Promise.all(helpers);
  }
  const elsewhere = specs.filter((spec) => !done.includes(spec));
  await compileFrom(elsewhere, device, pipelines);
}
