/** @file The weights that come with the page: fetched when they are first asked for. */
import { FileError } from '../../src/base/errors.ts';

/** Beside the page's scripts; set by the build. */
declare const BUILTIN_FILE: string;

/** What the page calls them. */
export const builtinName = 'built-in weights';

/** @throws FileError where the page's host does not answer, or has them not */
export async function fetchBuiltin(): Promise<Uint8Array<ArrayBuffer>> {
  const fix = 'Check the connection and try again; once they were fetched, the browser keeps them.';
  let response: Response;
  try {
    response = await fetch(new URL(BUILTIN_FILE, import.meta.url));
  } catch (cause) {
    throw new FileError(builtinName, 'cannot be fetched from where the page is', fix, { cause });
  }
  if (response.ok) return new Uint8Array(await response.arrayBuffer());
  throw new FileError(builtinName, `cannot be fetched (${response.status})`, fix);
}
