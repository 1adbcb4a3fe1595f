/** @file The device of a program: it runs no kernels but the package's own, which need nobody to guard their arrays. */

import { openDevice } from '../tensor/device.node.ts';
import type { Device } from '../tensor/device.ts';
import { switchOf } from '../tensor/environment.node.ts';
import type { RunConfig } from './config.ts';

/**
 * Opens a device as `openDevice` does; on a GPU without bounds checks, unless PLANEWISE_BOUNDS_CHECKS is `on`.
 * @throws DeviceError where there is none; ConfigError for another value of that variable
 */
export function openProgramDevice(adapter: RunConfig['adapter'] | undefined): Promise<Device> {
  const boundsChecks = switchOf('PLANEWISE_BOUNDS_CHECKS', 'off');
  return openDevice({ boundsChecks, ...(adapter && { adapter }) });
}
