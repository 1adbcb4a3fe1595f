/** @file Who trains, validates and tests, as a file says it: split.json of a run, or one written by hand. */
import { parseJson } from '../base/json.ts';
import { expectParts, type Split } from '../data/split.ts';
import { parse } from './config.ts';
import { splitFileSchema } from './schemas.ts';

/**
 * The subjects of each part: `train`, `validation` and `test`, of which the last two may be empty, and `rest` where some
 * train without annotations. What a run's file says of the draw, and of `--unlabelled`, decides nothing here.
 * @param path what errors call it
 * @throws FileError where it is no JSON, ConfigError naming it where it holds something else, or a subject has two places
 */
export function parseSplit(text: string, path: string): Split {
  const { train, rest, validation, test } = parse(splitFileSchema, parseJson(text, path), path);
  const split: Split = { train, ...(rest && { rest }), validation, test };
  expectParts(split, path);
  return split;
}
