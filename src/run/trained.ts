/** @file Trained weights with what they say about themselves: written beside a run, and made a network again. */

import { FileError } from '../base/errors.ts';
import { declareHeaded, HeadedNetwork, type Precision } from '../models/headed.ts';
import type { UNetOptions } from '../models/unet.ts';
import { decodeWeights, type WeightsMetadata } from '../models/weights.ts';
import { tasks } from '../tasks/index.ts';
import type { Device } from '../tensor/device.ts';
import type { TrainConfig } from '../train/config.ts';
import type { Plan } from '../train/plan.ts';
import { type PlanConfig, type PlanData, planRun } from './plan.ts';

/** How weights were trained: enough to build the network and to prepare images for it. */
export interface WeightsInfo extends PlanData {
  readonly tasks: TrainConfig['tasks'];
  readonly network: Required<Omit<UNetOptions, 'seed' | 'precision'>>;
  readonly lineSigmaMm: number;
  readonly steps: number;
}

const KEY = 'planewise';

/** What the weights of a run after `steps` steps say about themselves. */
export function describeWeights(config: PlanConfig, data: PlanData, steps: number): WeightsMetadata {
  const { size, spacingMm, targetView, referenceViews } = data;
  const { width, depth, hidden, dropout, headGain, unusedLayers, tasks, lineSigmaMm } = config;
  const network: WeightsInfo['network'] = {
    channelsIn: 1,
    width,
    depth,
    heatmaps: tasks.includes('orientation') ? referenceViews.length : 0,
    locationHead: tasks.includes('location'),
    hidden,
    dropout,
    headGain,
    unusedLayers,
  };
  const info: WeightsInfo = {
    tasks,
    network,
    size,
    spacingMm,
    targetView,
    referenceViews,
    lineSigmaMm,
    steps,
  };
  return { [KEY]: JSON.stringify(info) };
}

/** The plan of the training that weights come from. */
export function planOfWeights({ tasks, network, lineSigmaMm, ...data }: WeightsInfo): Plan {
  return planRun({ ...network, tasks, lineSigmaMm, alpha: 1, beta: 1 }, data);
}

/** The network of a plan, with first values. */
export function buildNetwork(
  device: Device,
  { backbone, heads }: Plan,
  options: { readonly seed?: number; readonly precision?: Precision } = {},
): HeadedNetwork {
  return new HeadedNetwork(device, (at) => declareHeaded(at, backbone.declare, heads), options);
}

/** A network with weights, and the tasks they were trained on. */
export interface Trained {
  readonly network: HeadedNetwork;
  readonly plan: Plan;
  readonly info: WeightsInfo;
}

/** Whether a description says all that predicting needs, in words this version knows. */
function isComplete({
  tasks: names,
  network,
  size,
  spacingMm,
  targetView,
  referenceViews,
}: WeightsInfo): boolean {
  return (
    Array.isArray(names) &&
    names.every((name) => tasks.some((task) => task.name === name)) &&
    network?.width > 0 &&
    size > 0 &&
    spacingMm > 0 &&
    typeof targetView === 'string' &&
    referenceViews?.length >= network.heatmaps
  );
}

/** The description in a file. Throws FileError where it is none. */
function parsed(text: string, file: string): WeightsInfo {
  const fix = 'Save the weights again with this version, or remove that description.';
  const problem = 'describes its network in a way that makes no sense';
  let info: WeightsInfo;
  try {
    info = JSON.parse(text) as WeightsInfo;
  } catch (error) {
    throw new FileError(file, problem, fix, { cause: error });
  }
  if (isComplete(info)) return info;
  throw new FileError(file, problem, fix);
}

/**
 * Builds the network a weights file of a run describes and loads it.
 * @param file what error messages call the file
 * @throws FileError when the file is damaged or does not describe its network
 */
export async function loadTrained(device: Device, bytes: Uint8Array, file: string): Promise<Trained> {
  const { state, metadata } = decodeWeights(bytes, file);
  if (metadata[KEY] === undefined) {
    const fix = 'Use the weights of a planewise run, or build a UNet and load them with loadStateDict().';
    throw new FileError(file, 'does not say which network it belongs to', fix);
  }
  const info = parsed(metadata[KEY], file);
  const plan = planOfWeights(info);
  const network = buildNetwork(device, plan);
  try {
    network.loadStateDict(state);
  } catch (error) {
    network.dispose();
    throw error;
  }
  return { network, plan, info };
}
