/** @file The process that reads mutated files: it says what came of each, how long it took and how much memory. */
import { readFileSync, writeFileSync } from 'node:fs';
import { PlanewiseError } from '../../src/base/errors.ts';
import type { FileSource } from '../../src/data/types.ts';
import { type ReaderName, readers } from './fuzzReaders.ts';

export interface Task {
  readonly reader: ReaderName;
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly beside?: Readonly<Record<string, Uint8Array>>;
}

export interface Outcome {
  /** `typed`: an error of planewise's own; `untyped`: any other; `leaky`: of its own, with an address or a control character. */
  readonly kind: 'read' | 'typed' | 'untyped' | 'leaky';
  /** Class and message of the error. */
  readonly text: string;
  /** Of the processor: what else it does does not count. */
  readonly ms: number;
  /** Most memory that reading it took, MiB: what the process had before does not count. */
  readonly mib: number;
}

/** What a heap of wasm has instead of a message, and what steers a terminal. */
const LEAKY = /^\d{4,}$|\(\d{5,}\)|0x[0-9a-f]{6,}|[^\P{Cc}\n]/u;

/** A size of this process as Linux knows it, MiB. Throws elsewhere. */
function sizeMib(name: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync('/proc/self/status', 'utf8');
  return Number(new RegExp(`${name}:\\s*(\\d+)`).exec(status)![1]) / 1024;
}

const mostMib = (): number => process.resourceUsage().maxRSS / 1024;

/** From here on, what the process takes at most beyond what it has: what earlier files left is not this one's. Where not on Linux, what it takes beyond its most before. */
function measureMemory(): () => number {
  // the second waits until what the first found is freed
  globalThis.gc?.();
  globalThis.gc?.();
  try {
    writeFileSync('/proc/self/clear_refs', '5');
    const before = sizeMib('VmRSS');
    return () => sizeMib('VmHWM') - before;
  } catch {
    const before = mostMib();
    return () => mostMib() - before;
  }
}

function judged(error: unknown): Pick<Outcome, 'kind' | 'text'> {
  if (!(error instanceof PlanewiseError))
    return {
      kind: 'untyped',
      text: error instanceof Error ? String(error.stack) : `thrown: ${String(error)}`,
    };
  const text = `${error.name} ${error.message}`;
  return { kind: LEAKY.test(error.message) ? 'leaky' : 'typed', text };
}

async function outcomeOf({ reader, name, bytes, beside = {} }: Task): Promise<Outcome> {
  const files = Object.entries(beside).map(
    ([path, content]): FileSource => ({ path, read: async () => content.slice() }),
  );
  const takenMib = measureMemory();
  const started = process.cpuUsage();
  let found: Pick<Outcome, 'kind' | 'text'> = { kind: 'read', text: '' };
  try {
    await readers[reader](bytes, name, files);
  } catch (error) {
    found = judged(error);
  }
  const { user, system } = process.cpuUsage(started);
  return { ...found, ms: (user + system) / 1000, mib: takenMib() };
}

let last: Promise<unknown> = Promise.resolve();
process.on('message', (task: Task) => {
  // one after the other, for the time and memory are of one
  last = last.then(async () => process.send!(await outcomeOf(task)));
});
