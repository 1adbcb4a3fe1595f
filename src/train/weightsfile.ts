/** @file The weights a run leaves behind: the network in PyTorch's names, and what one must know to use it. */

import { FileError } from '../base/errors.ts';
import type { PreparedManifest } from '../data/types.ts';
import { UNet } from '../models/unet.ts';
import { decodeWeights, encodeWeights, readWeights } from '../models/weights.ts';
import type { TaskName } from '../tasks/task.ts';
import type { Device } from '../tensor/device.ts';
import type { TrainConfig } from './config.ts';
import { expectFinite } from './finite.ts';
import { networkOptions } from './network.ts';
import type { RunFiles } from './runfiles.ts';

export const weightsFile = 'weights.safetensors';

/** How weights were trained: enough to build the network and to prepare images for it. */
export interface WeightsInfo {
  readonly tasks: readonly TaskName[];
  readonly network: Required<Omit<ReturnType<typeof networkOptions>, 'seed'>>;
  /** Side of the images, pixels. */
  readonly size: number;
  readonly spacingMm: number;
  readonly targetView: string;
  /** One heatmap each, in this order. */
  readonly referenceViews: readonly string[];
  readonly lineSigmaMm: number;
  readonly steps: number;
}

const KEY = 'planewise';

/**
 * Writes the network's weights with their description.
 * @throws TrainingError naming the first weight that is not finite, before anything is written
 */
export async function saveWeights(
  files: RunFiles,
  network: UNet,
  { config, manifest, step }: { config: TrainConfig; manifest: PreparedManifest; step: number },
): Promise<void> {
  const { seed: _, ...options } = networkOptions(config, manifest);
  const { size, spacingMm, targetView, referenceViews } = manifest;
  const info: WeightsInfo = {
    tasks: config.tasks,
    network: options,
    size,
    spacingMm,
    targetView,
    referenceViews,
    lineSigmaMm: config.lineSigmaMm,
    steps: step,
  };
  const weights = await readWeights(network);
  for (const [name, { values }] of weights) expectFinite(values, name, weightsFile);
  await files.write(weightsFile, encodeWeights(weights, { [KEY]: JSON.stringify(info) }));
}

/**
 * Builds the network a weights file of a run describes and loads it.
 * @param file what error messages call the file
 * @throws FileError when the file is damaged or does not describe its network
 */
export async function loadNetwork(
  device: Device,
  bytes: Uint8Array,
  file: string,
): Promise<{ network: UNet; info: WeightsInfo }> {
  const { state, metadata } = decodeWeights(bytes, file);
  if (metadata[KEY] === undefined) {
    const fix = 'Use the weights of a planewise run, or build a UNet and load them with loadStateDict().';
    throw new FileError(file, 'does not say which network it belongs to', fix);
  }
  const info = JSON.parse(metadata[KEY]) as WeightsInfo;
  const network = new UNet(device, info.network);
  try {
    await network.loadStateDict(state);
  } catch (error) {
    network.dispose();
    throw error;
  }
  return { network, info };
}
