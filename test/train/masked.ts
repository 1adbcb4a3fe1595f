/** @file Tiny data with masks, for specs of what only segmentation has. */
import type { PreparedData } from '../../src/data/types.ts';
import { type GivenConfig, resolveConfig, type TrainConfig, trainConfigOf } from '../../src/run/config.ts';
import { tinyData } from './tiny.ts';

/** The tiny data; its one class is where the bright line is. */
export function maskedData(): PreparedData {
  const data = tinyData();
  const masks = Uint8Array.from(data.pixels, (v) => Number(v > 0.2));
  return { ...data, manifest: { ...data.manifest, version: 2, classes: ['background', 'line'] }, masks };
}

/** As the tiny configuration, of segmentation. */
export function maskedConfig(given: GivenConfig = {}): TrainConfig {
  const tiny: GivenConfig = {
    model: { width: 4, depth: 2 },
    size: 16,
    steps: 8,
    batch: 4,
    learningRate: 3e-3,
  };
  const every: GivenConfig = { validateEvery: 3, checkpointEvery: 3, validationFraction: 0.2 };
  return trainConfigOf(resolveConfig({ preset: 'finetune', ...tiny, ...every, ...given }));
}
