/** @file One small training, as the page is told of it and as this process does it. */
import { createHash } from 'node:crypto';
import { openDevice } from '#device';
import { trainConfigOf } from '../../src/run/config.ts';
import { train } from '../../src/run/training.ts';
import { MemoryFiles } from '../../src/train/runfiles.ts';
import { configOf } from '../../web/work/forms.ts';
import { prepareHearts } from '../../web/work/hearts.ts';
import { tinyNetwork } from './page.ts';

export const hearts = { subjects: 6, difficulty: 'mid', phases: 1, imageSize: 64, seed: 1 } as const;
export const grid = { size: 32, spacingMm: 8 };
export const form = {
  preset: 'small',
  tasks: ['orientation', 'location'],
  batch: 2,
  steps: 48,
  learningRate: 0.001,
  seed: 1,
  set: tinyNetwork,
} as const;

/** The same training in this process, never stopped. */
export async function trainHere(): Promise<MemoryFiles> {
  const device = await openDevice();
  const files = new MemoryFiles();
  try {
    const config = trainConfigOf(configOf(form, grid));
    await train({ device, data: await prepareHearts(hearts, grid), config, files });
  } finally {
    device.dispose();
  }
  return files;
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
