/** @file Where weights are found: those in the package by their name, or where a path leads: a file, or the folder of a run. */
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FileError } from '../base/errors.ts';
import { readBytes } from '../data/files/files.node.ts';
import { weightsFile } from '../train/weightsfile.ts';
import { builtinWeights } from './shared.ts';

export { builtinWeights };

/** Of the package; the same from src/run and dist/run. */
export const builtinFolder = fileURLToPath(new URL('../../builtin', import.meta.url));

export interface FoundWeights {
  /** What messages call them: the path of the file, or `builtin`. */
  readonly file: string;
  readonly bytes: Uint8Array;
  /** What else the name could have meant; null: nothing. */
  readonly notice: string | null;
}

/** The weights file that a path means. */
function fileAt(path: string): string {
  if (!existsSync(path) || !statSync(path).isDirectory()) return path;
  const file = join(path, weightsFile);
  if (existsSync(file)) return file;
  throw new FileError(
    path,
    `is a folder without ${weightsFile}`,
    'Give the folder of a run that was validated or ended, or a weights file.',
  );
}

async function readBuiltin(): Promise<FoundWeights> {
  const other = resolve(builtinWeights);
  const hidden = existsSync(other) && other !== builtinFolder;
  return {
    file: builtinWeights,
    bytes: await readBytes(join(builtinFolder, weightsFile)),
    notice: hidden
      ? `${builtinWeights} stands for the weights in the package; what lies here under that name is ./${builtinWeights}.`
      : null,
  };
}

/**
 * The weights that a name or path means. `builtin` always means those in the package; a file or folder of that name is
 * `./builtin`.
 * @throws FileError where it is a folder without weights, or cannot be read
 */
export async function readFound(weights: string): Promise<FoundWeights> {
  if (weights === builtinWeights) return readBuiltin();
  const file = fileAt(weights);
  return { file, bytes: await readBytes(file), notice: null };
}
