import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { chromeTrace, profileOf, profileStep, traceStep } from '../../src/autograd/profile.ts';
import { type CapturedStep, capture } from '../../src/autograd/step.ts';
import { DeviceError } from '../../src/base/errors.ts';
import { randomNormal } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { useDevice } from '../device.ts';

const device = useDevice();

/** A product whose time shows, between two small launches. */
async function captured(): Promise<CapturedStep<{ y: Tensor }>> {
  const a = randomNormal(device(), [96, 96], 1);
  return capture(device(), () => ({ y: ops.relu(ops.matmul(ops.sigmoid(a), a)) }));
}

const hasTimestamps = () => device().caps.timestamps;

describe('profile of a captured step', () => {
  it('times every launch in order and computes what run() computes', async () => {
    using step = await captured();
    step.run();
    const expected = await step.outputs.y.read();
    if (!hasTimestamps()) return expect(traceStep(step)).rejects.toThrow(DeviceError);
    const spans = await traceStep(step);
    expect(spans.map(({ label }) => label)).toEqual(step.labels);
    for (const { startMs, ms } of spans) expect(Math.min(startMs, ms)).toBeGreaterThanOrEqual(0);
    expect(await step.outputs.y.read()).toEqual(expected);
  });

  it('gives every kernel its share, the dearest first, 1 in all', async () => {
    using step = await captured();
    if (!hasTimestamps()) return expect(profileStep(step)).rejects.toThrow(DeviceError);
    const rows = await profileStep(step, 2);
    expect(rows.map(({ launches }) => launches)).toEqual([1, 1, 1]);
    expect(rows.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 6);
    expect(rows.map(({ label }) => label).sort()).toEqual([...step.labels].sort());
    expect(rows[0]!.ms).toBeGreaterThan(0);
    expect(rows[0]!.ms).toBeGreaterThanOrEqual(rows[2]!.ms);
  });

  it('names the call as it was written, where the kernel has another name', async () => {
    const x = randomNormal(device(), [4, 4], 1);
    using step = await capture(device(), () => ({
      mean: ops.mean(x),
      least: ops.min(x),
      stacked: ops.stack([x]),
      y: ops.relu(x),
    }));
    const expected = ['mean: reduce.sum', 'min: max.first', 'stack: concat', 'relu'];
    expect(step.labels).toEqual(expected);
  });

  it('sums launches of one label, the dearest first', () => {
    const spans = [
      { label: 'a', startMs: 0, ms: 1 },
      { label: 'b', startMs: 1, ms: 5 },
      { label: 'a', startMs: 6, ms: 2 },
    ];
    expect(profileOf(spans)).toEqual([
      { label: 'b', launches: 1, ms: 5, share: 5 / 8 },
      { label: 'a', launches: 2, ms: 3, share: 3 / 8 },
    ]);
  });

  it('writes a trace in microseconds', () => {
    const trace = JSON.parse(chromeTrace([{ label: 'conv', startMs: 0.5, ms: 2 }], 'step'));
    expect(trace.traceEvents[1]).toMatchObject({ name: 'conv', ph: 'X', ts: 500, dur: 2000 });
  });
});
