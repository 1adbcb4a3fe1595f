/** @file Folders of the browser's private file system (OPFS), in workers. */
import { FileError } from '../src/base/errors.ts';
import type { RunFiles } from '../src/train/runfiles.ts';

/** What dedicated workers have and the DOM types lack. */
interface SyncAccess {
  getSize(): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  flush(): void;
  close(): void;
}

interface WorkerFileHandle extends FileSystemFileHandle {
  createSyncAccessHandle(): Promise<SyncAccess>;
  /** Renames within the folder, replacing a file of that name. */
  move?(name: string): Promise<void>;
}

const isMissing = (error: unknown): boolean =>
  error instanceof DOMException && error.name === 'NotFoundError';

/** In the user's words: full, or refused. */
function storageError(file: string, error: unknown): FileError {
  const full = error instanceof DOMException && error.name === 'QuotaExceededError';
  const problem = full
    ? 'does not fit into the storage this browser gives the page'
    : `cannot be kept in this browser (${error instanceof Error ? error.message : error})`;
  const fix = full
    ? 'Delete stored data under Data, or free disk space.'
    : 'Reload the page, or allow it to store data.';
  return new FileError(file, problem, fix, { cause: error });
}

/** One flat folder of OPFS. Only for workers: appending uses what only they have. */
export class PrivateFolder implements RunFiles {
  readonly folder: string;
  #handle: Promise<FileSystemDirectoryHandle> | undefined;

  constructor(folder: string) {
    this.folder = folder;
  }

  describe(name: string): string {
    return `${this.folder}/${name}`;
  }

  async read(name: string): Promise<Uint8Array | null> {
    return this.#attempt(name, async () => {
      const file = await (await this.#file(name, false)).getFile();
      return new Uint8Array(await file.arrayBuffer());
    });
  }

  /** Written aside and swapped in when closed, as the standard has it. */
  async write(name: string, bytes: Uint8Array): Promise<void> {
    await this.#attempt(name, async () => {
      const stream = await (await this.#file(name, true)).createWritable();
      try {
        await stream.write(bytes as Uint8Array<ArrayBuffer>);
      } catch (error) {
        await stream.abort();
        throw error;
      }
      await stream.close();
    });
  }

  async append(name: string, text: string): Promise<void> {
    await this.#attempt(name, async () => {
      const access = await (await this.#file(name, true)).createSyncAccessHandle();
      try {
        access.write(new TextEncoder().encode(text), { at: access.getSize() });
        access.flush();
      } finally {
        access.close();
      }
    });
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#attempt(from, async () => {
      const file = await this.#file(from, false);
      if (file.move) return file.move(to);
      await this.write(to, new Uint8Array(await (await file.getFile()).arrayBuffer()));
      await (await this.#directory()).removeEntry(from);
    });
  }

  /** Deletes the folder and all in it. */
  async clear(): Promise<void> {
    this.#handle = undefined;
    await this.#attempt('', async () => {
      await (await navigator.storage.getDirectory()).removeEntry(this.folder, { recursive: true });
    });
  }

  #directory(): Promise<FileSystemDirectoryHandle> {
    this.#handle ??= navigator.storage
      .getDirectory()
      .then((root) => root.getDirectoryHandle(this.folder, { create: true }));
    return this.#handle;
  }

  async #file(name: string, create: boolean): Promise<WorkerFileHandle> {
    return (await (await this.#directory()).getFileHandle(name, { create })) as WorkerFileHandle;
  }

  /** Null where there is no such file. */
  async #attempt<T>(name: string, action: () => Promise<T>): Promise<T | null> {
    try {
      return await action();
    } catch (error) {
      if (isMissing(error)) return null;
      throw storageError(this.describe(name), error);
    }
  }
}
