/** @file Makes what was done to files and folders last through a power cut. */
import { open } from 'node:fs/promises';

/** File systems that cannot sync a folder, or need not, say one of these. */
const needless = ['EINVAL', 'ENOTSUP', 'ENOSYS', 'EISDIR', 'EPERM', 'EBADF'];

/** Waits until a file's bytes are on the medium. Rejects with the operating system's error. */
export async function syncFile(path: string): Promise<void> {
  // Windows syncs only what may be written
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Waits until the names in a folder are on the medium; Windows has no such call. Rejects with the operating system's error. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } catch (error) {
    if (!needless.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    await folder.close();
  }
}
