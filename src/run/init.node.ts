/** @file Weights that a run starts from: found by name or path, with what they say about themselves and how a network meets them. */
import { ConfigError, PlanewiseError } from '../base/errors.ts';
import { unwrapped } from '../exchange/names.ts';
import { decodeState } from '../exchange/statefile.ts';
import { expectFinite, expectFit, type StateDict } from '../models/state.ts';
import { fitsEncoder, type InitialWeights, taskHeads } from '../train/init.ts';
import { shapesOf } from '../train/network.ts';
import type { ModelSection } from '../train/settings.ts';
import { bareInfo } from './bareweights.ts';
import type { GivenConfig, RunConfig } from './config.ts';
import { backboneOf, networkText } from './plan.ts';
import { cohortOf, isSameCohort, type Recipe, recipeOf } from './recipe.ts';
import { describedBy, type WeightsInfo } from './trained.ts';
import { readFound } from './weights.node.ts';

export interface ReadInit {
  readonly weights: InitialWeights;
  /** Of the network that the weights say they are of, or that their names and shapes are of. */
  readonly model?: ModelSection;
  /** All that they say of their network and images. */
  readonly info?: WeightsInfo;
  /** How they say they were made; null: they do not. */
  readonly recipe: Recipe | null;
  readonly notice: string | null;
  /** What became of its names, in words. */
  readonly notes: readonly string[];
}

/** What a person should know before a training starts from weights. */
export interface InitNews {
  readonly say: readonly string[];
  readonly warn: readonly string[];
}

/** What names and shapes say of the network; null of what is none of ours, of which some weights may fit all the same. */
function inferredModel(state: StateDict, file: string): ModelSection | null {
  try {
    return bareInfo(state, file, null).model;
  } catch (error) {
    if (error instanceof PlanewiseError) return null;
    throw error;
  }
}

/**
 * Reads weights to start from.
 * @throws FileError for what is no weights file and no folder of a run that has one; WeightError, which names the file, where
 * its weights are not those of the network it describes, or no numbers
 */
export async function readInit(path: string): Promise<ReadInit> {
  const { file, bytes, notice } = await readFound(path);
  const { state: read, metadata } = await decodeState(bytes, file);
  const { state, notes } = unwrapped(read);
  expectFinite(state, file);
  const described = describedBy(metadata, file);
  // a training adopts the network that a file describes: it must be the one whose weights the file has
  if (described) expectFit(state, shapesOf(described.plan), file);
  const heads = described && taskHeads(described.plan);
  const weights: InitialWeights = { file, state, ...(heads && { heads }) };
  const model = described ? described.info.model : inferredModel(state, file);
  const own = { ...(described && { info: described.info }), ...(model && { model }) };
  return { weights, ...own, recipe: recipeOf(metadata, file), notice, notes };
}

/** Throws ConfigError, before any data are made, where the network takes over nothing of the weights. */
export function expectEncoder({ weights: { file, state }, model }: ReadInit, config: RunConfig): void {
  if (fitsEncoder(state, backboneOf(config.model))) return;
  const theirs = model ? ` (of ${networkText(model)})` : '';
  throw new ConfigError(
    `init ${file}: none of its ${state.size} weights${theirs} fits this network's encoder (${networkText(config.model)}). Give weights of the same model and width, or leave out the settings of the network.`,
  );
}

/** What is given; of its model what is not given is as the weights say theirs is. */
export function adoptModel(given: GivenConfig, { model }: ReadInit): GivenConfig {
  if (!model || (given.model?.name ?? model.name) !== model.name) return given;
  return { ...given, model: { ...model, ...given.model } };
}

/** Which settings of the network are others than those of the weights. */
function differences({ model }: RunConfig, own: ModelSection): string[] {
  return Object.keys({ ...own, ...model })
    .filter((key) => JSON.stringify(model[key]) !== JSON.stringify(own[key]))
    .map((key) => `model.${key} is ${model[key]}, theirs is ${own[key]}`);
}

/** How the network of a run meets the weights that it starts from. @param given what the user said of it */
export function initNews(init: ReadInit, given: GivenConfig, config: RunConfig): InitNews {
  const { weights, model, info, recipe, notice, notes } = init;
  const { file } = weights;
  const say = notes.map((note) => `${file}: ${note}`);
  const warn = notice ? [notice] : [];
  const others = model ? differences(config, model) : [];
  if (others.length > 0)
    warn.push(
      `The network is not that of ${file}: ${others.join('; ')}. Only what fits by name and shape is taken over; leave these settings out to have the network of the weights.`,
    );
  else if (model && Object.keys(model).some((key) => given.model?.[key] === undefined))
    say.push(`Network of ${file}: ${networkText(model)}`);
  if (info && info.spacingMm !== config.spacingMm)
    say.push(
      `${file} saw pixels of ${info.spacingMm} mm, here they are of ${config.spacingMm} mm (spacingMm)`,
    );
  const seen = recipe && cohortOf(recipe);
  if (config.data === null && seen && isSameCohort(seen, config.phantom))
    warn.push(
      `${file} saw phantom ${seen.anatomy}s of seed ${config.phantom.seed}, which are those of this run: its test subjects are not new to them. Give phantom.seed another value.`,
    );
  return { say, warn };
}
