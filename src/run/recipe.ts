/** @file Weights that say how they were pretrained: the configuration that makes them again, and whom they saw, in words. */
import { FileError } from '../base/errors.ts';
import { parseJson } from '../base/json.ts';
import { listed } from '../base/words.ts';
import type { WeightsMetadata } from '../models/weights.ts';
import { counted } from '../report/html.ts';
import { type GivenConfig, parseGiven, type RunConfig, resolveSaved } from './config.ts';

/** Beside the description of the network in a file's metadata. */
const KEY = 'recipe';

export interface Recipe {
  /** What the pretraining was given. */
  readonly given: GivenConfig;
  /** What that comes to with this version's presets. */
  readonly config: RunConfig;
}

/** What weights made with this configuration say, beside what describeWeights has them say. */
export const describeRecipe = (given: GivenConfig): WeightsMetadata => ({ [KEY]: JSON.stringify(given) });

/** How weights say they were made; null where they do not. @throws FileError where that makes no sense */
export function recipeOf(metadata: WeightsMetadata, file: string): Recipe | null {
  const text = metadata[KEY];
  if (text === undefined) return null;
  try {
    const given = parseGiven(parseJson(text, file), file);
    return { given, config: resolveSaved(given) };
  } catch (cause) {
    const fix = 'Save the weights again with this version, or remove that entry of its metadata.';
    throw new FileError(file, 'says in a way that makes no sense how it was made', fix, { cause });
  }
}

/** The phantom cohort that weights saw; null where they saw other data. */
export const cohortOf = ({ config: { data, phantom } }: Recipe): RunConfig['phantom'] | null =>
  data === null ? phantom : null;

/** Whether two cohorts have the same subjects, of whichever difficulty. */
export const isSameCohort = (
  one: Pick<RunConfig['phantom'], 'anatomy' | 'seed'>,
  other: Pick<RunConfig['phantom'], 'anatomy' | 'seed'>,
): boolean => one.anatomy === other.anatomy && one.seed === other.seed;

/** `2,000 synthetic hearts (phantom, hard, seed 7102) without labels: 11,000 steps of 16 images of 32 × 32 px of 6 mm` */
export function recipeText({ config }: Recipe): string {
  const { data, phantom, steps, batch, size, spacingMm } = config;
  const { anatomy, subjects, difficulty, seed } = phantom;
  const whom =
    data === null
      ? `${counted(subjects, `synthetic ${anatomy}`)} (phantom, ${difficulty}, seed ${seed})`
      : 'images of a folder';
  const work = `${counted(steps, 'step')} of ${counted(batch, 'image')}`;
  return `${whom}, by ${listed(Object.keys(config.tasks))}: ${work} of ${size} × ${size} px of ${spacingMm} mm`;
}
