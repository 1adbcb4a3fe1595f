/** @file Which process this is, so that others can tell whether it is still there: not by its number alone, for numbers come again. */
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { isRecord } from '../../base/record.ts';

/** A process, as far as the operating system tells. */
export interface ProcessMark {
  readonly host: string;
  readonly pid: number;
  /** When it started, in ticks since the machine did; null: unknown. */
  readonly started: string | null;
  /** Tells machines of one host name apart; null: unknown. */
  readonly machine: string | null;
  /** The machine's start; null: unknown. */
  readonly boot: string | null;
  /** The namespace that the number counts in, one for each container; null: unknown. */
  readonly space: string | null;
  /** Slurm's job that it is of, `<array>_<task>` of an array, and which start of that job; null: of none. */
  readonly job: string | null;
  readonly start: number | null;
}

/** `elsewhere`: another machine or container, of which nothing can be known here. */
export type Presence = 'there' | 'gone' | 'elsewhere';

function told<T>(ask: () => T): T | null {
  try {
    return ask();
  } catch {
    return null;
  }
}

/** State and start of a process from /proc/<pid>/stat (proc(5): fields 3 and 22); null where there is no such file. */
function statOf(pid: number): { readonly state: string; readonly started: string } | null {
  const text = told(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  // the name before may hold anything, brackets too
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields && fields.length > 19 ? { state: fields[0]!, started: fields[19]! } : null;
}

/** Of machine-id(5), which is to be told to nobody as it is. */
function ownMachine(): string | null {
  const id = told(() => readFileSync('/etc/machine-id', 'latin1').trim());
  return id ? createHash('sha256').update(`planewise lock ${id}`).digest('hex').slice(0, 16) : null;
}

function ownJob(): Pick<ProcessMark, 'job' | 'start'> {
  const { SLURM_JOB_ID, SLURM_ARRAY_JOB_ID, SLURM_ARRAY_TASK_ID, SLURM_RESTART_COUNT } = process.env;
  if (SLURM_JOB_ID === undefined) return { job: null, start: null };
  const job = SLURM_ARRAY_JOB_ID ? `${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}` : SLURM_JOB_ID;
  // told from the second start on
  return { job, start: Number(SLURM_RESTART_COUNT ?? 0) };
}

/** This process. */
export const ownMark = (): ProcessMark => ({
  host: hostname(),
  pid: process.pid,
  started: statOf(process.pid)?.started ?? null,
  machine: ownMachine(),
  boot: told(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()),
  space: told(() => readlinkSync('/proc/self/ns/pid')),
  ...ownJob(),
});

const textOr = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** A mark that was written down, by this or an earlier version; null for what is none. */
export function markOf(value: unknown): ProcessMark | null {
  if (!isRecord(value)) return null;
  const { host, pid, started, machine, boot, space, job, start } = value;
  if (typeof host !== 'string' || !Number.isSafeInteger(pid) || (pid as number) < 1) return null;
  const rest = {
    ...{ started: textOr(started), machine: textOr(machine), boot: textOr(boot) },
    ...{ space: textOr(space), job: textOr(job) },
  };
  return { host, pid: pid as number, ...rest, start: typeof start === 'number' ? start : null };
}

const differ = (a: string | null, b: string | null): boolean => a !== null && b !== null && a !== b;

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // another user's process is there too
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether a job was started again since: Slurm does so once the earlier start has ended, maybe on another host. */
const isEarlierStart = (mark: ProcessMark, own: ProcessMark): boolean =>
  mark.job !== null && mark.job === own.job && (mark.start ?? 0) < (own.start ?? 0);

/** Whether a process is still there. */
export function presenceOf(mark: ProcessMark): Presence {
  const own = ownMark();
  if (isEarlierStart(mark, own)) return 'gone';
  if (mark.host !== own.host || differ(mark.machine, own.machine)) return 'elsewhere';
  if (differ(mark.boot, own.boot)) return 'gone';
  if (differ(mark.space, own.space)) return 'elsewhere';
  if (!exists(mark.pid)) return 'gone';
  const now = statOf(mark.pid);
  // dead, and nobody has asked for its exit code
  if (now && 'ZX'.includes(now.state)) return 'gone';
  return differ(mark.started, now?.started ?? null) ? 'gone' : 'there';
}
