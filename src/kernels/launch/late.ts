/** @file Compiles pipelines of a driver that leaves it to their first dispatch, on as many cores as the host offers. */
import type { Device, Twins } from '../../tensor/device.ts';
import { type Pipeline, PipelineCache, type PipelineSpec } from './pipeline.ts';
import { type ShaderEntry, textOf } from './shader.ts';

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

/** What is left to compile, and what other devices have compiled. */
class Work {
  readonly left: PipelineSpec[];
  readonly elsewhere: PipelineSpec[] = [];
  /** Others get nothing more. */
  closed = false;

  constructor(specs: readonly PipelineSpec[]) {
    // By length, for want of a better measure: long ones first, so that all devices end about together.
    const lengthOf = ({ shader }: PipelineSpec) => textOf(shader).length;
    this.left = [...specs].sort((a, b) => lengthOf(b) - lengthOf(a));
  }
}

/** Makes pipelines on one device and dispatches each over nothing. */
class Compiler implements Disposable {
  readonly #pipelines: PipelineCache;
  readonly #dryRun: DryRun;

  constructor(device: Device, pipelines: PipelineCache) {
    this.#pipelines = pipelines;
    this.#dryRun = new DryRun(device);
  }

  async compile(spec: PipelineSpec): Promise<void> {
    await this.#pipelines.prepare([spec]);
    await this.#dryRun.dispatch(this.#pipelines.get(spec), spec.shader.entries[spec.entry]!);
  }

  [Symbol.dispose](): void {
    this.#dryRun.dispose();
  }
}

/** The first device's part, until nothing is left. @returns what it compiled */
async function lead(work: Work, compiler: Compiler, patience: number): Promise<Set<PipelineSpec>> {
  const done = new Set<PipelineSpec>();
  let proven = false;
  const compile = async (spec: PipelineSpec) => {
    await compiler.compile(spec);
    done.add(spec);
  };
  while (work.left.length > 0) {
    // The driver writes its cache in the background: by the second pipeline, the first lies there.
    const [sample, second] = work.elsewhere;
    if (second && !proven) {
      const before = performance.now();
      await compile(sample!);
      proven = true;
      // The devices share no cache: what the others compile is compiled twice.
      if (performance.now() - before > patience) work.closed = true;
    } else await compile(work.left.shift()!);
  }
  return done;
}

/** Another device's part. What it leaves undone the first device does. */
async function help(work: Work, twins: Twins): Promise<void> {
  try {
    const twin = await twins.open();
    try {
      using compiler = new Compiler(twin, new PipelineCache(twin));
      while (!work.closed && work.left.length > 0) {
        const spec = work.left.shift()!;
        await compiler.compile(spec);
        work.elsewhere.push(spec);
      }
    } finally {
      twin.dispose();
    }
  } catch {
    // It did not open, or was lost: the others do without it.
  }
}

/** Whether the list stays as long as it is for a while; false once `own` work on it is over. */
async function stalls({ left }: Work, own: Promise<unknown>, patience: number): Promise<boolean> {
  for (let before = left.length; before > 1; before = left.length) {
    await Promise.race([own, new Promise((resolve) => setTimeout(resolve, patience))]);
    if (left.length === before) return true;
  }
  return false;
}

/**
 * Dispatches pipelines over nothing, so that their machine code is there when a step needs it. Where that turns out
 * slow, more devices of the adapter take part: each compiles on a thread of its own, and they share the driver's cache
 * on disk. Where it turns out that they share none, the first device does the rest alone.
 */
export async function compileLate(
  device: Device,
  pipelines: PipelineCache,
  specs: readonly PipelineSpec[],
  twins: Twins | undefined,
  patience = PATIENCE_MS,
): Promise<void> {
  if (specs.length === 0) return;
  using compiler = new Compiler(device, pipelines);
  const work = new Work(specs);
  const own = lead(work, compiler, patience);
  const most = twins && (await stalls(work, own, patience)) ? twins.most : 0;
  const helpers = Array.from({ length: most }, () => help(work, twins!));
  let done: ReadonlySet<PipelineSpec> = new Set();
  try {
    done = await own;
  } finally {
    work.closed = true;
    await Promise.all(helpers);
  }
  for (const spec of specs) if (!done.has(spec)) await compiler.compile(spec);
}
