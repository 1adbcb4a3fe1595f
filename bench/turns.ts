/** @file A step of this process and one of PyTorch in turns, on arrays that both are given. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Shape } from '../src/tensor/shape.ts';
import { Child, type Measured, pythonLink } from './child.ts';
import { lossDifference } from './peers.ts';
import { median } from './timing.ts';
import type { Torch } from './torch.ts';

export interface NamedArray {
  readonly name: string;
  readonly shape: Shape;
  readonly values: Float32Array;
}

/** Losses agree to this, or the engines do not do the same work. */
const TOLERANCE = 1e-3;

/** A line of JSON with names and shapes, then the values: what network.py reads. */
export async function writeArrays(file: string, arrays: readonly NamedArray[]): Promise<void> {
  const header = `${JSON.stringify(arrays.map(({ name, shape }) => [name, shape]))}\n`;
  const bytes = arrays.map(
    ({ values }) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  );
  await writeFile(file, [new TextEncoder().encode(header), ...bytes]);
}

/** PyTorch on one thread by a program of bench/torch, its first step done. @throws EngineError */
export async function startTorch(
  { python }: Torch,
  program: string,
  arrays: readonly NamedArray[],
  job: object,
): Promise<Child> {
  const folder = await mkdtemp(join(tmpdir(), 'planewise-bench-'));
  const path = fileURLToPath(new URL(`../../bench/torch/${program}`, import.meta.url));
  const env = { OMP_WAIT_POLICY: 'PASSIVE', OMP_NUM_THREADS: '1' };
  const child = new Child('PyTorch CPU, 1 thread', pythonLink(python, [path], env));
  try {
    const file = join(folder, 'arrays');
    await writeArrays(file, arrays);
    await child.start({ file, ...job });
    return child;
  } catch (error) {
    child.end();
    throw error;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What one engine did in its counted steps. */
export type Turns = Pick<Measured, 'medianMs' | 'minMs' | 'cpuMs' | 'steps' | 'losses'> & {
  readonly engine: string;
};

/**
 * So many counted steps of each, after a first one.
 * @param run does step `index`, from 1, and resolves with its loss once the device has finished
 * @throws Error where losses differ by more than a thousandth
 */
export async function takeTurns(
  run: (index: number) => Promise<number>,
  child: Child | null,
  steps: number,
): Promise<Turns[]> {
  const losses = [await run(1)];
  const times: { ms: number; cpuMs: number }[] = [];
  for (let t = 2; t <= steps + 1; t++) {
    const [before, cpuBefore] = [performance.now(), process.cpuUsage()];
    losses.push(await run(t));
    const { user, system } = process.cpuUsage(cpuBefore);
    times.push({ ms: performance.now() - before, cpuMs: (user + system) / 1000 });
    await child?.step(true);
  }
  const all = times.map(({ ms }) => ms);
  const ours = {
    engine: 'planewise',
    medianMs: median(all),
    minMs: Math.min(...all),
    cpuMs: median(times.map(({ cpuMs }) => cpuMs)),
    steps,
    losses,
  };
  if (!child) return [ours];
  const { medianMs, minMs, cpuMs, steps: theirSteps, losses: theirLosses } = child.measured();
  const theirs = { engine: child.name, medianMs, minMs, cpuMs, steps: theirSteps, losses: theirLosses };
  if (!(lossDifference(theirs, ours) <= TOLERANCE))
    throw new Error(`PyTorch's losses ${theirs.losses.join(', ')} are not ours, ${losses.join(', ')}.`);
  return [ours, theirs];
}
