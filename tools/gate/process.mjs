/** @file Programs that the gate runs, and what it leaves behind: nothing, however it ends. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const undo = [];
const running = new Set();

/** Calls `action`, which must not wait for anything, when the gate ends, on Ctrl-C too; the last given first. */
export function atEnd(action) {
  undo.unshift(action);
}

process.on('exit', () => {
  for (const { pid } of running) {
    try {
      // the group: npm's children too
      process.kill(-pid, 'SIGKILL');
    } catch {}
  }
  for (const action of undo) action();
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));

/** A folder that is removed at the end. */
export function temporaryFolder(keep) {
  const folder = mkdtempSync(join(tmpdir(), 'planewise-gate-'));
  if (!keep) atEnd(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

/** What git prints. Throws an Error with what it complains of. */
export function git(folder, ...args) {
  try {
    return execFileSync('git', args, {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  } catch (error) {
    throw new Error(`git ${args.join(' ')}: ${error.stderr || error.message}`);
  }
}

/**
 * Runs a program to its end.
 * @returns {Promise<{ code: number | null, stdout: string, stderr: string }>} code null where the time was up
 */
export function run(command, args, { cwd, env = process.env, seconds = 600 }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    const timer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), 1000 * seconds);
    const out = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'])
      child[stream].setEncoding('utf8').on('data', (text) => {
        out[stream] += text;
      });
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ code, ...out });
    });
  });
}

/** As `run`; throws an Error with what the program said where it fails. */
export async function succeed(command, args, options) {
  const { code, stdout, stderr } = await run(command, args, options);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} in ${options.cwd}:\n${stdout}${stderr}`);
  return stdout;
}

/** Gives out a number of places; work waits until one is free. */
export class Places {
  #free;
  #waiting = [];

  constructor(count) {
    this.#free = count;
  }

  async with(work) {
    if (this.#free > 0) this.#free--;
    else await new Promise((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}
