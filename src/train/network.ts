/** @file The network of a plan: with first values, or with those of a state dict. */
import { declareHeaded, HeadedNetwork, type Precision } from '../models/headed.ts';
import type { StateDict } from '../models/state.ts';
import type { Device } from '../tensor/device.ts';
import type { Plan } from './plan.ts';

/** The network of a plan, with first values. */
export function buildNetwork(
  device: Device,
  { backbone, heads }: Plan,
  options: { readonly seed?: number; readonly precision?: Precision } = {},
): HeadedNetwork {
  return new HeadedNetwork(device, (at) => declareHeaded(at, backbone.declare, heads), options);
}

/** The network of a plan with these weights. @throws WeightError where one is missing or does not fit */
export function loadNetwork(device: Device, plan: Plan, state: StateDict): HeadedNetwork {
  const network = buildNetwork(device, plan);
  try {
    network.loadStateDict(state);
    return network;
  } catch (error) {
    network.dispose();
    throw error;
  }
}
