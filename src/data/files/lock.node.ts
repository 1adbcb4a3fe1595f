/**
 * @file One writer at a time for a folder: a file in it says who that is (docs/decisions/locks.md). Who writes looks at
 * the file before each write, so that a folder that was removed, exchanged or taken over is noticed.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BusyError, FileError } from '../../base/errors.ts';
import { isRecord } from '../../base/record.ts';
import { createWhole, removeOnly, textAt } from './exclusive.node.ts';
import { sweepTemporary } from './files.node.ts';
import { makeFolder } from './make.node.ts';
import { markOf, ownMark, type ProcessMark, presenceOf } from './process.node.ts';
import { codeOf, fileError } from './read.node.ts';

/** Who writes into a folder. */
export const lockFile = 'running.json';
/** Who takes the folder of a process that is gone. */
const takingFile = `${lockFile}.taking`;

/** Whether a name is of a lock, or of what making one leaves where it is killed. */
export const isLockName = (name: string): boolean => name === lockFile || name.startsWith(`${lockFile}.`);

/** How often, and how long between, a lock that is just being made or taken over is looked at again. */
const TRIES = 25;
const PAUSE_MS = 20;
const WAIT_MS = 500;

interface Holder extends ProcessMark {
  readonly since: string | null;
  readonly id: string | null;
}

function holderOf(text: string): Holder | null {
  try {
    const value: unknown = JSON.parse(text);
    const mark = markOf(value);
    if (!mark || !isRecord(value)) return null;
    const { since, id } = value;
    return {
      ...mark,
      since: typeof since === 'string' ? since : null,
      id: typeof id === 'string' ? id : null,
    };
  } catch {
    return null;
  }
}

/** Locks of this process, by their ids. */
const held = new Map<string, FolderLock>();

/** A program that is told to stop leaves no lock behind either. */
function onExit(): void {
  for (const lock of held.values()) lock.free();
}

function presence(holder: Holder): ReturnType<typeof presenceOf> {
  const found = presenceOf(holder);
  if (found !== 'there' || holder.pid !== process.pid) return found;
  // the number is this process's own, which another may have had before; another thread tells by its start
  return (holder.id !== null && held.has(holder.id)) || holder.started !== null ? 'there' : 'gone';
}

/** Replaces a lock whose process is gone; only one at a time tries, so that nobody replaces a lock that was just made. */
async function takeOver(folder: string, stale: string, own: string): Promise<boolean> {
  const [path, taking] = [join(folder, lockFile), join(folder, takingFile)];
  if (!(await createWhole(taking, own))) {
    const other = await textAt(taking);
    const holder = other === null ? null : holderOf(other);
    if (other !== null && (!holder || presence(holder) === 'gone')) await removeOnly(taking, other);
    return false;
  }
  try {
    if ((await textAt(path)) !== stale) return false;
    await rm(path);
    return await createWhole(path, own);
  } finally {
    await rm(taking, { force: true });
  }
}

/** Makes the lock. Throws BusyError; ENOENT where the folder is gone. */
async function acquire(folder: string, own: string): Promise<void> {
  const path = join(folder, lockFile);
  for (let attempt = 1; ; attempt++) {
    if (await createWhole(path, own)) return;
    const text = await textAt(path);
    const holder = text === null ? null : holderOf(text);
    if (holder && text !== null) {
      const found = presence(holder);
      if (found === 'there')
        throw new BusyError(folder, holder, 'Wait for it, stop it, or choose another folder.');
      if (found === 'elsewhere')
        throw new BusyError(folder, holder, `If that process is gone, delete ${path}.`);
      if (await takeOver(folder, text, own)) return;
    }
    if (attempt === TRIES && text !== null)
      throw new FileError(
        path,
        holder ? 'could not be taken over from a process that is gone' : 'does not say who writes there',
        'Delete it if nobody does.',
      );
    // being made, or taken by somebody else
    await sleep(PAUSE_MS);
  }
}

/** Makes a folder and the lock in it. @returns the outermost folder that was made, null where all were there */
async function makeLocked(folder: string, own: string): Promise<string | null> {
  for (let attempt = 1; ; attempt++) {
    const made = await makeFolder(folder);
    try {
      await acquire(folder, own);
      return made;
    } catch (error) {
      // who was there before may just have removed it, for nothing came of it
      if (codeOf(error) !== 'ENOENT') throw error;
      if (attempt === TRIES) throw new FileError(folder, 'takes no new files', 'Choose another folder.');
    }
  }
}

