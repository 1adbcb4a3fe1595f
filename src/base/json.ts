/** @file JSON of unknown origin: whatever it is, the only error is one that names its file. */
import { FileError } from './errors.ts';

/** Lists and objects within each other; what planewise writes has under twenty. More would break what walks the value. */
const DEEPEST = 100;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Whether more than `DEEPEST` lists and objects lie within each other. */
function isDeep(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const letter = text.charCodeAt(i);
    if (quoted && letter === BACKSLASH) i++;
    else if (letter === QUOTE) quoted = !quoted;
    else if (quoted) continue;
    // [ and {, then ] and }
    else if ((letter | 0x20) === 0x7b && ++depth > DEEPEST) return true;
    else if ((letter | 0x20) === 0x7d) depth--;
  }
  return false;
}

/**
 * The value of a JSON text.
 * @param file what errors call it
 * @param fix what errors say to do
 * @param otherwise what errors say of what is no JSON
 * @throws FileError where it is no JSON, or is nested more than 100 deep
 */
export function parseJson(
  text: string,
  file: string,
  fix = 'Repair it.',
  otherwise = 'is not JSON',
): unknown {
  if (isDeep(text))
    throw new FileError(file, `has lists or objects in each other more than ${DEEPEST} deep`, fix);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FileError(file, `${otherwise} (${(cause as Error).message})`, fix, { cause });
  }
}
