/** @file Whether the device under test computes in f16: lavapipe and most GPUs do, SwiftShader (and so a CI without more) does not. */
import { openDevice } from '#device';

async function computesInHalf(): Promise<boolean> {
  const device = await openDevice();
  const { f16 } = device.caps;
  device.dispose();
  return f16;
}

/** Specs that need f16 register one test that says it is refused where this is false. */
export const hasHalf = await computesInHalf();
