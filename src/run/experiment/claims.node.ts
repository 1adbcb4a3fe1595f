/** @file Who is at a run: a file in its folder, so that no two processes make it at the same time. */
import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileError } from '../../data/files/files.node.ts';

const claimFile = 'running.json';

/** How often it is looked whether another process is done, milliseconds. */
export const POLL = 1000;

interface Claim {
  readonly host: string;
  readonly pid: number;
  /** No other claim has it. */
  readonly id?: string;
}

/** A run that is this process's, or who has it. */
export type Claimed = { readonly free: () => Promise<void> } | { readonly by: string };

/** Claims of this process: under its own number others may be left over from one that is gone. */
const own = new Set<string | undefined>();

function isAlive({ host, pid, id }: Claim): boolean {
  if (host !== hostname()) return true;
  if (pid === process.pid) return own.has(id);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // another user's process is there too
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Null where the text is none, as of a process that was cut short on a file system without links. */
function claimOf(text: string): Claim | null {
  try {
    return JSON.parse(text) as Claim;
  } catch {
    return null;
  }
}

const readIfThere = (path: string): Promise<string | null> => readFile(path, 'utf8').catch(() => null);

/** Writes a claim beside its place, for `place` to put it there; what gives it free, or null where `place` refuses. */
async function placed(
  path: string,
  place: (draft: string, text: string) => Promise<boolean>,
): Promise<Claimed | null> {
  const id = randomUUID();
  const draft = `${path}.${id}`;
  const text = `${JSON.stringify({ host: hostname(), pid: process.pid, id } satisfies Claim)}\n`;
  await writeFile(draft, text);
  // before anybody can read it
  own.add(id);
  const free = async (): Promise<void> => {
    await rm(path, { force: true });
    own.delete(id);
  };
  try {
    if (await place(draft, text)) return { free };
    own.delete(id);
    return null;
  } catch (error) {
    throw fileError(path, error);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Makes a claim that has its content from the first moment; null where there is one. */
const created = (path: string): Promise<Claimed | null> =>
  placed(path, async (draft, text) => {
    try {
      await link(draft, path).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST') throw error;
        // some file systems have no links
        return writeFile(path, text, { flag: 'wx' });
      });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  });

/** Who has a claim, by its text; null where that process is gone. */
function holder(text: string, path: string): string | null {
  const other = claimOf(text);
  if (other && !isAlive(other)) return null;
  return other ? `process ${other.pid} on ${other.host} (${path})` : path;
}

/**
 * Puts an own claim in the place of a dead one. Of all that found the same dead claim one at a time may, and it looks
 * again first: else a slow one would throw out the claim of a fast one, and both would have the run.
 * @returns null where it is no longer there
 */
export async function succeed(path: string, dead: string): Promise<Claimed | null> {
  const right = await claimAt(`${path}.next`);
  if ('by' in right) return right;
  try {
    if ((await readIfThere(path)) !== dead) return null;
    return await placed(path, (draft) => rename(draft, path).then(() => true));
  } finally {
    await right.free();
  }
}

async function claimAt(path: string): Promise<Claimed> {
  for (;;) {
    const fresh = await created(path);
    if (fresh) return fresh;
    const text = await readIfThere(path);
    if (text === null) continue;
    const by = holder(text, path);
    if (by !== null) return { by };
    const taken = await succeed(path, text);
    if (taken) return taken;
  }
}

/**
 * Takes a run for this process, so that nobody else makes it at the same time; a process that is gone no longer has it.
 * @returns what gives it free again, or who has it
 */
export async function claim(folder: string): Promise<Claimed> {
  await mkdir(folder, { recursive: true });
  return claimAt(join(folder, claimFile));
}

/** Does work in a folder while no other process does any there, after those that do. `onWait` is told who does. */
export async function alone<T>(
  folder: string,
  work: () => Promise<T>,
  onWait: (by: string) => void,
): Promise<T> {
  for (let told = false; ; told = true) {
    const taken = await claim(folder);
    if ('free' in taken)
      try {
        return await work();
      } finally {
        await taken.free();
      }
    if (!told) onWait(taken.by);
    await pause(POLL);
  }
}

/** Who is at a run; null: nobody, or a process that is gone. */
export async function holderOf(folder: string): Promise<string | null> {
  const path = join(folder, claimFile);
  const text = await readIfThere(path);
  return text === null ? null : holder(text, path);
}