/** A folder that only this process, by its own word, writes into. */
export class FolderLock {
  readonly folder: string;
  /** The outermost folder that was made for it, null where it was there. */
  readonly #made: string | null;
  readonly #text: string;
  readonly #id: string;

  /** Of a lock that was made; see `lockFolder`. */
  constructor(folder: string, made: string | null, text: string, id: string) {
    this.folder = folder;
    this.#made = made;
    this.#text = text;
    this.#id = id;
    if (!process.listeners('exit').includes(onExit)) process.on('exit', onExit);
    held.set(id, this);
  }

  /** @throws FileError naming the folder where it is gone, is another one, or has been taken over */
  async check(): Promise<void> {
    const path = join(this.folder, lockFile);
    let text: string | null;
    try {
      text = await textAt(path);
    } catch (error) {
      throw fileError(path, error);
    }
    if (text === this.#text) return;
    const fix = 'Nothing more is written there. Look where it went, and go on from what is left.';
    if (!existsSync(this.folder))
      throw new FileError(this.folder, 'is gone: it was removed or renamed while it was written into', fix);
    const other = text === null ? null : holderOf(text);
    const problem = other
      ? `is now written into by process ${other.pid} on ${other.host}`
      : `is no longer the folder that was written into, for its ${lockFile} is gone`;
    throw new FileError(this.folder, problem, fix);
  }

  /** Gives the folder free; if it was made for the lock and nothing came of it, it goes. */
  free(): void {
    held.delete(this.#id);
    const path = join(this.folder, lockFile);
    try {
      if (readFileSync(path, 'utf8') !== this.#text) return;
      rmSync(path, { force: true });
      if (this.#made === null) return;
      const last = dirname(this.#made);
      for (let at = resolve(this.folder); at !== last; at = dirname(at)) rmdirSync(at);
    } catch {
      // not empty, or gone: both are as they should be
    }
  }
}

/**
 * Takes a folder, made if need be, for this process; a process that is gone no longer has it. What killed writes left in
 * it is swept away.
 * @throws BusyError where somebody else has it, or may have it on another machine
 * @throws FileError where it cannot be made or written into
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const id = randomUUID();
  const text = `${JSON.stringify({ ...ownMark(), since: new Date().toISOString(), id })}\n`;
  try {
    const made = await makeLocked(folder, text);
    const lock = new FolderLock(folder, made, text, id);
    await sweepTemporary(folder);
    return lock;
  } catch (error) {
    if (error instanceof BusyError) throw error;
    throw fileError(folder, error);
  }
}

/** Who writes into a folder, as far as is known: null where nobody does, or a process that is gone did. */
export async function writerIn(folder: string): Promise<BusyError | null> {
  const path = join(folder, lockFile);
  const text = await textAt(path);
  const holder = text === null ? null : holderOf(text);
  if (!holder || presence(holder) === 'gone') return null;
  return new BusyError(folder, holder, `If that process is gone, delete ${path}.`);
}

/** Gives a folder free that a job of Slurm has which has ended. @param ended whether a job has, as its lock names it */
export async function freeOfJob(folder: string, ended: (job: string) => boolean): Promise<void> {
  const path = join(folder, lockFile);
  const text = await textAt(path);
  const job = text === null ? null : (holderOf(text)?.job ?? null);
  if (text !== null && job !== null && ended(job)) await removeOnly(path, text);
}

/** As `lockFolder`, once who has it is done; `onWait` is told who that is. */
export async function lockWhenFree(folder: string, onWait: (who: BusyError) => void): Promise<FolderLock> {
  for (let told = false; ; ) {
    try {
      return await lockFolder(folder);
    } catch (error) {
      if (!(error instanceof BusyError)) throw error;
      if (!told) onWait(error);
      told = true;
      await sleep(WAIT_MS);
    }
  }
}

/** Does work in a folder that is locked, and gives it free; that it is gone explains whatever else went wrong. */
export async function whileLocked<T>(lock: FolderLock, work: (lock: FolderLock) => Promise<T>): Promise<T> {
  try {
    return await work(lock);
  } catch (error) {
    await lock.check();
    throw error;
  } finally {
    lock.free();
  }
}
