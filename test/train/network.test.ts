/** @file A network is not built before the weights that it is to have are seen to fit it. */
import { describe, expect, it } from 'vitest';
import { ConfigError, WeightError } from '../../src/base/errors.ts';
import { type PlanConfig, planRun } from '../../src/run/plan.ts';
import type { Device } from '../../src/tensor/device.ts';
import { loadNetwork } from '../../src/train/network.ts';

/** Nobody may ask it for anything. */
const untouched = new Proxy({} as Device, {
  get: (_, name) => {
    throw new Error(`the device was asked for ${String(name)}`);
  },
});

const data = { size: 64, spacingMm: 2, targetView: 'a', referenceViews: ['b'] };

describe('loadNetwork', () => {
  const networks: Readonly<Record<string, PlanConfig>> = {
    '40 levels': {
      model: { name: 'unet', width: 1, depth: 40, unusedLayers: false },
      tasks: { location: { weight: 1, hidden: 16, dropout: 0 } },
    },
    '1024 channels and 7 levels': {
      model: { name: 'unet', width: 1024, depth: 7, unusedLayers: true },
      tasks: { orientation: { weight: 1, sigmaMm: 1, gain: 1 } },
    },
    '1e9 units': {
      model: { name: 'unet', width: 16, depth: 5, unusedLayers: false },
      tasks: { location: { weight: 1, hidden: 1e9, dropout: 0 } },
    },
  };
  it.each(Object.entries(networks))('names file and weight before it builds %s', (_, config) => {
    const load = () => loadNetwork(untouched, planRun(config, data), new Map(), 'small.safetensors');
    const deep = config.model.depth === 40;
    expect(load).toThrow(deep ? ConfigError : WeightError);
    expect(load).toThrow(
      deep
        ? /^small\.safetensors: describes a network that cannot be built/
        : /^small\.safetensors: conv1\.conv1\.0\.weight: the model needs it/,
    );
  });
});
