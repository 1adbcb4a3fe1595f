/** @file What a folder's files say and are called, searched byte by byte for names that must not be there. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Latin-1, so that every byte is a letter. */
export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/**
 * Which secrets are in the files of a folder or in the names under it, by file.
 * @param but names of files that may hold them
 */
export async function leaks(
  folder: string,
  secrets: readonly string[],
  but: readonly string[] = [],
): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const bytes = entry.isFile() && !but.includes(entry.name) ? await readFile(path) : new Uint8Array();
    const text = textOf(entry.name.endsWith('.gz') ? gunzipSync(bytes) : bytes) + path.slice(folder.length);
    found.push(
      ...secrets.filter((secret) => text.includes(secret)).map((secret) => `${entry.name}: ${secret}`),
    );
  }
  return found;
}
