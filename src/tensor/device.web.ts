/** @file Opens a device in the browser through navigator.gpu. */

import { DeviceError } from '../base/errors.ts';
import { type Device, type DeviceOptions, deviceFrom, expectDeviceOptions } from './device.ts';

export type OpenOptions = DeviceOptions;

/** Pauses before an adapter is asked for again, ms. A browser that starts gives none while its GPU process starts anew. */
const PAUSES = [0, 100, 400];

async function askedAgain<T>(ask: () => Promise<T | null>): Promise<T | null> {
  for (const pause of PAUSES) {
    const found = await ask();
    if (found !== null) return found;
    await new Promise((done) => setTimeout(done, pause));
  }
  return ask();
}

/**
 * Opens the browser's high-performance adapter.
 * @throws ConfigError for options that are unknown or out of range
 * @throws DeviceError where WebGPU is missing or gives no adapter
 */
export async function openDevice(options: OpenOptions = {}): Promise<Device> {
  expectDeviceOptions(options, [], { adapter: 'A page has one adapter, which the browser chooses' });
  if (!navigator.gpu) {
    throw new DeviceError(
      'This browser has no WebGPU. Use Chrome or Edge 113+, Safari 26+ or Firefox 141+ over https or localhost.',
    );
  }
  const adapter = await askedAgain(() =>
    navigator.gpu.requestAdapter({ powerPreference: 'high-performance' }),
  );
  if (!adapter)
    throw new DeviceError(
      'WebGPU gives no adapter here. Check chrome://gpu, and that hardware acceleration is on. If it gave one before, restart the browser.',
    );
  return deviceFrom(adapter, options);
}
