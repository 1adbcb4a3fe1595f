/** @file The page that is in this package, served. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FileError } from '../base/errors.ts';
import { type Served, serve } from './pageserver.node.ts';

/** From dist/commands. */
const pageFolder = fileURLToPath(new URL('../web', import.meta.url));
const weights = fileURLToPath(new URL('../../builtin/weights.safetensors', import.meta.url));

const builtinName = /^builtin-[0-9a-f]+\.safetensors$/;

const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException).code;

/** The page of this package; on another port where one is taken. @throws FileError where the page is not built */
export async function servePage(port: number): Promise<Served> {
  if (!existsSync(join(pageFolder, 'index.html')))
    throw new FileError(pageFolder, 'holds no page', 'Build it (npm run build), or install planewise again.');
  // the weights come with the package once
  const elsewhere = (name: string): string | null => (builtinName.test(name) ? weights : null);
  try {
    return await serve(pageFolder, port, elsewhere);
  } catch (error) {
    // taken by others, or kept for the system
    if (['EADDRINUSE', 'EACCES'].includes(String(codeOf(error)))) return serve(pageFolder, 0, elsewhere);
    throw error;
  }
}
