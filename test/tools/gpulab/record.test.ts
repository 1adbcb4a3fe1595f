import { beforeAll, describe, expect, it } from 'vitest';
import { globals } from 'webgpu';
import type { Caps } from '../../../src/tensor/caps.ts';
import { recordStep } from '../../../tools/gpulab/record.ts';
import { invocationsOf, roundDepthOf } from '../../../tools/gpulab/source.ts';
import { workOf } from '../../../tools/gpulab/work.ts';

// WebGPU's names of what buffers are for
beforeAll(() => {
  Object.assign(globalThis, globals);
});

describe('a recorded step', () => {
  const caps: Caps = {
    vendor: 'nvidia',
    architecture: 'hopper',
    description: 'described',
    software: false,
    f16: true,
    matrices: { side: 16, lanes: 32, sized: false },
    timestamps: true,
    subgroupSize: 32,
    workgroup: 256,
    maxBinding: 2 ** 31,
    stackedMemory: true,
    compilesLate: false,
  };
  const limits = { maxBufferSize: 2 ** 40, maxStorageBufferBindingSize: 2 ** 31 };

  it('has the launches of the benchmark’s network on a GPU, each with a pipeline to compile', async () => {
    const { step, jobs } = await recordStep(caps, limits, 'S', 'f32');
    expect(step.batch).toBe(4);
    const names = new Set(jobs.map(({ name }) => name));
    expect(step.launches.filter(({ pipeline }) => !names.has(pipeline))).toEqual([]);
    const gflop = step.launches.reduce((sum, one) => sum + (workOf(one).product?.flop ?? 0), 0) / 1e9;
    // three times the forward pass of 1.5, but that the first layer has no gradient of its input
    expect(gflop).toBeCloseTo(4.517, 2);
    expect(names.size).toBe(jobs.length);
  });

  it('is of fewer images where a binding holds no more', async () => {
    const small = { ...caps, matrices: null, stackedMemory: false, maxBinding: 2 ** 27 };
    const { step } = await recordStep(small, limits, 'zhang2024', 'f32');
    expect(step.batch).toBe(5);
  });

  it('offers matrix units unless that is not asked for', async () => {
    const labels = async (precision: 'mixed' | 'half') =>
      (await recordStep(caps, limits, 'S', precision)).step.launches.map(({ label }) => label);
    expect((await labels('half')).filter((label) => label.includes('[matrix'))).toEqual([]);
    expect(await labels('mixed')).toContain('conv2d[matrixs]');
  });
});

describe('shader texts', () => {
  it('say how large a workgroup is, by numbers, constants and overrides', () => {
    const code = `override WORKGROUP: u32 = 64u;\nconst ACROSS: u32 = 8u;\nconst DEPTH: u32 = 32u;
@compute @workgroup_size(WORKGROUP)\nfn main() {}\n@compute @workgroup_size(ACROSS, 4)\nfn other() {}`;
    expect(invocationsOf(code, 'main', {})).toBe(64);
    expect(invocationsOf(code, 'main', { WORKGROUP: 256 })).toBe(256);
    expect(invocationsOf(code, 'other', {})).toBe(32);
    expect(roundDepthOf(code)).toBe(32);
    expect(roundDepthOf('')).toBe(16);
    expect(() => invocationsOf(code, 'third', {})).toThrow('third');
  });

  it('may work their constants out of others', () => {
    const code = `const TILE: u32 = 64u;\nconst QUADS: u32 = (TILE + 2u - 2u) / 4u;\nconst LANES: u32 = min(QUADS, 8u) * 4u;
const INVOCATIONS: u32 = 4u * max(LANES, 2u) % 1000u;\nconst DEPTH: u32 = TILE / 4u * 2u;
@compute @subgroup_size(32) @workgroup_size(INVOCATIONS)\nfn main() {}`;
    expect(invocationsOf(code, 'main', {})).toBe(128);
    expect(roundDepthOf(code)).toBe(32);
    expect(() => invocationsOf(code.replace('min(', 'select('), 'main', {})).toThrow('select()');
  });
});
