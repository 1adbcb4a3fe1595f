/** @file Files of which one process alone makes each, and none sees a part. */
import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { writeSynced } from './make.node.ts';
import { codeOf } from './read.node.ts';

/** Makes a file that has its content from the first moment; whether there was none. @param mode who may read it */
export async function createWhole(path: string, text: string, mode = 0o666): Promise<boolean> {
  const draft = `${path}.${randomUUID()}.tmp`;
  try {
    await writeSynced(draft, text, 'wx', mode);
    // some file systems have no links
    await link(draft, path).catch((error) =>
      codeOf(error) === 'EEXIST' ? Promise.reject(error) : writeFile(path, text, { flag: 'wx', mode }),
    );
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** A file as text, null where there is none. */
export const textAt = (path: string): Promise<string | null> =>
  readFile(path, 'utf8').catch((error) => (codeOf(error) === 'ENOENT' ? null : Promise.reject(error)));

/** Removes a file unless it holds something else by now. */
export async function removeOnly(path: string, text: string): Promise<void> {
  const aside = `${path}.${randomUUID()}.tmp`;
  await rename(path, aside).catch(() => {});
  const taken = await textAt(aside);
  if (taken !== null && taken !== text) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}
