/** @file Segmentation trains: through the training loop to discs that are found, and the judge says so. */
import { describe, expect, it } from 'vitest';
import { unet } from '../../../src/backbones/unet.ts';
import { declareHeaded, HeadedNetwork } from '../../../src/models/headed.ts';
import { decodeWeights } from '../../../src/models/weights.ts';
import { segmentation } from '../../../src/tasks/segmentation/index.ts';
import { evaluate } from '../../../src/train/judge.ts';
import { train } from '../../../src/train/loop.ts';
import { planOf } from '../../../src/train/plan.ts';
import { MemoryFiles } from '../../../src/train/runfiles.ts';
import { useDevice } from '../../device.ts';
import { hasHalf } from '../../half.ts';
import { plainKernels, tinyConfig } from '../../train/tiny.ts';
import { discData } from './discs.ts';

const device = useDevice(plainKernels);
const data = discData();
const precisions = hasHalf ? (['f32', 'mixed'] as const) : (['f32'] as const);

describe('segmentation', () => {
  it.each(precisions)('learns discs of 8 images to a Dice above 0.9 in %s', async (precision) => {
    const backbone = unet.build({ width: 8, depth: 2, unusedLayers: false }, 1);
    const settings = { ...(segmentation.defaults as object), classWeights: 'balanced' };
    const plan = planOf(
      backbone,
      [{ task: segmentation, weight: 1, settings }],
      data.manifest,
      data.manifest,
    );
    const config = tinyConfig({
      ...{ size: 24, steps: 40, batch: 4, learningRate: 1e-2, validationFraction: 0, testFraction: 0 },
      ...{ precision, validateEvery: 40, checkpointEvery: 40, epoch: 'all' },
    });
    const files = new MemoryFiles();
    const { split } = await train({
      ...{
        device: device(),
        data,
        config,
        plan,
        files,
        describe: () => ({}),
        upgrade: (found) => found as never,
      },
    });
    using network = new HeadedNetwork(device(), (at) => declareHeaded(at, backbone.declare, plan.heads));
    network.loadStateDict(decodeWeights((await files.read('weights.safetensors'))!, 'weights').state);
    const { results, summaries, shown } = await evaluate(network, data, plan.tasks, split, { batch: 4 });
    const dice = results.filter(({ key }) => key.endsWith('.dice'));
    expect(dice.map(({ key }) => key)).toEqual([
      ...['segmentation.dice', 'segmentation.ring.dice', 'segmentation.disc.dice'],
    ]);
    for (const { value, trivial } of dice) expect(value!).toBeGreaterThan(Math.max(0.9, trivial! + 0.1));
    expect(summaries).toHaveProperty('segmentation.volumes', 8);
    expect(shown[0]!.findings[0]!.marks.map(({ kind }) => kind)).toEqual([
      'region',
      'region',
      'words',
      'words',
    ]);
  });
});
