/** @file Who trains, validates and tests, from a file: split.json of a run, or one written by hand. */
import { parseJson } from '../base/json.ts';
import { readBytes } from '../data/files/files.node.ts';
import { expectParts, type Split } from '../data/split.ts';
import { parse } from './config.ts';
import { splitFileSchema } from './schemas.ts';

/**
 * The subjects of each part: `train`, `validation` and `test`, of which the last two may be empty, and `rest` where some
 * train without annotations. What a run's file says of the draw, and of `--unlabelled`, decides nothing here.
 * @throws FileError where it cannot be read, ConfigError naming it where it holds something else, or a subject has two places
 */
export async function readSplit(path: string): Promise<Split> {
  const value = parseJson(new TextDecoder().decode(await readBytes(path)), path);
  const { train, rest, validation, test } = parse(splitFileSchema, value, path);
  const split: Split = { train, ...(rest && { rest }), validation, test };
  expectParts(split, path);
  return split;
}
