/** @file Timing of device work: batches long enough to drown the cost of a submit, and the median of several. */
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

interface Batch {
  readonly ms: number;
  readonly cpuMs: number;
}

async function timeBatch(device: Device, launch: () => void, count: number): Promise<Batch> {
  const before = performance.now();
  const cpuBefore = process.cpuUsage();
  for (let i = 0; i < count; i++) launch();
  await device.sync();
  const { user, system } = process.cpuUsage(cpuBefore);
  return { ms: (performance.now() - before) / count, cpuMs: (user + system) / 1000 / count };
}

/** A batch lasts about this long. */
const BATCH_MS = 20;
const MOST_LAUNCHES = 200;

/** Milliseconds of one `launch`, after two that warm up (drivers compile at the first). */
export async function timeLaunch(device: Device, launch: () => void, batches = 7): Promise<Timing> {
  await timeBatch(device, launch, 1);
  const once = await timeBatch(device, launch, 1);
  const count = Math.max(1, Math.min(MOST_LAUNCHES, Math.round(BATCH_MS / once.ms)));
  const timed: Batch[] = [];
  for (let i = 0; i < batches; i++) timed.push(await timeBatch(device, launch, count));
  const times = timed.map(({ ms }) => ms);
  const cpuMs = device.caps.software ? Math.min(...timed.map((batch) => batch.cpuMs)) : null;
  return { medianMs: median(times), minMs: Math.min(...times), cpuMs };
}
