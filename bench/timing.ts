/** @file Timing of device work: batches long enough to drown the cost of a submit, and the median of several. */
import { type CapturedStep, capture, type StepOutputs } from '../src/autograd/step.ts';
import type { Device } from '../src/tensor/device.ts';

export interface Timing {
  readonly medianMs: number;
  readonly minMs: number;
  /** Least processor time over all cores, on software adapters: what the work needs whoever else is running. */
  readonly cpuMs: number | null;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Of one launch, averaged over a batch. */
export interface Batch {
  readonly ms: number;
  readonly cpuMs: number;
}

async function timeBatch(device: Device, launchAll: () => void, count: number): Promise<Batch> {
  const before = performance.now();
  const cpuBefore = process.cpuUsage();
  launchAll();
  await device.sync();
  const { user, system } = process.cpuUsage(cpuBefore);
  return { ms: (performance.now() - before) / count, cpuMs: (user + system) / 1000 / count };
}

export function summarize(device: Device, batches: readonly Batch[]): Timing {
  const times = batches.map(({ ms }) => ms);
  const cpuMs = device.caps.software ? Math.min(...batches.map((batch) => batch.cpuMs)) : null;
  return { medianMs: median(times), minMs: Math.min(...times), cpuMs };
}

/** A batch lasts about this long. */
const BATCH_MS = 20;
const MOST_LAUNCHES = 200;

/** How many launches make a batch, after two that warm up (drivers compile at the first). */
async function countFor(device: Device, launch: () => void): Promise<number> {
  await timeBatch(device, launch, 1);
  const once = await timeBatch(device, launch, 1);
  return Math.max(1, Math.min(MOST_LAUNCHES, Math.round(BATCH_MS / once.ms)));
}

/** Milliseconds of one `launch`. */
export async function timeLaunch(device: Device, launch: () => void, batches = 7): Promise<Timing> {
  const count = await countFor(device, launch);
  const launchAll = () => {
    for (let i = 0; i < count; i++) launch();
  };
  const timed: Batch[] = [];
  for (let i = 0; i < batches; i++) timed.push(await timeBatch(device, launchAll, count));
  return summarize(device, timed);
}

/** Batches of each, taking turns, replayed as in a captured step: without the JavaScript that finds out what to launch. */
export async function timeReplays(
  device: Device,
  launches: readonly (() => void)[],
  rounds: number,
): Promise<Batch[][]> {
  const steps: { readonly step: CapturedStep<StepOutputs>; readonly count: number }[] = [];
  for (const launch of launches) {
    const count = await countFor(device, launch);
    const step = await capture(device, () => {
      for (let i = 0; i < count; i++) launch();
      return {};
    });
    await timeBatch(device, () => step.run(), count);
    steps.push({ step, count });
  }
  const timed: Batch[][] = launches.map(() => []);
  for (let round = 0; round < rounds; round++)
    for (const [i, { step, count }] of steps.entries())
      timed[i]!.push(await timeBatch(device, () => step.run(), count));
  for (const { step } of steps) step.dispose();
  return timed;
}
