/** @file Whether the adapter in use can train in the precision asked for, and which here could. */

import { DeviceError } from '../base/errors.ts';
import { listCandidates } from '../tensor/candidates.node.ts';
import type { Device } from '../tensor/device.ts';
import type { TrainConfig } from './config.ts';

/** Throws DeviceError for mixed precision without shader-f16, naming the adapters of this machine that have it. */
export async function expectPrecision({ caps }: Device, precision: TrainConfig['precision']): Promise<void> {
  if (precision === 'f32' || caps.f16) return;
  const able = (await listCandidates()).filter(({ f16 }) => f16);
  const choices = able.map(({ choice, adapter }) => `--adapter ${choice} (${adapter})`).join(' or ');
  throw new DeviceError(
    `Precision mixed needs shader-f16, which ${caps.description} lacks. Use --precision f32${choices ? `, or ${choices}, which has it` : '; no adapter here has it'}.`,
  );
}
