/** @file A file that stays open and is read by place. */
import * as fs from 'node:fs';
import { FileError } from '../../base/errors.ts';
import { partBytes } from './descriptors.node.ts';
import { fileError } from './read.node.ts';

/** Closes files that nobody can read from any more. */
const closing = new FinalizationRegistry<number>((descriptor) => fs.closeSync(descriptor));

/** Bytes that are read only so that the system has them at hand. */
const scrap = new Uint8Array(2 ** 20);

/** What is read is of the file that was opened, even where another has taken its name since. */
export class OpenFile {
  readonly path: string;
  /** Bytes when it was opened. */
  readonly length: number;
  readonly #descriptor: number;

  /** @throws FileError where it is no file, or may not be read */
  constructor(path: string) {
    this.path = path;
    try {
      this.#descriptor = fs.openSync(path, fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0));
      closing.register(this, this.#descriptor);
      const stats = fs.fstatSync(this.#descriptor);
      if (!stats.isFile()) throw new FileError(path, 'is not a file', 'Give a file.');
      this.length = stats.size;
    } catch (error) {
      throw fileError(path, error);
    }
  }

  /**
   * Bytes `at` … `at + length`.
   * @param into holds them, where it is given: as many at least
   * @throws FileError where they cannot be read, or are no longer there
   */
  read(at: number, length: number, into = new Uint8Array(length)): Uint8Array<ArrayBuffer> {
    const bytes = into.subarray(0, length);
    try {
      for (let have = 0; have < length; ) {
        const most = Math.min(partBytes, length - have);
        const read = fs.readSync(this.#descriptor, bytes, have, most, at + have);
        if (read === 0) throw this.#ended(at + have);
        have += read;
      }
    } catch (error) {
      throw fileError(this.path, error);
    }
    return bytes;
  }

  #ended(at: number): FileError {
    const problem = `ends at byte ${at}, though it held ${this.length} bytes when it was opened`;
    return new FileError(this.path, problem, 'Something changed it meanwhile. Restore it, and go on.');
  }

  /** Has the system read some bytes, which it keeps for who asks next. Whether it does, or fails, shows then. */
  ahead(at: number, length: number): void {
    for (let from = 0; from < length; from += scrap.length)
      fs.read(this.#descriptor, scrap, 0, Math.min(scrap.length, length - from), at + from, () => {});
  }
}
