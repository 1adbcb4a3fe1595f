/** @file The gist of the card of the weights in the package: what its maker, tools/builtin.mjs, wrote beside them. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FileError } from '../base/errors.ts';
import { valueText } from '../results/result.ts';
import { type Recipe, recipeText } from './recipe.ts';
import { builtinFolder } from './weights.node.ts';

/** Beside the weights, written with them. */
export const madeFile = 'made.json';

/** A figure on subjects that the pretraining held out. */
export interface MadeFigure {
  readonly title: string;
  readonly unit: string;
  readonly digits: number;
  readonly value: number | null;
  readonly trivial: number | null;
}

/** How the weights in the package came about. */
export interface Made {
  /** SHA-256 of the file. */
  readonly sha256: string;
  readonly bytes: number;
  /** Of the training; fewer than in builtin/config.json where the maker was only tried. */
  readonly steps: number;
  readonly subjects: number;
  /** The step whose weights these are. */
  readonly best: number;
  readonly adapter: string;
  readonly node: string;
  readonly processor: string;
  /** Subjects that the figures are of. */
  readonly heldOut: number;
  readonly figures: readonly MadeFigure[];
  /** A recipe of few subjects and steps, otherwise the same, and weightsChecksum of what it gives: a test makes it again. */
  readonly beginning: { readonly subjects: number; readonly steps: number; readonly checksum: string };
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** @throws FileError where it is not there */
export async function readMade(): Promise<Made> {
  const path = join(builtinFolder, madeFile);
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Made;
  } catch (cause) {
    throw new FileError(path, 'cannot be read', 'Install planewise again.', { cause });
  }
}

const figureLine = (figure: MadeFigure): string =>
  `  ${figure.title}: ${valueText(figure, figure.value)} (trivial ${valueText(figure, figure.trivial)})`;

/** For the terminal: whom the weights saw, how well they learnt, and what they are not. */
export function cardLines(recipe: Recipe, bytes: Uint8Array, made: Made): string[] {
  const same = sha256(bytes) === made.sha256;
  return [
    `Pretrained without labels on ${recipeText(recipe)}`,
    `Errors on ${made.heldOut} held-out hearts:`,
    ...made.figures.map(figureLine),
    'They never saw a patient, and know short-axis slices only. Not for diagnosis.',
    `SHA-256 ${made.sha256}${same ? '' : ', which this file has not: install planewise again'}; made on ${made.adapter}`,
    'The card: docs/builtin-weights.md',
  ];
}
