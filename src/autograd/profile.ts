/** @file Profiles of captured steps: the device's own timestamps around every launch, by kernel, and as a Chrome trace. */
import { ConfigError, DeviceError } from '../base/errors.ts';
import type { CapturedStep, Recorded, StepOutputs } from './step.ts';

/** One launch of a profiled step, in milliseconds from the step's first. */
export interface ProfileSpan {
  readonly label: string;
  readonly startMs: number;
  readonly ms: number;
}

/** All launches of one label in a step. */
export interface ProfileRow {
  readonly label: string;
  readonly launches: number;
  readonly ms: number;
  /** Of the sum over all launches, from 0 to 1. */
  readonly share: number;
}

/** WebGPU allows this many timestamps in a set. */
const QUERIES_PER_SET = 4096;
const LAUNCHES_PER_SET = QUERIES_PER_SET / 2;

type Step = CapturedStep<StepOutputs>;

function encodeTimed(step: Step, launches: readonly Recorded[], querySet: GPUQuerySet): GPUCommandEncoder {
  const encoder = step.device.gpu.createCommandEncoder({ label: 'profiled step' });
  for (const [index, { pipeline, group, launch }] of launches.entries()) {
    const [beginningOfPassWriteIndex, endOfPassWriteIndex] = [2 * index, 2 * index + 1];
    const timestampWrites = { querySet, beginningOfPassWriteIndex, endOfPassWriteIndex };
    const pass = encoder.beginComputePass({ label: launch.label, timestampWrites });
    pass.setPipeline(pipeline.gpu);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(...launch.grid);
    pass.end();
  }
  return encoder;
}

async function readTimes(step: Step, launches: readonly Recorded[]): Promise<BigUint64Array> {
  const { device } = step;
  const count = 2 * launches.length;
  const querySet = device.gpu.createQuerySet({ type: 'timestamp', count });
  const usage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC;
  const buffer = device.gpu.createBuffer({ size: 8 * count, usage, label: 'timestamps' });
  try {
    const encoder = encodeTimed(step, launches, querySet);
    encoder.resolveQuerySet(querySet, 0, count, buffer, 0);
    device.gpu.queue.submit([encoder.finish()]);
    return new BigUint64Array(await device.read(buffer, 0, 8 * count));
  } finally {
    buffer.destroy();
    querySet.destroy();
  }
}

/**
 * Runs the step once as `run()` does, but with every launch in a pass of its own between two timestamps. That adds a
 * few microseconds a launch; a browser may round the timestamps to 0.1 ms.
 * @throws DeviceError where the adapter has no timestamps
 */
export async function traceStep(step: Step): Promise<ProfileSpan[]> {
  const { device, launches } = step;
  if (!device.caps.timestamps)
    throw new DeviceError('This adapter has no timestamps (timestamp-query). Profile on another one.');
  device.flush();
  const times: bigint[] = [];
  for (let first = 0; first < launches.length; first += LAUNCHES_PER_SET)
    times.push(...(await readTimes(step, launches.slice(first, first + LAUNCHES_PER_SET))));
  const msOf = (from: bigint, to: bigint): number => Math.max(0, Number(to - from) / 1e6);
  return launches.map(({ launch }, i) => {
    const [start, end] = [times[2 * i]!, times[2 * i + 1]!];
    return { label: launch.label, startMs: msOf(times[0]!, start), ms: msOf(start, end) };
  });
}

/** Sums spans by label, the dearest first; of several traces, pass all spans and their number. */
export function profileOf(spans: readonly ProfileSpan[], traces = 1): ProfileRow[] {
  const byLabel = new Map<string, { launches: number; ms: number }>();
  for (const { label, ms } of spans) {
    const row = byLabel.get(label) ?? { launches: 0, ms: 0 };
    byLabel.set(label, { launches: row.launches + 1, ms: row.ms + ms / traces });
  }
  const total = [...byLabel.values()].reduce((sum, { ms }) => sum + ms, 0);
  const rows = [...byLabel].map(([label, { launches, ms }]) => {
    return { label, launches: launches / traces, ms, share: total > 0 ? ms / total : 0 };
  });
  return rows.sort((a, b) => b.ms - a.ms);
}

/**
 * Time by kernel of a captured step, the mean of `runs` runs after one that is not counted. The runs are real: what
 * the step updates (weights, moments) moves on.
 * @throws DeviceError where the adapter has no timestamps
 */
export async function profileStep(step: Step, runs = 3): Promise<ProfileRow[]> {
  if (!(runs >= 1)) throw new ConfigError(`profileStep got ${runs} runs. Use at least 1.`);
  await traceStep(step);
  const spans: ProfileSpan[] = [];
  for (let run = 0; run < runs; run++) spans.push(...(await traceStep(step)));
  return profileOf(spans, runs);
}

/** The spans as JSON that chrome://tracing and Perfetto open. */
export function chromeTrace(spans: readonly ProfileSpan[], process: string): string {
  const name = { name: 'process_name', ph: 'M', pid: 1, tid: 1, args: { name: process } };
  const events = spans.map(({ label, startMs, ms }) => ({
    name: label,
    cat: 'kernel',
    ph: 'X',
    ts: startMs * 1000,
    dur: ms * 1000,
    pid: 1,
    tid: 1,
  }));
  return JSON.stringify({ displayTimeUnit: 'ms', traceEvents: [name, ...events] });
}
