/** @file Programs under mpirun, where there is one. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

/** Why nothing of MPI can be tested here; null: it can. */
export const withoutMpi: string | null =
  spawnSync('mpirun', ['--version']).status === 0 ? null : 'no mpirun: apt-get install openmpi-bin';

/** More ranks than cores, and by whoever runs the tests: both are asked of Open MPI, 4 and 5. */
const allowed = {
  OMPI_ALLOW_RUN_AS_ROOT: '1',
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
  OMPI_MCA_rmaps_base_oversubscribe: '1',
  PRTE_MCA_rmaps_default_mapping_policy: ':oversubscribe',
};

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

/** Starts `planewise` with so many ranks; or, of several lists of arguments, a rank with each. */
export function startRanks(
  size: number,
  args: readonly string[] | readonly string[][],
  env: NodeJS.ProcessEnv = {},
): Job {
  const lists = Array.isArray(args[0]) ? (args as string[][]) : [args as string[]];
  const each = Math.ceil(size / lists.length);
  const command = lists.flatMap((list, i) => [
    ...(i > 0 ? [':'] : []),
    ...['-n', String(each), process.execPath, program, ...list],
  ]);
  const child = spawn('mpirun', command, {
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
export function processesOf({ child }: Job): number[] {
  const parentOf = (pid: string): number => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    } catch {
      return 0;
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === child.pid)
    .map(Number)
    .sort((a, b) => a - b);
}
