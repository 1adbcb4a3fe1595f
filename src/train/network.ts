/** @file The network of a plan: with first values, or with those of a state dict. */
import { ConfigError, PlanewiseError } from '../base/errors.ts';
import { Declarations } from '../models/declare.ts';
import { declareHeaded, HeadedNetwork, type Precision } from '../models/headed.ts';
import { expectFit, type StateDict, torchShape } from '../models/state.ts';
import type { Device } from '../tensor/device.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Plan } from './plan.ts';

/** The network of a plan, with first values. */
export function buildNetwork(
  device: Device,
  { backbone, heads }: Plan,
  options: { readonly seed?: number; readonly precision?: Precision } = {},
): HeadedNetwork {
  return new HeadedNetwork(device, (at) => declareHeaded(at, backbone.declare, heads), options);
}

/** PyTorch's shape of every weight of a plan's network, in the order in which files have them. */
export function shapesOf({ backbone, heads }: Plan): Map<string, Shape> {
  const at = new Declarations();
  declareHeaded(at, backbone.declare, heads);
  const shapes = [...at.parameters, ...at.statistics].map(
    ({ name, shape, torchAxes }) => [name, torchShape(shape, torchAxes)] as const,
  );
  return new Map([...shapes, ...at.counters.map((name) => [name, []] as const)]);
}

/** As `shapesOf`. Throws ConfigError, naming the file, where the plan has layers that cannot be. */
function plannedShapes(plan: Plan, file: string | undefined): Map<string, Shape> {
  try {
    return shapesOf(plan);
  } catch (cause) {
    if (!(cause instanceof PlanewiseError)) throw cause;
    const where = file === undefined ? '' : `${file}: `;
    throw new ConfigError(`${where}describes a network that cannot be built (${cause.message}).`, { cause });
  }
}

/**
 * The network of a plan with these weights, which are compared with what the plan declares before anything is allocated: a
 * small file may describe a network of any size.
 * @param file the weights', for errors
 * @throws WeightError where one is missing or does not fit; ConfigError where the plan cannot be built
 */
export function loadNetwork(device: Device, plan: Plan, state: StateDict, file?: string): HeadedNetwork {
  expectFit(state, plannedShapes(plan, file), file);
  const network = buildNetwork(device, plan);
  try {
    network.loadStateDict(state);
    return network;
  } catch (error) {
    network.dispose();
    throw error;
  }
}
