/** @file What this adapter can do at best: multiply-adds in registers, copying by a kernel, the copy command. */
import { cpus } from 'node:os';
import { linearGrid } from '../src/kernels/launch/queue.ts';
import type { Device } from '../src/tensor/device.ts';
import source from './roofline.wgsl';
import { type Timing, timeLaunch } from './timing.ts';

export interface RooflineRow {
  readonly what: string;
  readonly unit: 'GFLOP/s' | 'GB/s';
  /** Of the median time, and of the shortest. */
  readonly rate: number;
  readonly best: number;
  /** The rate of a machine whose cores do nothing else, from the processor time; null on a GPU. */
  readonly byCpu: number | null;
}

const COPY_BYTES = 1 << 26;
const OPERATIONS_PER_ROUND = 256;

interface Kernel {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
}

class Roofline {
  readonly #device: Device;
  readonly #from: GPUBuffer;
  readonly #to: GPUBuffer;
  readonly #params: GPUBuffer;

  constructor(device: Device) {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    this.#device = device;
    this.#from = device.gpu.createBuffer({ size: COPY_BYTES, usage });
    this.#to = device.gpu.createBuffer({ size: COPY_BYTES, usage });
    this.#params = device.gpu.createBuffer({
      size: 16,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
  }

  async multiplyAdd(): Promise<RooflineRow> {
    const { caps } = this.#device;
    const invocations = caps.software ? 1 << 10 : 1 << 18;
    const kernel = await this.#kernel('multiplyAdd', [2]);
    let rounds = 256;
    let timing: Timing;
    do {
      rounds *= 4;
      timing = await this.#time(kernel, [rounds, 1], linearGrid(invocations, caps.workgroup));
    } while (timing.medianMs < 5);
    return rowOf('multiply-add in registers', 'GFLOP/s', invocations * rounds * OPERATIONS_PER_ROUND, timing);
  }

  async copyKernel(): Promise<RooflineRow> {
    const count = COPY_BYTES / 16;
    const kernel = await this.#kernel('copy', [1, 2]);
    const grid = linearGrid(count / 4, this.#device.caps.workgroup);
    return rowOf(
      'copy by a kernel, 64 MB',
      'GB/s',
      2 * COPY_BYTES,
      await this.#time(kernel, [0, count], grid),
    );
  }

  async copyCommand(): Promise<RooflineRow> {
    const { gpu } = this.#device;
    const timing = await timeLaunch(this.#device, () => {
      const encoder = gpu.createCommandEncoder();
      encoder.copyBufferToBuffer(this.#from, 0, this.#to, 0, COPY_BYTES);
      gpu.queue.submit([encoder.finish()]);
    });
    return rowOf('copy command, 64 MB', 'GB/s', 2 * COPY_BYTES, timing);
  }

  dispose(): void {
    for (const buffer of [this.#from, this.#to, this.#params]) buffer.destroy();
  }

  async #kernel(entryPoint: string, bindings: readonly number[]): Promise<Kernel> {
    const { gpu, caps } = this.#device;
    const module = gpu.createShaderModule({ code: source, label: 'roofline' });
    const compute = { module, entryPoint, constants: { WORKGROUP: caps.workgroup } };
    const pipeline = await gpu.createComputePipelineAsync({ layout: 'auto', compute });
    const buffers = [this.#params, this.#from, this.#to];
    const entries = [0, ...bindings].map((binding) => ({ binding, resource: { buffer: buffers[binding]! } }));
    return { pipeline, group: gpu.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }) };
  }

  #time(
    { pipeline, group }: Kernel,
    params: readonly number[],
    [x, y = 1]: readonly [number, number?, number?],
  ) {
    const { gpu } = this.#device;
    gpu.queue.writeBuffer(this.#params, 0, new Uint32Array(params));
    return timeLaunch(this.#device, () => {
      const encoder = gpu.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(x, y);
      pass.end();
      gpu.queue.submit([encoder.finish()]);
    });
  }
}

function rowOf(
  what: string,
  unit: RooflineRow['unit'],
  amount: number,
  { medianMs, minMs, cpuMs }: Timing,
): RooflineRow {
  const byCpu = cpuMs === null ? null : (amount * cpus().length) / cpuMs / 1e6;
  return { what, unit, rate: amount / medianMs / 1e6, best: amount / minMs / 1e6, byCpu };
}

export async function measureRoofline(device: Device): Promise<RooflineRow[]> {
  const roofline = new Roofline(device);
  try {
    return [await roofline.multiplyAdd(), await roofline.copyKernel(), await roofline.copyCommand()];
  } finally {
    roofline.dispose();
  }
}
