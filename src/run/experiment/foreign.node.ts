/** @file Weights of an experiment that were made elsewhere: whom they saw, as far as they say, and whether they are still the same. */
import { join } from 'node:path';
import { ConfigError, FileError } from '../../base/errors.ts';
import { initFile, weightsChecksum } from '../../train/init.ts';
import { DiskFiles } from '../../train/runfiles.node.ts';
import { readText } from '../../train/runfiles.ts';
import { readInit } from '../init.node.ts';
import { cohortSeed, type Recipe, recipeText } from '../recipe.ts';
import type { Grid, Point } from './grid.ts';
import type { Experiment } from './settings.ts';

interface Known {
  readonly checksum: string;
  readonly recipe: Recipe | null;
}

/** What the weights that a point began with were, null before it did. */
async function begunWith(folder: string): Promise<string | null> {
  const text = await readText(new DiskFiles(folder), initFile);
  return text === null ? null : (JSON.parse(text) as { readonly checksum: string }).checksum;
}

/** Weights of initialisations that were made elsewhere. */
export class ForeignWeights {
  /** By name or path. */
  readonly #known = new Map<string, Known>();

  /** Throws ConfigError where a point began with other weights than its initialisation now has. */
  async expectSame(
    folder: string,
    { initialisations }: Experiment,
    { initialisation }: Point,
  ): Promise<void> {
    const path = initialisations[initialisation]?.weights;
    const checksum = path ? await begunWith(folder) : null;
    if (!path || checksum === null || checksum === (await this.#read(path)).checksum) return;
    throw new ConfigError(
      `${folder} began with other weights than initialisations.${initialisation}.weights (${path}) now has. Put them back, or give the initialisation another name.`,
    );
  }

  /** Seeds of the phantom cohorts that weights saw, by the key of the experiment that names the weights. */
  async cohorts({ initialisations }: Experiment): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, number>();
    for (const [name, one] of Object.entries(initialisations)) {
      const { recipe = null } = one?.weights ? await this.#read(one.weights) : {};
      const seed = recipe && cohortSeed(recipe);
      if (seed !== null) found.set(`initialisations.${name}.weights`, seed);
    }
    return found;
  }

  /** Whom the weights saw that points of a grid began with, in words; null where that is not known, or no longer. */
  async seen({ initialisations }: Experiment, { points }: Grid, folder: string): Promise<ForeignSeen[]> {
    const names = Object.keys(initialisations).filter((name) => initialisations[name]?.weights);
    return Promise.all(
      names.map(async (name) => {
        const own = points.filter(({ initialisation }) => initialisation === name);
        const begun = await Promise.all(own.map((point) => begunWith(join(folder, point.name))));
        const known = await this.#readIfThere(initialisations[name]!.weights!);
        const same = begun.every((checksum) => checksum === null || checksum === known?.checksum);
        return { name, saw: known?.recipe && same ? recipeText(known.recipe) : null };
      }),
    );
  }

  async #readIfThere(path: string): Promise<Known | null> {
    try {
      return await this.#read(path);
    } catch (error) {
      if (error instanceof FileError) return null;
      throw error;
    }
  }

  async #read(path: string): Promise<Known> {
    const known = this.#known.get(path);
    if (known) return known;
    const { weights, recipe } = await readInit(path);
    const read = { checksum: weightsChecksum(weights.state), recipe };
    this.#known.set(path, read);
    return read;
  }
}

/** An initialisation whose weights were made elsewhere. */
export interface ForeignSeen {
  readonly name: string;
  readonly saw: string | null;
}
