/** @file Weights from a file: ours, which describe themselves, or PyTorch's, whose network is read off their shapes. */
import {
  DeviceError,
  DeviceLostError,
  FileError,
  OutOfMemoryError,
  WeightError,
} from '../../src/base/errors.ts';
import { bytesChecksum } from '../../src/base/hash.ts';
import type { PreparedManifest } from '../../src/data/types.ts';
import { decodeWeights } from '../../src/models/weights.ts';
import { loadBare } from '../../src/run/bareweights.ts';
import { backboneRecord } from '../../src/run/plan.ts';
import { drawsLines } from '../../src/run/planner.ts';
import { type Recipe, recipeOf, recipeText } from '../../src/run/recipe.ts';
import { loadTrained, type Trained } from '../../src/run/trained.ts';
import type { Device } from '../../src/tensor/device.ts';
import { taskHeads } from '../../src/train/init.ts';
import type { WeightsSummary } from '../protocol.ts';
import type { StartWeights } from './training.ts';

export interface LoadedWeights extends Trained {
  readonly name: string;
  /** Of the file's bytes. */
  readonly checksum: string;
  readonly described: boolean;
  /** How they say they were made; null where they do not. */
  readonly recipe: Recipe | null;
  /** Whether they are the page's own run's. */
  readonly own: boolean;
}

/** Say what they mean already, and are not about the description. */
const untouched = [FileError, DeviceError, DeviceLostError, OutOfMemoryError];

/** In the words of someone who has the file, not the program. */
function weightsError(name: string, error: unknown): unknown {
  const options = { cause: error };
  if (error instanceof WeightError) {
    const problem = `does not fill the network it should belong to: ${error.weight} ${error.problem}`;
    return new FileError(name, problem, 'Export the whole state dict of one network again.', options);
  }
  if (untouched.some((kind) => error instanceof kind)) return error;
  const fix = 'Save the weights again, or remove that description.';
  return new FileError(name, 'describes its network in a way that makes no sense', fix, options);
}

/** Builds the network of a weights file and loads it. Throws FileError in words. */
export async function openWeights(
  device: Device,
  bytes: Uint8Array,
  source: Pick<LoadedWeights, 'name' | 'own'>,
  manifest: PreparedManifest | null,
): Promise<LoadedWeights> {
  const { name } = source;
  const { state, metadata } = decodeWeights(bytes, name);
  const described = metadata.planewise !== undefined;
  const recipe = recipeOf(metadata, name);
  try {
    const trained = described
      ? await loadTrained(device, bytes, name)
      : loadBare(device, state, name, manifest);
    return { ...source, checksum: bytesChecksum(bytes), described, recipe, ...trained };
  } catch (error) {
    throw weightsError(name, error);
  }
}

/** Loaded weights as a training may start from them. @param bytes what they were read from */
export function startWeights({ name, plan, info }: LoadedWeights, bytes: Uint8Array): StartWeights {
  const { state } = decodeWeights(bytes, name);
  return { model: info.model, weights: { file: name, state, heads: taskHeads(plan) } };
}

export function summaryOf({
  name,
  own,
  network,
  plan,
  info,
  described,
  recipe,
}: LoadedWeights): WeightsSummary {
  const { size, spacingMm, referenceViews, targetView, steps } = info;
  const { name: model, ...settings } = info.model;
  const backbone = backboneRecord(model);
  return {
    name,
    own,
    tells: plan.tasks.map(({ part }) => part.tells),
    referenceViews,
    targetView,
    plansLines: drawsLines(plan),
    size,
    spacingMm,
    network: `${backbone.title}, ${backbone.describe(settings)}`,
    parameters: network.parameterCount,
    steps: described ? steps : null,
    saw: recipe && recipeText(recipe),
    described,
  };
}
