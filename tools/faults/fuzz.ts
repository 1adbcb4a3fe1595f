/** @file The fuzz campaign: damages valid files at random, reads them, and counts what came of it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { drawsOf } from '../../src/base/random.ts';
import type { Task } from './fuzzChild.ts';
import { type Draw, type Mutation, mutations } from './fuzzMutate.ts';
import { ReaderProcess, type Verdict } from './fuzzProcess.ts';
import { seedsOf } from './fuzzSeeds.ts';

/** What a reader may not need for files of this size, MiB. */
export const MOST_MIB = 512;

type Column = Verdict['kind'] | 'large';
const columns: readonly Column[] = ['typed', 'read', 'untyped', 'leaky', 'hung', 'died', 'large'];

/** What must not happen. */
export const faults: readonly Column[] = ['untyped', 'leaky', 'hung', 'died', 'large'];

export type Counts = Record<Column, number>;

/** What a reader took for one file at most: of the processor, and of memory beyond what its process had. */
export interface Most {
  readonly ms: number;
  readonly mib: number;
}

/** A fault as it was found, to be looked at. */
export interface Finding {
  readonly number: number;
  readonly reader: Task['reader'];
  readonly mutation: Mutation;
  readonly column: Column;
  readonly text: string;
  readonly bytes: Uint8Array;
}

export interface Campaign {
  readonly counts: ReadonlyMap<Task['reader'], Counts>;
  readonly most: ReadonlyMap<Task['reader'], Most>;
  readonly findings: readonly Finding[];
}

const PURPOSE = 0;

/** Draws of mutation `number` of a seed alone, so that each can be made again. */
function drawOf(seed: number, number: number): Draw {
  const next = drawsOf(seed, PURPOSE, number);
  return (below) => Math.floor(next() * below);
}

/** Mutation `number`: each reader's turn comes as often, whatever number of seed files it has. */
export function mutated(
  seeds: readonly Task[],
  seed: number,
  number: number,
): Task & { readonly mutation: Mutation } {
  const draw = drawOf(seed, number);
  const kinds = [...new Set(seeds.map(({ reader }) => reader))];
  const own = seeds.filter(({ reader }) => reader === kinds[number % kinds.length]);
  const task = own[draw(own.length)]!;
  const names = Object.keys(mutations) as Mutation[];
  const mutation = names[draw(names.length)]!;
  let { bytes } = task;
  for (let n = draw(4) === 0 ? 3 : 1; n > 0; n--) bytes = mutations[mutation](bytes, draw);
  return { ...task, bytes, mutation };
}

/** Files that the process has before it is done with one: so it never waits for the next. */
const AHEAD = 16;

interface Given {
  readonly mutation: Mutation;
  readonly task: Task;
  readonly verdict: Promise<Verdict>;
}

const none = (): Counts => ({ typed: 0, read: 0, untyped: 0, leaky: 0, hung: 0, died: 0, large: 0 });

/** Reads so many damaged files. @param onStep is told how many are done */
export async function campaign(
  seeds: readonly Task[],
  { seed, times, program }: { readonly seed: number; readonly times: number; readonly program: string },
  onStep: (done: number) => void = () => {},
): Promise<Campaign> {
  const counts = new Map<Task['reader'], Counts>();
  const most = new Map<Task['reader'], Most>();
  const findings: Finding[] = [];
  const process = new ReaderProcess(program);
  try {
    const waiting: Given[] = [];
    for (let given = 0, number = 0; number < times; number++) {
      for (; given < Math.min(times, number + AHEAD); given++) {
        const { mutation, ...task } = mutated(seeds, seed, given);
        waiting.push({ mutation, task, verdict: process.run(task) });
      }
      const { mutation, task, verdict: coming } = waiting.shift()!;
      const { reader, bytes } = task;
      const verdict = await coming;
      const column = verdict.mib > MOST_MIB ? 'large' : verdict.kind;
      const own = counts.get(reader) ?? none();
      counts.set(reader, { ...own, [column]: own[column] + 1 });
      const before = most.get(reader) ?? { ms: 0, mib: 0 };
      // nothing is known of what died
      const larger = (a: number, b: number): number => (b > a ? b : a);
      most.set(reader, { ms: larger(before.ms, verdict.ms), mib: larger(before.mib, verdict.mib) });
      if (faults.includes(column))
        findings.push({ ...{ number, reader, mutation, column, bytes }, text: verdict.text });
      onStep(number + 1);
    }
  } finally {
    process.close();
  }
  return { counts, most, findings };
}

function tableOf({ counts, most }: Campaign): string {
  const mostOf = ({ ms, mib }: Most): string[] => [ms.toFixed(0), mib.toFixed(0)];
  const rows = [...counts].map(([reader, own]) => [
    reader,
    ...columns.map((column) => String(own[column])),
    ...mostOf(most.get(reader)!),
  ]);
  const sums = columns.map((column) => [...counts.values()].reduce((sum, own) => sum + own[column], 0));
  const all = [['reader', ...columns, 'most ms', 'most MiB'], ...rows, ['all', ...sums.map(String)]];
  return all
    .map(([name, ...cells]) => name!.padEnd(12) + cells.map((cell) => cell.padStart(9)).join(''))
    .join('\n');
}

/** `fuzz --times N --seed S [--keep folder]`: 1 where there was a fault; the files of faults go to the folder. */
export async function fuzz(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { times: { type: 'string' }, seed: { type: 'string' }, keep: { type: 'string' } },
  });
  const [times, seed] = [Number(values.times ?? 1000), Number(values.seed ?? 1)];
  const done = (count: number): void => {
    if (count % 500 === 0) process.stderr.write(`${count} of ${times}\n`);
  };
  const program = fileURLToPath(new URL('fuzzChild.js', import.meta.url));
  const found = await campaign(await seedsOf(process.cwd()), { seed, times, program }, done);
  process.stdout.write(`${tableOf(found)}\n`);
  for (const { number, reader, mutation, column, text, bytes } of found.findings) {
    process.stdout.write(`${number} ${reader} ${mutation}: ${column}: ${text.slice(0, 400)}\n`);
    if (values.keep) writeFileSync(join(values.keep, `${reader}-${number}`), bytes);
  }
  return found.findings.length > 0 ? 1 : 0;
}
