/** @file The device of a program: it runs no kernels but the package's own, which need nobody to guard their arrays. */

import { switchOf, variable } from '../base/environment.node.ts';
import { matricesAgree } from '../kernels/conv/matrixCheck.ts';
import { type OpenOptions, openDevice } from '../tensor/device.node.ts';
import type { Device } from '../tensor/device.ts';
import type { RunConfig } from './config.ts';

export interface ProgramOptions extends Partial<Pick<RunConfig, 'adapter' | 'precision'>> {
  /** Told what differs from what was to be expected. */
  readonly say?: (text: string) => void;
}

/**
 * Opens a device as `openDevice` does; on a GPU without bounds checks, unless PLANEWISE_BOUNDS_CHECKS is `on`, and for
 * mixed precision with its matrix units, where they compute what its other kernels do; PLANEWISE_MATRICES, `on` or `off`,
 * decides unseen.
 * @throws DeviceError where there is none; ConfigError for another value of these variables
 */
export async function openProgramDevice({ adapter, precision, say }: ProgramOptions): Promise<Device> {
  const boundsChecks = switchOf('PLANEWISE_BOUNDS_CHECKS', 'off');
  const options: OpenOptions = { boundsChecks, ...(adapter && { adapter }) };
  const device = await openDevice({ ...options, matrices: precision === 'mixed' });
  const isAsked = variable('PLANEWISE_MATRICES') !== undefined;
  if (isAsked || !device.caps.matrices || device.caps.software || (await matricesAgree(device)))
    return device;
  const { description } = device.caps;
  device.dispose();
  say?.(
    `warning: the matrix units of ${description} do not give what its other kernels do: they are left out. Please report this.`,
  );
  return openDevice({ ...options, matrices: false });
}
