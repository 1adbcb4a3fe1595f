/** @file Runs readers in a process of their own, which may hang or die without harm. */
import { type ChildProcess, fork } from 'node:child_process';
import type { Outcome, Task } from './fuzzChild.ts';

/** What came of a file: also that its reader took too long, or took the process with it. */
export type Verdict = Omit<Outcome, 'kind'> & { readonly kind: Outcome['kind'] | 'hung' | 'died' };

/** A reader that takes longer hangs, ms. */
const MOST_MS = 5000;

/** Beyond that limit, of the clock: a busy machine gives a process a part of its time. */
const GRACE_MS = 25_000;

export class ReaderProcess {
  readonly #program: string;
  #child: ChildProcess | undefined;

  /** @param program fuzzChild.ts as it was built */
  constructor(program: string) {
    this.#program = program;
  }

  #running(): ChildProcess {
    this.#child ??= fork(this.#program, {
      serialization: 'advanced',
      execArgv: ['--max-old-space-size=2048'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    return this.#child;
  }

  /** Reads one file; whatever happens, the next call finds a process that works. */
  run(task: Task): Promise<Verdict> {
    const child = this.#running();
    const started = performance.now();
    return new Promise((resolve) => {
      const end = (verdict: Verdict): void => {
        clearTimeout(timer);
        child.off('message', onMessage).off('exit', onExit);
        resolve(verdict);
      };
      const lost = (kind: 'hung' | 'died', text: string): void => {
        this.close();
        end({ kind, text, ms: performance.now() - started, mib: Number.NaN });
      };
      const onMessage = (outcome: Outcome): void =>
        end(outcome.ms > MOST_MS ? { ...outcome, kind: 'hung' } : outcome);
      const onExit = (code: number | null, signal: string | null): void =>
        lost('died', `exit ${code ?? signal}`);
      const timer = setTimeout(() => lost('hung', `over ${MOST_MS + GRACE_MS} ms`), MOST_MS + GRACE_MS);
      child.on('message', onMessage).on('exit', onExit);
      child.send(task);
    });
  }

  close(): void {
    this.#child?.removeAllListeners().kill('SIGKILL');
    this.#child = undefined;
  }
}
