import { describe, expect, it } from 'vitest';
import { openDevice } from '#device';
import { ConfigError, DeviceError, DeviceLostError } from '../../src/base/errors.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { Device } from '../../src/tensor/device.ts';

async function withDevice(action: (device: Device) => Promise<void>): Promise<void> {
  const device = await openDevice();
  try {
    await action(device);
  } finally {
    device.dispose();
  }
}

/** Makes WebGPU report a validation error. */
function misuse(device: Device): void {
  device.gpu.createBuffer({ size: 256, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE });
}

describe('device', () => {
  it('options that are unknown, or of the wrong type, are refused with the known ones', async () => {
    const wrong: [unknown, RegExp][] = [
      [
        { powerPreference: 'low-power' },
        /openDevice\.powerPreference is no setting here.*variants, winograd/,
      ],
      [{ winograd: 'off' }, /openDevice\.winograd is 'off'\. Use one of true, false/],
      [{ variants: ['tile'] }, /openDevice\.variants is \['tile'\]/],
      [{ variants: { conv2d: 3 } }, /openDevice\.variants\.conv2d is 3/],
      [{ variants: null }, /openDevice\.variants is null/],
      [null, /openDevice is null/],
      ['gpu', /openDevice is 'gpu'/],
    ];
    for (const [options, message] of wrong) {
      await expect(openDevice(options as never)).rejects.toThrow(message);
      await expect(openDevice(options as never)).rejects.toThrow(ConfigError);
    }
  });

  it('says what it can do', () =>
    withDevice(async ({ caps, gpu }) => {
      expect(caps.description).not.toBe('');
      expect(caps.f16).toBe(gpu.features.has('shader-f16'));
      expect([16, 256]).toContain(caps.workgroup);
      expect(gpu.limits.maxStorageBufferBindingSize).toBeGreaterThanOrEqual(2 ** 27);
    }));

  it('once disposed, everything on it throws DeviceLostError', () =>
    withDevice(async (device) => {
      const one = tensor(device, [1], [1]);
      device.dispose();
      expect(device.lost).toBe(true);
      expect(() => zeros(device, [4])).toThrow(DeviceLostError);
      expect(() => one.write([2])).toThrow(DeviceLostError);
      await expect(one.read()).rejects.toThrow(/was lost.*resume from the last checkpoint/);
      await expect(device.sync()).rejects.toThrow(DeviceLostError);
    }));

  it('a device lost under way latches the reason', () =>
    withDevice(async (device) => {
      device.gpu.destroy();
      await device.gpu.lost;
      await expect(device.sync()).rejects.toThrow(DeviceLostError);
      expect(() => zeros(device, [4])).toThrow(DeviceLostError);
    }));

  it('a read that is under way when the device goes rejects', () =>
    withDevice(async (device) => {
      const reading = tensor(device, [1], [1]).read();
      device.dispose();
      await expect(reading).rejects.toThrow(DeviceLostError);
    }));

  it('an error WebGPU reports is thrown at the next sync and stays until it is cleared', () =>
    withDevice(async (device) => {
      misuse(device);
      await expect(device.sync()).rejects.toThrow(DeviceError);
      await expect(device.sync()).rejects.toThrow(/WebGPU reported/);
      expect(() => zeros(device, [4])).toThrow(DeviceError);
      device.clearError();
      await device.sync();
      expect(await tensor(device, [3], [1]).item()).toBe(3);
    }));
});
