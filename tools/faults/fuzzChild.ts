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
  /** Most memory of the process while it read, MiB. */
  readonly mib: number;
}

/** What a heap of wasm has instead of a message, and what steers a terminal. */
const LEAKY = /^\d{4,}$|\(\d{5,}\)|0x[0-9a-f]{6,}|[^\P{Cc}\n]/u;

/** Linux counts from here on, without what earlier files left; elsewhere the most since the process began is all there is. */
function resetPeak(): void {
  globalThis.gc?.();
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {}
}

function peakMib(): number {
  try {
    return Number(/VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024;
  } catch {
    return process.resourceUsage().maxRSS / 1024;
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
  resetPeak();
  const started = process.cpuUsage();
  let found: Pick<Outcome, 'kind' | 'text'> = { kind: 'read', text: '' };
  try {
    await readers[reader](bytes, name, files);
  } catch (error) {
    found = judged(error);
  }
  const { user, system } = process.cpuUsage(started);
  return { ...found, ms: (user + system) / 1000, mib: peakMib() };
}

let last: Promise<unknown> = Promise.resolve();
process.on('message', (task: Task) => {
  // one after the other, for the time and memory are of one
  last = last.then(async () => process.send!(await outcomeOf(task)));
});
