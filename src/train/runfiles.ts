/** @file Where a run keeps its files: the interface of the trainer to disk, browser storage or memory. */

/** A flat folder of files. Every method throws FileError naming the file when the medium refuses (full, read-only). */
export interface RunFiles {
  /** The whole file, or null where there is none. */
  read(name: string): Promise<Uint8Array | null>;
  /** Replaces a file as a whole: whatever happens, a reader sees all of the old bytes or all of the new ones. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Adds text at the end of a file, which it makes if need be. */
  append(name: string, text: string): Promise<void>;
  /**
   * Gives a file another name, replacing a file of that name, for good; nothing happens where there is no such file.
   */
  rename(from: string, to: string): Promise<void>;
  /**
   * Comes back once what was appended to a file lasts through a power cut; nothing happens where there is no such file.
   * A medium without it keeps what it was given.
   */
  sync?(name: string): Promise<void>;
  /** How a message should call the file (its path). */
  describe(name: string): string;
}

/**
 * Files in memory: for the browser and for tests.
 * @example
 * const files = new MemoryFiles();
 * await files.append('log.jsonl', '{"step":1}\n');
 * await files.append('log.jsonl', '{"step":2}\n');
 * new TextDecoder().decode(await files.read('log.jsonl')); // "{\"step\":1}\n{\"step\":2}\n"
 */
export class MemoryFiles implements RunFiles {
  readonly files = new Map<string, Uint8Array>();

  async read(name: string): Promise<Uint8Array | null> {
    return this.files.get(name) ?? null;
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    this.files.set(name, bytes.slice());
  }

  async append(name: string, text: string): Promise<void> {
    const before = this.files.get(name) ?? new Uint8Array();
    const added = new TextEncoder().encode(text);
    const joined = new Uint8Array(before.length + added.length);
    joined.set(before);
    joined.set(added, before.length);
    this.files.set(name, joined);
  }

  async rename(from: string, to: string): Promise<void> {
    const bytes = this.files.get(from);
    if (!bytes) return;
    this.files.delete(from);
    this.files.set(to, bytes);
  }

  describe(name: string): string {
    return name;
  }
}

/** A file as text, or null where there is none. */
export async function readText(files: RunFiles, name: string): Promise<string | null> {
  const bytes = await files.read(name);
  return bytes && new TextDecoder().decode(bytes);
}

export function writeText(files: RunFiles, name: string, text: string): Promise<void> {
  return files.write(name, new TextEncoder().encode(text));
}
