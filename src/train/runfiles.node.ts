/** @file A run's folder on disk. */
import { appendFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileError, readBytes, writeFiles } from '../data/files/files.node.ts';
import { makeFolder } from '../data/files/make.node.ts';
import { syncFile, syncFolder } from '../data/files/sync.node.ts';
import type { RunFiles } from './runfiles.ts';

const isMissing = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';

/**
 * Files of one folder, which is made with its first file; of a locked one, which is looked at before each write and
 * never made again.
 * @example
 * const files = new DiskFiles('no/such/run');
 * await files.read('weights.safetensors'); // null
 */
export class DiskFiles implements RunFiles {
  readonly folder: string;
  readonly #lock: { check(): Promise<void> } | undefined;

  /** `lock.check` throws where the folder is no longer the caller's; see `lockFolder`. */
  constructor(folder: string, lock?: { check(): Promise<void> }) {
    this.folder = folder;
    this.#lock = lock;
  }

  describe(name: string): string {
    return join(this.folder, name);
  }

  async read(name: string): Promise<Uint8Array | null> {
    try {
      return await readBytes(this.describe(name));
    } catch (error) {
      if (isMissing((error as Error).cause)) return null;
      throw error;
    }
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    await this.#lock?.check();
    await writeFiles([{ path: this.describe(name), bytes }], this.#lock ? 'expect' : 'make');
  }

  append(name: string, content: string | Uint8Array): Promise<void> {
    return this.#change(name, async (path) => {
      if (!this.#lock) await makeFolder(dirname(path));
      await appendFile(path, content);
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.#change(from, async (path) => {
      const moved = await rename(path, this.describe(to)).then(() => true, orMissing);
      if (moved) await syncFolder(this.folder);
    });
  }

  sync(name: string): Promise<void> {
    return this.#change(name, async (path) => {
      await syncFile(path).catch(orMissing);
    });
  }

  async #change(name: string, change: (path: string) => Promise<void>): Promise<void> {
    await this.#lock?.check();
    const path = this.describe(name);
    try {
      await change(path);
    } catch (error) {
      throw fileError(path, error);
    }
  }
}

/** False where there is no such file. */
function orMissing(error: unknown): false {
  if (isMissing(error)) return false;
  throw error;
}
