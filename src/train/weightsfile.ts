/** @file The weights a run leaves behind: the network in PyTorch's names, and what one must know to use it. */
import type { Module } from '../models/module.ts';
import { encodeWeights, readWeights, type WeightsMetadata } from '../models/weights.ts';
import { expectFinite } from './finite.ts';
import type { RunFiles } from './runfiles.ts';

export const weightsFile = 'weights.safetensors';

/**
 * Writes the network's weights with their description.
 * @throws TrainingError naming the first weight that is not finite, before anything is written
 */
export async function saveWeights(
  files: RunFiles,
  network: Module,
  description: WeightsMetadata,
): Promise<void> {
  const weights = await readWeights(network);
  for (const [name, { values }] of weights) expectFinite(values, name, weightsFile);
  await files.write(weightsFile, encodeWeights(weights, description));
}
