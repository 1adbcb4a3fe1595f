/** @file Runs jobs in processes of their own, some at a time; one that does not end is ended with all it started. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('host.mjs', import.meta.url));

/** How long a process may take to be ready, in seconds. */
const START = 300;

class Host {
  #child = null;

  constructor(root, setup) {
    this.args = [root, ...(setup ? [setup] : [])];
    this.root = root;
  }

  /** The child's next message; null where it does not come in time, or the child ends. */
  #next(seconds) {
    const child = this.#child;
    return new Promise((resolve) => {
      const done = (value) => {
        clearTimeout(timer);
        child.removeAllListeners();
        resolve(value);
      };
      const timer = setTimeout(() => done(null), 1000 * seconds);
      child.once('message', done);
      child.once('exit', () => done(null));
    });
  }

  async #start() {
    const stdio = ['ignore', 'ignore', process.env.MUTANTS_VERBOSE ? 'inherit' : 'ignore', 'ipc'];
    this.#child = fork(program, this.args, {
      ...{ cwd: this.root, detached: true, serialization: 'advanced', stdio },
    });
    if ((await this.#next(START)) !== 'ready') throw new Error('Vitest did not start.');
  }

  /** What the run gave, or null where it took longer than `seconds`. */
  async run(job, seconds) {
    if (!this.#child) await this.#start();
    this.#child.send(job);
    const outcome = await this.#next(seconds);
    if (!outcome) this.stop();
    if (outcome?.error) throw new Error(outcome.error);
    return outcome;
  }

  stop() {
    const pid = this.#child?.pid;
    this.#child = null;
    try {
      if (pid) process.kill(-pid, 'SIGKILL');
    } catch {}
  }
}

/**
 * Runs each job (`seconds` it may take, and what host.mjs takes) and hands its outcome to `onDone`.
 * @param setup a file that each test file begins with
 */
export async function runJobs(jobs, { root, count, setup, onDone }) {
  const waiting = [...jobs];
  const hosts = Array.from({ length: Math.min(count, jobs.length) }, () => new Host(root, setup));
  const stop = () => hosts.forEach((host) => void host.stop());
  // before the tree's copy goes
  process.prependListener('exit', stop);
  const work = async (host) => {
    for (let job = waiting.shift(); job; job = waiting.shift()) {
      const began = performance.now();
      const { texts, tests, env, seconds } = job;
      const outcome = await host.run({ texts, tests, env }, seconds);
      await onDone(job, outcome, (performance.now() - began) / 1000);
    }
  };
  try {
    await Promise.all(hosts.map(work));
  } finally {
    stop();
    process.off('exit', stop);
  }
}
