import { describe, expect, it } from 'vitest';
import { DeviceError } from '../../src/base/errors.ts';
import { expectPrecision } from '../../src/run/precision.node.ts';
import { listCandidates } from '../../src/tensor/candidates.node.ts';
import { openDevice } from '../../src/tensor/device.node.ts';

describe('expectPrecision', () => {
  it('refuses mixed precision on SwiftShader, naming the adapters here that have f16, and takes f32', async () => {
    const device = await openDevice({ adapter: 'swiftshader' });
    try {
      await expectPrecision(device, 'f32');
      const refused = expectPrecision(device, 'mixed');
      await expect(refused).rejects.toThrow(DeviceError);
      const able = (await listCandidates()).filter(({ f16 }) => f16);
      const named = able.length ? `--adapter ${able[0]!.choice}` : 'no adapter here has it';
      await expect(refused).rejects.toThrow(named);
    } finally {
      device.dispose();
    }
  });
});
