/** @file Programs under mpirun, where there is one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { allowed, processesOf as ofMpirun, withoutMpi } from '../tools/faults/mpirun.mjs';

export const program = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

export { withoutMpi };

export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

export interface Job {
  /** mpirun. */
  readonly child: ChildProcess;
  /** What it has printed so far, both streams. */
  output(): string;
  readonly ended: Promise<Ended>;
}

/**
 * Starts `planewise` with so many ranks; or, of several lists of arguments, a rank with each.
 * @param mpirun how it is started, with options
 */
export function startRanks(
  size: number,
  args: readonly string[] | readonly string[][],
  env: NodeJS.ProcessEnv = {},
  mpirun: readonly [string, ...string[]] = ['mpirun'],
): Job {
  const lists = Array.isArray(args[0]) ? (args as string[][]) : [args as string[]];
  const each = Math.ceil(size / lists.length);
  const command = lists.flatMap((list, i) => [
    ...(i > 0 ? [':'] : []),
    ...['-n', String(each), process.execPath, program, ...list],
  ]);
  const child = spawn(mpirun[0], [...mpirun.slice(1), ...command], {
    env: { ...process.env, ...allowed, PLANEWISE_ADAPTER: 'swiftshader', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => resolve({ code, output: text }));
  });
  return { child, output: () => text, ended };
}

/** The processes of a job's ranks, in their order. */
export const processesOf = ({ child }: Job): number[] => ofMpirun(child.pid!);
