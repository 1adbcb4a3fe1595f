/** @file Weights from a file: ours, which describe themselves, or PyTorch's, whose network is read off their shapes. */

import { defaultSize, defaultSpacingMm } from '../../src/data/resample.ts';
import type { PreparedManifest } from '../../src/data/types.ts';
import type { StateDict } from '../../src/models/state.ts';
import { UNet, type UNetOptions } from '../../src/models/unet.ts';
import { decodeWeights } from '../../src/models/weights.ts';
import type { TaskName } from '../../src/tasks/task.ts';
import type { Device } from '../../src/tensor/device.ts';
import { FileError } from '../../src/tensor/errors.ts';
import { defaultSigmaMm } from '../../src/train/evaluate.ts';
import { loadNetwork, type WeightsInfo } from '../../src/train/weightsfile.ts';
import type { WeightsSummary } from '../protocol.ts';

export interface LoadedWeights {
  readonly name: string;
  readonly network: UNet;
  readonly info: WeightsInfo;
  readonly described: boolean;
}

type Shaped = Required<Omit<UNetOptions, 'seed'>>;

/** The U-Net whose state dict this is. Throws FileError where it is none of ours. */
function networkOf(state: StateDict, file: string): Shaped {
  const shape = (name: string): readonly number[] | undefined => state.get(`${name}.weight`)?.shape;
  const first = shape('conv1.conv1.0');
  let levels = 1;
  while (shape(`conv${levels}.conv1.0`)) levels++;
  if (!first || levels < 2 || !shape('center.conv1.0')) {
    const found = [...state.keys()].slice(0, 3).join(', ') || 'nothing';
    throw new FileError(
      file,
      `holds no U-Net of this kind (it starts with ${found})`,
      'Load weights of a planewise run, or a state dict with its names (conv1.conv1.0.weight …).',
    );
  }
  return {
    width: first[0]!,
    channelsIn: first[1]!,
    depth: levels,
    heatmaps: shape('final')?.[0] ?? 0,
    locationHead: shape('global_layers.0') !== undefined,
    hidden: shape('global_layers.0')?.[0] ?? 128,
    dropout: 0.5,
    unusedLayers: shape('conv1_label') !== undefined,
  };
}

const usualViews = ['2-chamber', '4-chamber'];

/** What the file does not say is taken from the data at hand, else from the paper. */
function inferred(network: Shaped, manifest: PreparedManifest | null): WeightsInfo {
  const known = manifest?.referenceViews.length === network.heatmaps ? manifest.referenceViews : usualViews;
  const referenceViews = Array.from({ length: network.heatmaps }, (_, i) => known[i] ?? `view ${i + 1}`);
  const tasks: TaskName[] = [];
  if (network.heatmaps > 0) tasks.push('orientation');
  if (network.locationHead) tasks.push('location');
  return {
    tasks,
    network,
    size: manifest?.size ?? defaultSize,
    spacingMm: manifest?.spacingMm ?? defaultSpacingMm,
    targetView: manifest?.targetView ?? 'short-axis',
    referenceViews,
    lineSigmaMm: defaultSigmaMm,
    steps: 0,
  };
}

/** Builds the network of a weights file and loads it. Throws FileError or WeightError in words. */
export async function openWeights(
  device: Device,
  bytes: Uint8Array,
  name: string,
  manifest: PreparedManifest | null,
): Promise<LoadedWeights> {
  const { state, metadata } = decodeWeights(bytes, name);
  if (metadata.planewise !== undefined)
    return { name, described: true, ...(await loadNetwork(device, bytes, name)) };
  const options = networkOf(state, name);
  const network = new UNet(device, options);
  try {
    network.loadStateDict(state);
  } catch (error) {
    network.dispose();
    throw error;
  }
  return { name, network, described: false, info: inferred(options, manifest) };
}

export function summaryOf({ name, network, info, described }: LoadedWeights): WeightsSummary {
  const { tasks, size, spacingMm, referenceViews, targetView, steps } = info;
  const { width, depth } = network.options;
  return {
    name,
    tasks,
    referenceViews,
    targetView,
    size,
    spacingMm,
    width,
    depth,
    parameters: network.parameterCount,
    steps: described ? steps : null,
    described,
  };
}
