/** @file One device for a test file, closed when its tests are done; every test must leave the live bytes it found. */

import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { openDevice } from '#device';
import type { Device, DeviceOptions } from '../src/tensor/device.ts';
import { Scope } from '../src/tensor/scope.ts';

let device: Device | undefined;
let scope: Scope | undefined;
let before = 0;

/** Told of every device that is opened for tests. */
export const openings = new Set<(device: Device) => void>();

/** Call once at the top of a spec; the returned function gives the device inside tests. */
export function useDevice(options: DeviceOptions = {}): () => Device {
  beforeAll(async () => {
    device = await openDevice(options);
    for (const tell of openings) tell(device);
  });
  beforeEach(() => {
    before = device!.memory.liveBytes;
    scope = new Scope();
  });
  afterEach(async () => {
    scope!.dispose();
    await device!.sync();
    expect(device!.memory.liveBytes, 'live bytes after the test').toBe(before);
  });
  afterAll(() => device?.dispose());
  return () => device!;
}
