/** @file Timing of device work: batches long enough to drown the cost of a submit, and the median of several. */
import type { Device } from '../src/tensor/device.ts';

export interface Timing {
  readonly medianMs: number;
  readonly minMs: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

async function timeBatch(device: Device, launch: () => void, count: number): Promise<number> {
  const before = performance.now();
  for (let i = 0; i < count; i++) launch();
  await device.sync();
  return (performance.now() - before) / count;
}

/** A batch lasts about this long. */
const BATCH_MS = 20;
const MOST_LAUNCHES = 200;

/** Milliseconds of one `launch`, after two that warm up (drivers compile at the first). */
export async function timeLaunch(device: Device, launch: () => void, batches = 7): Promise<Timing> {
  await timeBatch(device, launch, 1);
  const once = await timeBatch(device, launch, 1);
  const count = Math.max(1, Math.min(MOST_LAUNCHES, Math.round(BATCH_MS / once)));
  const times: number[] = [];
  for (let i = 0; i < batches; i++) times.push(await timeBatch(device, launch, count));
  return { medianMs: median(times), minMs: Math.min(...times) };
}
