/** @file Weights of an experiment that were made elsewhere: whom they saw, as far as they say, and whether they are still the same. */

import { join } from 'node:path';
import { ConfigError, FileError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { fitsEncoder, initFile, weightsChecksum } from '../../train/init.ts';
import { DiskFiles } from '../../train/runfiles.node.ts';
import { readText } from '../../train/runfiles.ts';
import type { PhantomSettings } from '../config.ts';
import { type ReadInit, readInit } from '../init.node.ts';
import { backboneOf, networkText } from '../plan.ts';
import { cohortOf, recipeText } from '../recipe.ts';
import { leadingTo } from './check.ts';
import { baseConfig } from './configs.ts';
import type { Grid } from './grid.ts';
import type { Experiment, Initialisation } from './settings.ts';

interface Known extends ReadInit {
  readonly checksum: string;
}

/** What the weights that a run began with were, null before it did. */
async function begunWith(folder: string): Promise<string | null> {
  const text = await readText(new DiskFiles(folder), initFile);
  return text === null
    ? null
    : (parseJson(text, join(folder, initFile)) as { readonly checksum: string }).checksum;
}

/** Weights that an experiment's file names. */
interface Foreign {
  readonly name: string;
  /** In the file. */
  readonly key: string;
  readonly path: string;
  /** Whether a pretraining begins with them, or the points do. */
  readonly pretrains: boolean;
}

function foreignOf({ initialisations }: Experiment): Foreign[] {
  return Object.entries(initialisations).flatMap(([name, one]): Foreign[] => {
    const key = `initialisations.${name}`;
    const { weights = null, pretraining = null }: Partial<Initialisation> = one ?? {};
    if (weights !== null) return [{ name, key: `${key}.weights`, path: weights, pretrains: false }];
    const init = pretraining?.init;
    return init ? [{ name, key: `${key}.pretraining.init`, path: init, pretrains: true }] : [];
  });
}

/** Those that runs of a grid begin with. */
function foreignIn(experiment: Experiment, { points, pretrainings }: Grid): Foreign[] {
  const runs = new Set([...points, ...pretrainings].map(({ initialisation }) => initialisation));
  return foreignOf(experiment).filter(({ name }) => runs.has(name));
}

/** Weights of initialisations that were made elsewhere. */
export class ForeignWeights {
  /** By name or path. */
  readonly #known = new Map<string, Known>();

  /** Throws ConfigError where a run began with other weights than `path`, which the file has at `key`, now has. */
  async expectSame(folder: string, path: string | null, key: string): Promise<void> {
    const checksum = path ? await begunWith(folder) : null;
    if (!path || checksum === null || checksum === (await this.#read(path)).checksum) return;
    throw new ConfigError(
      `${folder} began with other weights than ${key} (${path}) now has. Put them back, or give the initialisation another name.`,
    );
  }

  /** Throws ConfigError where a run would find, hours later, that no weight fits the network of `base`. */
  async expectFitting(experiment: Experiment, asked: Grid): Promise<void> {
    const { model } = baseConfig(experiment);
    for (const { key, path } of foreignIn(experiment, asked)) {
      const read = await this.#read(path);
      if (!read.model || fitsEncoder(read.weights.state, backboneOf(model))) continue;
      throw new ConfigError(
        `${key} (${path}) are of a network (${networkText(read.model)}) whose encoder shares no weight with that of base (${networkText(model)}). Set base.model to ${JSON.stringify(read.model)}.`,
      );
    }
  }

  /** The phantom cohorts that weights saw, as far as these are here, by the key that names the weights. */
  async cohorts(experiment: Experiment): Promise<ReadonlyMap<string, PhantomSettings>> {
    const found = new Map<string, PhantomSettings>();
    for (const { key, path } of foreignOf(experiment)) {
      const recipe = (await this.#readIfThere(path))?.recipe;
      const seen = recipe && cohortOf(recipe);
      if (seen) found.set(key, seen);
    }
    return found;
  }

  /** Whom the weights saw that runs of a grid began with, or what led to these, in words; null where that is not known, or no longer. */
  async seen(experiment: Experiment, { points, pretrainings }: Grid, folder: string): Promise<ForeignSeen[]> {
    const all = await Promise.all(
      foreignOf(experiment).map(async ({ name, path, pretrains }) => {
        const units = pretrains ? pretrainings : points;
        const own = units.filter(({ initialisation }) => initialisation === name);
        const begun = await Promise.all(own.map((unit) => begunWith(join(folder, unit.name))));
        const known = await this.#readIfThere(path);
        const same = begun.every((checksum) => checksum === null || checksum === known?.checksum);
        const saw = known?.recipe && same ? recipeText(known.recipe) : null;
        const led = Object.keys(experiment.initialisations).filter((key) =>
          leadingTo(experiment, key).includes(name),
        );
        return led.map((key) => ({ name: key, saw }));
      }),
    );
    return all.flat();
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
    const init = await readInit(path);
    const read = { ...init, checksum: weightsChecksum(init.weights.state) };
    this.#known.set(path, read);
    return read;
  }
}

/** An initialisation whose weights were made elsewhere. */
export interface ForeignSeen {
  readonly name: string;
  readonly saw: string | null;
}
