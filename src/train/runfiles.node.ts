/** @file A run's folder on disk. */
import { appendFile, mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileError, readBytes, writeFiles } from '../data/files/files.node.ts';
import type { RunFiles } from './runfiles.ts';

const isMissing = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';

/** Files of one folder, which is made with its first file. */
export class DiskFiles implements RunFiles {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
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

  write(name: string, bytes: Uint8Array): Promise<void> {
    return writeFiles([{ path: this.describe(name), bytes }]);
  }

  async append(name: string, text: string): Promise<void> {
    const path = this.describe(name);
    try {
      await mkdir(dirname(path), { recursive: true });
      await appendFile(path, text);
    } catch (error) {
      throw fileError(path, error);
    }
  }

  async rename(from: string, to: string): Promise<void> {
    try {
      await rename(this.describe(from), this.describe(to));
    } catch (error) {
      if (!isMissing(error)) throw fileError(this.describe(from), error);
    }
  }
}
