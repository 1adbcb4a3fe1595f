/** @file Learning rates by part: which weights are of which part, and that each steps by its own rate. */
import { describe, expect, it } from 'vitest';
import { unet } from '../../src/backbones/unet.ts';
import { pixelHead, pooledHead } from '../../src/models/heads.ts';
import { decodeWeights } from '../../src/models/weights.ts';
import type { GivenConfig } from '../../src/run/config.ts';
import { train } from '../../src/run/training.ts';
import { parameterGroups, partOf } from '../../src/train/parts.ts';
import { MemoryFiles } from '../../src/train/runfiles.ts';
import { weightsFile } from '../../src/train/weightsfile.ts';
import { useDevice } from '../device.ts';
import { plainKernels, tinyConfig, tinyData } from './tiny.ts';

const device = useDevice(plainKernels);
const data = tinyData();
const plan = {
  backbone: unet.build(unet.defaults, 1),
  heads: [pixelHead('final', 2), pooledHead('global_layers', 1, { hidden: 8, dropout: 0 })],
};

const bias = ['conv1.conv1.1.bias', 'up_concat1.up.bias', 'final.bias'] as const;

/** How far each of three biases moves in a first step, in learning rates. */
async function firstStep(given: GivenConfig): Promise<number[]> {
  const learningRate = 1e-2;
  const files = { begin: new MemoryFiles(), end: new MemoryFiles() };
  const config = tinyConfig({ steps: 1, learningRate, schedule: 'constant', ...given });
  // a rate that moves nothing shows where the weights began
  await train({ device: device(), data, config: { ...config, learningRate: 1e-30 }, files: files.begin });
  await train({ device: device(), data, config, files: files.end });
  const [begin, end] = [files.begin, files.end].map(
    (own) => decodeWeights(own.files.get(weightsFile)!, weightsFile).state,
  );
  return bias.map((name) => {
    const [was, is] = [begin!.get(name)!.values, end!.get(name)!.values];
    return Math.max(...Array.from(is, (v, i) => Math.abs(Number(v) - Number(was[i])))) / learningRate;
  });
}

describe('parts', () => {
  it('are the encoder as the backbone says, the heads, and a decoder of all else', () => {
    expect(bias.map((name) => partOf(plan, name))).toEqual(['encoder', 'decoder', 'heads']);
    expect(partOf(plan, 'global_layers.0.weight')).toBe('heads');
    expect(partOf(plan, 'center.conv2.1.weight')).toBe('encoder');
    expect(partOf(plan, 'finals.weight')).toBe('decoder');
  });

  it('are groups only where something differs, and where the network has them', () => {
    const even = { encoder: 1, decoder: 1, heads: 1 };
    expect(parameterGroups(plan, { rates: even, freeze: 'none', freezeSteps: null }, bias)).toEqual([]);
    expect(parameterGroups(plan, { rates: even, freeze: 'encoder', freezeSteps: 5 }, bias)).toEqual([
      { match: [bias[0]], learningRateScale: 1, firstStep: 6 },
    ]);
    const rates = { encoder: 0.1, decoder: 1, heads: 3 };
    expect(parameterGroups(plan, { rates, freeze: 'none', freezeSteps: null }, bias.slice(0, 2))).toEqual([
      { match: [bias[0]], learningRateScale: 0.1, firstStep: 1 },
    ]);
  });

  it('step by the learning rate times their factor', async () => {
    // Adam’s first step is the rate, whatever the gradient
    const tasks = { orientation: {} };
    for (const [i, rate] of (await firstStep({ tasks })).entries()) expect(rate, bias[i]).toBeCloseTo(1, 2);
    const rates = { encoder: 0.25, heads: 2 };
    const found = await firstStep({ tasks, rates });
    for (const [i, rate] of [0.25, 1, 2].entries()) expect(found[i]! / rate, bias[i]).toBeCloseTo(1, 2);
  });
});
