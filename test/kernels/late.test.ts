import { describe, expect, it, vi } from 'vitest';
import { openDevice } from '#device';
import { compileLate } from '../../src/kernels/launch/late.ts';
import { PipelineCache, type PipelineSpec, pipelineSpec } from '../../src/kernels/launch/pipeline.ts';
import { queueOf } from '../../src/kernels/launch/queue.ts';
import * as shaders from '../../src/kernels/shaders.gen.ts';
import type { Device, Twins } from '../../src/tensor/device.ts';
import { useDevice } from '../device.ts';

const device = useDevice();

/** Many bindings and few, only read and only written, with parameters and without. */
function quick(): PipelineSpec[] {
  return [
    pipelineSpec(shaders.optim, 'adam', {}),
    pipelineSpec(shaders.accumulate, 'main', {}),
    pipelineSpec(shaders.ratio, 'main', {}),
    pipelineSpec(shaders.optimclear, 'scatter', {}),
    pipelineSpec(shaders.unary, 'backward', {}),
  ];
}

/** Takes long to compile, and lies in no driver's cache. */
function slow(): PipelineSpec {
  const lines = Array.from({ length: 40 }, (_, i) => `y[7u * i + ${i}u] += ${Math.random()};`);
  const source = `@group(0) @binding(0) var<storage, read_write> y: array<f32>;
    @compute @workgroup_size(4)
    fn main(@builtin(local_invocation_index) i: u32) { ${lines.join('\n')} }`;
  const bindings = [{ name: 'y', binding: 0, access: 'read_write' }] as const;
  const entries = { main: { bindings, params: null } };
  return pipelineSpec({ name: 'slow', source: [source], entries }, 'main', {});
}

/** Keeps what it opened. */
class KeptTwins implements Twins {
  readonly most = 2;
  readonly opened: Device[] = [];

  async open(): Promise<Device> {
    const twin = await openDevice();
    this.opened.push(twin);
    return twin;
  }
}

/** Milliseconds in which no adapter compiles what is slow. */
const HURRY = 2;

/** Compiles ahead, and looks whether each pipeline was made, and dispatched once, on the first device. */
async function expectAll(specs: readonly PipelineSpec[], twins: Twins): Promise<void> {
  const pipelines = new PipelineCache(device());
  const submit = vi.spyOn(device().gpu.queue, 'submit');
  try {
    await compileLate(device(), pipelines, specs, twins, HURRY);
    expect(submit).toHaveBeenCalledTimes(specs.length);
  } finally {
    submit.mockRestore();
  }
  await device().sync();
  expect(await pipelines.prepare(specs)).toEqual([]);
}

describe('compileLate', () => {
  it('dispatches whatever a shader binds, over nothing, without a complaint of the device', async () => {
    await expectAll(quick(), new KeptTwins());
  });

  it('has other devices help when a pipeline takes long, and disposes them', async () => {
    const twins = new KeptTwins();
    await expectAll([slow(), ...quick()], twins);
    expect(twins.opened.map(({ lost }) => lost)).toEqual([true, true]);
  });

  it('does without those that do not open, or fail in the middle', async () => {
    const closed = { most: 1, open: () => Promise.reject(new Error('no more devices')) };
    await expectAll([slow(), ...quick()], closed);
    const twins = new KeptTwins();
    const open = async () => {
      const twin = await twins.open();
      setTimeout(() => twin.dispose(), HURRY);
      return twin;
    };
    await expectAll([slow(), slow(), ...quick()], { most: 1, open });
    expect(twins.opened.map(({ lost }) => lost)).toEqual([true]);
  });

  it('helps with nothing when a pipeline is the only one', async () => {
    const twins = new KeptTwins();
    await expectAll([slow()], twins);
    expect(twins.opened).toEqual([]);
  });

  it('stops helping, and says so, when the device is lost meanwhile', async () => {
    const twins = new KeptTwins();
    const doomed = await openDevice();
    const open = async () => {
      doomed.dispose();
      return twins.open();
    };
    const pipelines = new PipelineCache(doomed);
    const compiled = compileLate(doomed, pipelines, [slow(), ...quick()], { most: 1, open }, HURRY);
    await expect(compiled).rejects.toThrow();
    expect(twins.opened.map(({ lost }) => lost)).toEqual([true]);
  });
});

describe('prepare', () => {
  it('dispatches each pipeline once, and only for a driver that compiles at the first dispatch', async () => {
    const own = await openDevice();
    const submit = vi.spyOn(own.gpu.queue, 'submit');
    const queue = queueOf(own);
    await queue.prepare([...quick(), ...quick()]);
    expect(submit).toHaveBeenCalledTimes(own.caps.compilesLate ? quick().length : 0);
    submit.mockClear();
    await queue.prepare(quick());
    expect(submit).not.toHaveBeenCalled();
    own.dispose();
  });
});
