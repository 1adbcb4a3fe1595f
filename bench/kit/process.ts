/** @file Runs a program that may hang, crash or start others: when its time is up, all of it is killed and left behind. */
import { spawn } from 'node:child_process';

export interface Run {
  readonly command: string;
  readonly args: readonly string[];
  /** Null: unset. */
  readonly env: Readonly<Record<string, string | null>>;
  readonly seconds: number;
  /** Told what it prints, as it prints it. */
  onText?(text: string, stream: 'out' | 'err'): void;
}

export interface Ended {
  readonly state: 'done' | 'failed' | 'cut';
  /** How it ended, where that was not well. */
  readonly why: string | null;
  readonly seconds: number;
  /** The last of what it printed. */
  readonly out: string;
  readonly err: string;
}

const MOST_TEXT = 200_000;
/** How long a killed program may keep its pipes. */
const GRACE_MS = 2_000;

const running = new Set<number>();

/** Kills a program and what it started, which are a group of their own. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended
  }
}

/** Kills every program that is still running. */
export function killAll(): void {
  for (const pid of running) killGroup(pid);
}

function environmentOf(env: Run['env']): NodeJS.ProcessEnv {
  const all = Object.entries({ ...process.env, ...env }).filter(([, value]) => value !== null);
  return Object.fromEntries(all) as NodeJS.ProcessEnv;
}

/** Never rejects, and resolves at most GRACE_MS after its seconds are over, even of a program that cannot be killed. */
export function runProgram({ command, args, env, seconds, onText }: Run): Promise<Ended> {
  const began = performance.now();
  const text = { out: '', err: '' };
  return new Promise((resolve) => {
    let [cut, over] = [false, false];
    const child = spawn(command, args, {
      detached: true,
      env: environmentOf(env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const end = (state: Ended['state'], why: string | null): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      if (child.pid !== undefined) {
        killGroup(child.pid);
        running.delete(child.pid);
      }
      child.stdout?.destroy();
      child.stderr?.destroy();
      child.unref();
      resolve({ state, why, seconds: (performance.now() - began) / 1000, ...text });
    };
    const after = `cut when its ${seconds.toFixed(0)} s were over`;
    const timer = setTimeout(() => {
      cut = true;
      if (child.pid !== undefined) killGroup(child.pid);
      setTimeout(() => end('cut', after), GRACE_MS);
    }, 1000 * seconds);
    if (child.pid !== undefined) running.add(child.pid);
    for (const [stream, pipe] of [['out', child.stdout] as const, ['err', child.stderr] as const]) {
      pipe?.setEncoding('utf8');
      pipe?.on('data', (more: string) => {
        text[stream] = (text[stream] + more).slice(-MOST_TEXT);
        onText?.(more, stream);
      });
    }
    child.once('error', (error) => end('failed', `could not be started: ${error.message}`));
    const ended = (code: number | null, signal: string | null): void => {
      if (cut) end('cut', after);
      else if (code === 0) end('done', null);
      else end('failed', signal ? `killed by ${signal}` : `ended with ${code}`);
    };
    child.once('close', ended);
    // what it started may keep its pipes open
    child.once('exit', (code, signal) => setTimeout(() => ended(code, signal), GRACE_MS));
  });
}
