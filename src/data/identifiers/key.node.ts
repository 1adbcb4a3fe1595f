/** @file The key of a project on disk: found where one works or above, made with the first pseudonym, and only ever added to. */

import { constants, existsSync } from 'node:fs';
import { access, open } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { variable } from '../../base/environment.node.ts';
import { createWhole } from '../files/exclusive.node.ts';
import { expectWritable, fileError, readBytes } from '../files/files.node.ts';
import { syncFolder } from '../files/sync.node.ts';
import { keyHead, keyLines, keyName, parseKey } from './keytext.ts';
import { newSalt, type Originals, Pseudonyms } from './pseudonyms.ts';

/** Whom a file of secrets is for: its owner. */
const OWNER_ONLY = 0o600;

/** How often, and how long between, a key is looked at again that another process is just adding to. */
const TRIES = 25;
const PAUSE_MS = 20;

/** Where the key is or will be: PLANEWISE_KEY, else the nearest in the working directory or above it, else there. */
export function keyPath(): string {
  const named = variable('PLANEWISE_KEY');
  if (named !== undefined) return resolve(named);
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    const path = join(folder, keyName);
    if (existsSync(path)) return path;
    if (dirname(folder) === folder) return join(process.cwd(), keyName);
  }
}

/** The pseudonyms of a key file. */
export class ProjectKey {
  readonly path: string;
  readonly names: Pseudonyms;
  /** What ends its last line, where an editor has left it without an end. */
  readonly #end: string;

  private constructor(path: string, names: Pseudonyms, end: string) {
    this.path = path;
    this.names = names;
    this.#end = end;
  }

  /** @throws FileError where the key is damaged or cannot be read or made */
  static async open(): Promise<ProjectKey> {
    const path = keyPath();
    if (!existsSync(path)) await ProjectKey.#make(path);
    return ProjectKey.#read(path);
  }

  /** What it tells apart is written elsewhere next: its own name must not be lost before. */
  static async #make(path: string): Promise<void> {
    try {
      await createWhole(path, keyHead(newSalt()), OWNER_ONLY);
      await syncFolder(dirname(path));
    } catch (error) {
      throw fileError(path, error);
    }
  }

  /** Checks, before images are read, that the key can be made or added to. @throws FileError with the system's reason */
  static async expectPlace(): Promise<void> {
    const path = keyPath();
    if (!existsSync(path)) return expectWritable(path);
    await access(path, constants.R_OK | constants.W_OK).catch((error) => {
      throw fileError(path, error);
    });
  }

  /** The key where there is one. @throws FileError where it is damaged or cannot be read */
  static async openIfThere(): Promise<ProjectKey | null> {
    const path = keyPath();
    return existsSync(path) ? ProjectKey.#read(path) : null;
  }

  static async #read(path: string): Promise<ProjectKey> {
    let text = '';
    let whole = false;
    // what is being written has no end yet
    for (let attempt = 1; !whole && attempt <= TRIES; attempt++) {
      if (attempt > 1) await sleep(PAUSE_MS);
      text = new TextDecoder().decode(await readBytes(path));
      whole = text.endsWith('\n');
    }
    const { salt, entries } = parseKey(text, path);
    return new ProjectKey(path, await Pseudonyms.of(salt, entries), whole ? '' : '\n');
  }

  /** Gives names pseudonyms, which the file has before this returns. @throws FileError where it cannot be written */
  async learn(originals: Originals): Promise<void> {
    const entries = await this.names.learn(originals);
    if (entries.length === 0) return;
    try {
      const file = await open(this.path, 'a', OWNER_ONLY);
      try {
        const bytes = new TextEncoder().encode(this.#end + keyLines(entries));
        // one write, so that those of several processes do not mix; appendFile makes one of each 512 KiB
        for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      throw fileError(this.path, error);
    }
  }
}
