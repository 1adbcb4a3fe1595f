/** @file Where winners of the tuner are kept on this machine. */
import { variable } from '../base/environment.node.ts';
import { cacheFolder } from '../tensor/cachefolder.node.ts';
import { DiskFiles } from '../train/runfiles.node.ts';

/** The folder PLANEWISE_CACHE, else `planewise` in the user's cache folder. */
export function cacheFiles(): DiskFiles {
  return new DiskFiles(variable('PLANEWISE_CACHE') ?? cacheFolder());
}
