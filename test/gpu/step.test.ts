/**
 * @file A train step by the kernels that GPUs take, on the adapter at hand, against the step by its own kernels: the same
 * losses, and nothing outside an array in either.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { openDevice } from '#device';
import { trainStep } from '../../bench/network.ts';
import { tensor } from '../../src/tensor/create.ts';
import type { Caps, Device, DeviceOptions } from '../../src/tensor/device.ts';
import { hasHalf } from '../half.ts';
import { forced } from '../kernels/conv2d.cases.ts';
import { standInForMatrices } from '../kernels/conv2d.matrix.loops.ts';
import { slow } from '../slow.ts';
import { counted, countOutside } from './bounds.ts';

/** The deepest images have four pixels; of fewer, batch norm makes rounding large. */
const sizes = { batch: 2, side: 32, width: 12 };
const STEPS = 2;

/** What of an adapter's caps makes kernels for GPUs be taken. */
const gpu: Partial<Caps> = { software: false, subgroupSize: 0, workgroup: 256, compilesLate: false };
const open: Device[] = [];
afterAll(() => {
  for (const device of open) device.dispose();
});

interface Steps {
  readonly losses: readonly number[];
  /** Of the launches, such as `conv2d[gemm4]`. */
  readonly kernels: ReadonlySet<string>;
  readonly outside: Record<string, number>;
}

async function steps(
  caps: Partial<Caps>,
  options: DeviceOptions = {},
  precision: 'f32' | 'mixed' = 'f32',
  matrices = false,
): Promise<Steps> {
  const device = await openDevice(options);
  open.push(device);
  Object.assign(device.caps, caps);
  if (matrices) standInForMatrices(device);
  const outside = countOutside(device);
  const step = await trainStep(device, sizes, precision);
  const losses: number[] = [];
  for (let i = 1; i <= STEPS; i++) {
    step.run(i);
    losses.push(await step.captured.outputs.loss.item());
  }
  const kernels = new Set(step.captured.labels);
  step.dispose();
  return { losses, kernels, outside: await outside() };
}

const close = (losses: readonly number[], digits: number) =>
  losses.map((loss) => expect.closeTo(loss, digits));

describe('a train step', () => {
  let own: Steps;

  it('by the adapter’s own kernels keeps within its arrays', async () => {
    own = await steps({});
    expect(own.outside).toEqual({});
    expect(own.losses.every((loss) => loss > 0.1 && loss < 1)).toBe(true);
  }, 120_000);

  it.runIf(slow)(
    'by the kernels for GPUs gives the same losses and keeps within its arrays',
    async () => {
      const { losses, kernels, outside } = await steps(gpu);
      expect(outside).toEqual({});
      expect([...kernels].filter((name) => name.includes('[gemm')).length).toBeGreaterThan(2);
      expect(losses).toEqual(close(own.losses, 5));
    },
    240_000,
  );

  it.runIf(slow)(
    'by Winograd’s kernels for GPUs gives the same losses and keeps within its arrays',
    async () => {
      const forms = { conv2d: 'winograd', conv2dInputGrad: 'winograd', conv2dWeightGrad: 'winograd' };
      const { losses, kernels, outside } = await steps(gpu, { variants: forms });
      expect(outside).toEqual({});
      for (const op of Object.keys(forms)) expect([...kernels].join()).toContain(`${op}[winograd]`);
      expect(losses).toEqual(close(own.losses, 4));
    },
    240_000,
  );

  it.runIf(slow && hasHalf)(
    'in mixed precision on matrix units, for which loops stand in, gives about the same losses and keeps within its arrays',
    async () => {
      const plain = await steps({}, {}, 'mixed');
      const { losses, kernels, outside } = await steps(gpu, forced('matrix', 'matrix'), 'mixed', true);
      expect(outside).toEqual({});
      const all = [...kernels].join();
      for (const form of ['conv2dInputGrad[matrix]', 'pool.backward', 'blocks.merge'])
        expect(all).toContain(form);
      expect(all).not.toContain('relu.backward');
      expect(losses).toEqual(close(plain.losses, 2));
    },
    480_000,
  );
});

describe('the count', () => {
  it('finds what lies outside, by array, and nothing else', async () => {
    const device = await openDevice();
    open.push(device);
    const outside = countOutside(device);
    const code = `@group(0) @binding(0) var<storage, read> x: array<f32>;
      @group(0) @binding(1) var<storage, read_write> y: array<f32>;
      @compute @workgroup_size(16) fn main(@builtin(global_invocation_id) id: vec3u) {
        y[id.x] = x[u32(x[id.x]) + id.x];
      }`;
    const module = device.gpu.createShaderModule({ code, label: 'fault' });
    const buffer = (type: GPUBufferBindingType, binding: number) => ({
      ...{ binding, visibility: GPUShaderStage.COMPUTE, buffer: { type } },
    });
    const layout = device.gpu.createBindGroupLayout({
      entries: [buffer('read-only-storage', 0), buffer('storage', 1)],
    });
    const pipeline = device.gpu.createComputePipeline({
      layout: device.gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: 'main' },
    });
    using x = tensor(
      device,
      Array.from({ length: 16 }, () => 4),
      [16],
    );
    using y = tensor(
      device,
      Array.from({ length: 16 }, () => 0),
      [16],
    );
    await device.sync();
    const entries = [x, y].map(({ storage, offset }, binding) => ({
      ...{ binding, resource: { buffer: storage.buffer!, offset, size: 64 } },
    }));
    const encoder = device.gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, device.gpu.createBindGroup({ layout, entries }));
    pass.dispatchWorkgroups(1);
    pass.end();
    device.gpu.queue.submit([encoder.finish()]);
    // the last four of sixteen read four beyond
    expect(await outside()).toEqual({ 'fault.x': 4 });
  });

  it('looks at indices within indices, and leaves comments alone', () => {
    const code = 'var<storage, read> a: array<u32>; // a[9]\nfn f() -> u32 { return a[a[1] + b.a[2]]; }';
    const text = counted(code, () => 7);
    expect(text).toContain('return a[inBoundsOf_a(u32(a[inBoundsOf_a(u32(1))] + b.a[2]))];');
    expect(text).toContain('atomicAdd(&countOutOfBounds[7u], 1u)');
    expect(text).not.toContain('a[9]');
    expect(counted('fn f() {}', () => 0)).toBe('fn f() {}');
  });
});
