/** @file Weights from a file: ours, which describe themselves, or PyTorch's, whose network is read off their shapes. */

import {
  DeviceError,
  DeviceLostError,
  FileError,
  OutOfMemoryError,
  WeightError,
} from '../../src/base/errors.ts';
import { defaultSize, defaultSpacingMm } from '../../src/data/resample.ts';
import type { PreparedManifest } from '../../src/data/types.ts';
import type { StateDict } from '../../src/models/state.ts';
import { UNet, type UNetOptions } from '../../src/models/unet.ts';
import { decodeWeights } from '../../src/models/weights.ts';
import { tasks } from '../../src/tasks/multitask.ts';
import type { TaskName } from '../../src/tasks/task.ts';
import type { Device } from '../../src/tensor/device.ts';
import { defaultSigmaMm } from '../../src/train/evaluate.ts';
import { loadNetwork, type WeightsInfo } from '../../src/train/weightsfile.ts';
import type { WeightsSummary } from '../protocol.ts';
import { shownBy } from './shows.ts';

export interface LoadedWeights {
  readonly name: string;
  readonly network: UNet;
  readonly info: WeightsInfo;
  readonly described: boolean;
  /** Whether they are the page's own run's. */
  readonly own: boolean;
}

/** The U-Net whose state dict this is. Throws FileError where it is none of ours. */
function networkOf(state: StateDict, file: string): UNetOptions {
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
    unusedLayers: shape('conv1_label') !== undefined,
  };
}

const usualViews = ['2-chamber', '4-chamber'];

/** What the file does not say is taken from the data at hand, else from the paper. */
function inferred(network: UNet['options'], manifest: PreparedManifest | null): WeightsInfo {
  const known = manifest?.referenceViews.length === network.heatmaps ? manifest.referenceViews : usualViews;
  const referenceViews = Array.from({ length: network.heatmaps }, (_, i) => known[i] ?? `view ${i + 1}`);
  const names: TaskName[] = [];
  if (network.heatmaps > 0) names.push('orientation');
  if (network.locationHead) names.push('location');
  return {
    tasks: names,
    network,
    size: manifest?.size ?? defaultSize,
    spacingMm: manifest?.spacingMm ?? defaultSpacingMm,
    targetView: manifest?.targetView ?? 'short-axis',
    referenceViews,
    lineSigmaMm: defaultSigmaMm,
    steps: 0,
  };
}

interface Built {
  readonly network: UNet;
  readonly info: WeightsInfo;
}

/** The network a bare state dict fills. */
function networkFor(
  device: Device,
  state: StateDict,
  name: string,
  manifest: PreparedManifest | null,
): Built {
  const options = networkOf(state, name);
  const network = new UNet(device, options);
  try {
    network.loadStateDict(state);
  } catch (error) {
    network.dispose();
    throw error;
  }
  return { network, info: inferred(network.options, manifest) };
}

/** Whether a description says all that predicting needs, in words this version knows. */
function complete(
  { tasks: names, size, spacingMm, targetView, referenceViews }: WeightsInfo,
  heatmaps: number,
) {
  return (
    Array.isArray(names) &&
    names.every((name) => name in tasks) &&
    size > 0 &&
    spacingMm > 0 &&
    typeof targetView === 'string' &&
    referenceViews?.length >= heatmaps
  );
}

/** Say what they mean already, and are not about the description. */
const untouched = [FileError, DeviceError, DeviceLostError, OutOfMemoryError];

/** In the words of someone who has the file, not the program. */
function weightsError(name: string, error: unknown): unknown {
  const options = { cause: error };
  if (error instanceof WeightError) {
    const problem = `does not fill the U-Net it should belong to: ${error.weight} ${error.problem}`;
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
  try {
    const built = described
      ? await loadNetwork(device, bytes, name)
      : networkFor(device, state, name, manifest);
    if (!complete(built.info, built.network.options.heatmaps)) {
      built.network.dispose();
      throw new TypeError('The description is not complete.');
    }
    return { ...source, described, ...built };
  } catch (error) {
    throw weightsError(name, error);
  }
}

export function summaryOf({ name, own, network, info, described }: LoadedWeights): WeightsSummary {
  const { size, spacingMm, referenceViews, targetView, steps } = info;
  const { width, depth } = network.options;
  return {
    name,
    own,
    shows: shownBy(info.tasks),
    referenceViews,
    targetView,
    size,
    spacingMm,
    width,
    depth,
    parameters: network.parameterCount,
    steps: described ? steps : null,
    lineSigmaMm: info.lineSigmaMm,
    described,
  };
}
