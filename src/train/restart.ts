/** @file Goes on after a lost device: opens another and resumes from the last checkpoint. */

import { DeviceLostError } from '../base/errors.ts';
import type { Device } from '../tensor/device.ts';
import type { TrainOptions, TrainResult } from './events.ts';
import { train } from './loop.ts';

export interface RestartOptions extends Omit<TrainOptions, 'device'> {
  /** Gives a device that is not lost; it stays the caller's. Called at first and after each loss. */
  readonly openDevice: () => Promise<Device>;
  /** Restarts before giving up; default 3. */
  readonly restarts?: number;
}

/** Whether the device is gone; the news may arrive a little later than the failure it caused. */
async function wasLost(device: Device, error: unknown): Promise<boolean> {
  if (error instanceof DeviceLostError) return true;
  await new Promise((done) => setTimeout(done, 50));
  return device.lost;
}

/**
 * As `train`; when the device is lost, another is opened and the run resumes from its last checkpoint.
 * @throws DeviceLostError when that happened more than `restarts` times
 */
export async function trainWithRestarts(options: RestartOptions): Promise<TrainResult> {
  const { openDevice, restarts = 3, ...rest } = options;
  for (let attempt = 0; ; attempt++) {
    const device = await openDevice();
    try {
      return await train({ ...rest, device, resume: attempt > 0 || rest.resume === true });
    } catch (error) {
      if (attempt === restarts || !(await wasLost(device, error))) throw error;
      const message = `The device was lost; going on from the last checkpoint on a new one (${attempt + 1} of ${restarts}).`;
      rest.onProgress?.({ kind: 'warning', message });
    }
  }
}
