/** @file Weights that say nothing about themselves: PyTorch's, whose network is read off their names and shapes. */
import { FileError } from '../base/errors.ts';
import { defaultSigmaMm } from '../data/lines.ts';
import { publishedGrid } from '../data/usualgrid.ts';
import { expectFinite, type StateDict } from '../models/state.ts';
import type { Device } from '../tensor/device.ts';
import { loadNetwork } from '../train/network.ts';
import { checkedModel } from './config.ts';
import { type PlanData, planRun } from './plan.ts';
import type { Trained, WeightsInfo } from './trained.ts';
import { type FlatNetwork, sectionsOfNetwork } from './upgrade.ts';

/** The U-Net whose state dict this is. Throws FileError where it is none of ours. */
function networkOf(state: StateDict, file: string): FlatNetwork {
  // what has no elements may claim any size
  const shape = (name: string): readonly number[] | undefined => {
    const weight = state.get(`${name}.weight`);
    return weight && weight.values.length > 0 ? weight.shape : undefined;
  };
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
    depth: levels,
    heatmaps: shape('final')?.[0] ?? 0,
    locationHead: shape('global_layers.0') !== undefined,
    hidden: shape('global_layers.0')?.[0] ?? 128,
    dropout: 0,
    headGain: 1,
    unusedLayers: shape('conv1_label') !== undefined,
  };
}

const usualViews = ['2-chamber', '4-chamber'];

/** What the file does not say is taken from the data at hand, else from the paper. */
function inferred(network: FlatNetwork, data: PlanData | null): WeightsInfo {
  const known = data?.referenceViews.length === network.heatmaps ? data.referenceViews : usualViews;
  const views = Array.from({ length: network.heatmaps }, (_, i) => known[i] ?? `view ${i + 1}`);
  return {
    version: 2,
    ...sectionsOfNetwork(network, defaultSigmaMm),
    size: data?.size ?? publishedGrid.size,
    spacingMm: data?.spacingMm ?? publishedGrid.spacingMm,
    targetView: data?.targetView ?? 'short-axis',
    referenceViews: views,
    steps: 0,
  };
}

/**
 * What a bare state dict says about itself by its names and shapes.
 * @param data what these do not say is taken from it, else from the paper
 * @throws FileError where it is no network of ours; ConfigError, which names the file, where that has more levels or
 * channels than are built
 */
export function bareInfo(state: StateDict, file: string, data: PlanData | null): WeightsInfo {
  const info = inferred(networkOf(state, file), data);
  checkedModel(info.model, file);
  return info;
}

/**
 * The network a bare state dict fills.
 * @param data what the file does not say is taken from it
 * @throws FileError where it is none of ours; WeightError where a weight does not fit or holds no numbers
 */
export function loadBare(device: Device, state: StateDict, file: string, data: PlanData | null): Trained {
  expectFinite(state, file);
  const info = bareInfo(state, file, data);
  const plan = planRun(info, info);
  return { network: loadNetwork(device, plan, state, file), plan, info };
}
