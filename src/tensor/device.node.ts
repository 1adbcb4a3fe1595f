/** @file Opens a device in Node through Dawn: a real GPU, else a system software driver, else the embedded SwiftShader. */

import { availableParallelism } from 'node:os';
import { switchOf } from '../base/environment.node.ts';
import { DeviceError } from '../base/errors.ts';
import { expectOneOf } from '../base/settings.ts';
import { isSoftware } from './caps.ts';
import { type Found, findEmbedded, findSystem, type Opening, release, requestAdapter } from './dawn.node.ts';
import { type Device, type DeviceOptions, deviceFrom, expectDeviceOptions, type Twins } from './device.ts';
import { type AdapterChoice, choiceOf, variantsOf } from './environment.node.ts';
import { restfully } from './rest.node.ts';
import { quietly } from './stderr.node.ts';

export type { AdapterChoice } from './environment.node.ts';

/** Of `openDevice` in Node. */
export interface OpenOptions extends DeviceOptions {
  /** Overrides the environment variable PLANEWISE_ADAPTER. */
  readonly adapter?: AdapterChoice | undefined;
  /**
   * Whether shaders on a GPU are guarded against touching what lies outside their arrays; default true. The package's
   * own keep inside (counted in its tests) and are faster without; one of yours that does not would spoil memory.
   * Software adapters are always guarded.
   */
  readonly boundsChecks?: boolean | undefined;
  /**
   * Whether convolutions in f16 may use the matrix units (tensor cores) of a GPU, which Dawn calls unsafe; default false,
   * unless the environment variable PLANEWISE_MATRICES is `on`.
   */
  readonly matrices?: boolean | undefined;
}

/** What a first step has to compile keeps few cores busy. */
const MOST_TWINS = 3;

async function find(choice: AdapterChoice | undefined, opening: Opening): Promise<Found> {
  if (choice !== 'swiftshader') {
    const system = await findSystem(opening);
    const software = system && isSoftware(system.adapter.info);
    if (system && (!software || choice !== 'gpu')) return system;
    if (choice) {
      throw new DeviceError(
        `No ${choice === 'gpu' ? 'hardware GPU' : 'system driver'} was found. Run "planewise devices" to see why, or drop the choice to use the embedded software adapter.`,
      );
    }
  }
  const embedded = await findEmbedded();
  if (embedded) return embedded;
  throw new DeviceError(
    'No adapter was found, not even the embedded SwiftShader. Run "planewise devices" to see why.',
  );
}

/** An adapter gives one device only, and is asked for anew. */
function twinsOf(instance: GPU, options: DeviceOptions): Twins {
  const open = async () => {
    const adapter = await requestAdapter(instance);
    if (!adapter) throw new DeviceError('The adapter is gone: no second device could be opened.');
    return deviceFrom(adapter, options, { waitSoftware: restfully });
  };
  return { most: Math.min(availableParallelism() - 1, MOST_TWINS), open: () => quietly(open) };
}

/**
 * Opens the best device there is, or the one asked for.
 * @throws ConfigError for options that are unknown or out of range
 * @throws DeviceError naming what was looked for
 * @example
 * const gpu = await openDevice();
 * const result = await tensor(gpu, [1, 2], [2]).read();
 * gpu.dispose();
 * result; // [1, 2]
 */
export async function openDevice(options: OpenOptions = {}): Promise<Device> {
  expectDeviceOptions(options, ['adapter', 'boundsChecks', 'matrices']);
  const { boundsChecks = true, matrices = false } = options;
  expectOneOf('openDevice.boundsChecks', boundsChecks, [true, false]);
  expectOneOf('openDevice.matrices', matrices, [true, false]);
  const opening = { boundsChecks, matrices: switchOf('PLANEWISE_MATRICES', matrices ? 'on' : 'off') };
  const choice = choiceOf(options.adapter);
  const variants = { ...variantsOf('PLANEWISE_VARIANT'), ...options.variants };
  const winograd = options.winograd ?? switchOf('PLANEWISE_WINOGRAD');
  return quietly(async () => {
    const { instance, adapter } = await find(choice, opening);
    const all = { ...options, variants, winograd };
    return deviceFrom(adapter, all, {
      release: () => setImmediate(() => release(instance)),
      waitSoftware: restfully,
      twins: twinsOf(instance, all),
    });
  });
}
