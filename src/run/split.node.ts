/** @file Who trains, validates and tests, from a file on disk. */
import { readBytes } from '../data/files/files.node.ts';
import type { Split } from '../data/split.ts';
import { parseSplit } from './split.ts';

/** As `parseSplit`. @throws FileError where it cannot be read; as `parseSplit` */
export async function readSplit(path: string): Promise<Split> {
  return parseSplit(new TextDecoder().decode(await readBytes(path)), path);
}
