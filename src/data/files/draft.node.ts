/** @file A file that is written piece by piece beside the one that it is to be, and is that once it is whole. */
import { type FileHandle, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makingError, temporaryOf } from './files.node.ts';
import { makeFolder } from './make.node.ts';
import { fileError } from './read.node.ts';

export class Draft {
  /** What it is to be. */
  readonly path: string;
  readonly temporary: string;
  #handle: FileHandle | null;

  private constructor(path: string, temporary: string, handle: FileHandle) {
    this.path = path;
    this.temporary = temporary;
    this.#handle = handle;
  }

  /** A new one, its folder made if missing. @throws FileError */
  static async begin(path: string): Promise<Draft> {
    const temporary = temporaryOf(path);
    try {
      await makeFolder(dirname(path));
      return new Draft(path, temporary, await open(temporary, 'wx'));
    } catch (error) {
      throw fileError(path, makingError(path, error));
    }
  }

  /** Behind what there is. @throws FileError */
  async add(content: Uint8Array | string): Promise<void> {
    try {
      await this.#handle!.writeFile(content);
    } catch (error) {
      throw fileError(this.path, error);
    }
  }

  /** Comes back once all of it is on the medium. @throws FileError */
  async end(): Promise<void> {
    try {
      await this.#handle!.sync();
      await this.#close();
    } catch (error) {
      throw fileError(this.path, error);
    }
  }

  /** As if it had never been. */
  async drop(): Promise<void> {
    await this.#close().catch(() => {});
    await rm(this.temporary, { force: true });
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close();
  }
}
