/** @file Where a path leads that means weights: a file, or the folder of a run. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { FileError } from '../base/errors.ts';
import { weightsFile } from '../train/weightsfile.ts';

/** The weights file that a path means. @throws FileError where it is a folder without one */
export function weightsIn(path: string): string {
  if (!existsSync(path) || !statSync(path).isDirectory()) return path;
  const file = join(path, weightsFile);
  if (existsSync(file)) return file;
  throw new FileError(
    path,
    `is a folder without ${weightsFile}`,
    'Give the folder of a run that was validated or ended, or a weights file.',
  );
}
