import { describe, expect, it } from 'vitest';
import { batchOf, configs, firstWeights, optionsOf } from '../../bench/network.ts';
import { parseOptions } from '../../bench/options.ts';
import { lossDifference } from '../../bench/peers.ts';
import type { StepRow } from '../../bench/steps.ts';
import { peerTable } from '../../bench/tables.ts';
import { median } from '../../bench/timing.ts';
import { declareUNet } from '../../src/models/unet.ts';

const row = (engine: StepRow['engine'], medianMs: number, losses: readonly number[]): StepRow => ({
  engine,
  config: 'S',
  medianMs,
  minMs: medianMs,
  cpuMs: 2 * medianMs,
  steps: 3,
  firstMs: 1000,
  jsMs: null,
  losses,
  facts: {},
});

describe('benchmarks', () => {
  it('takes the middle of an odd number of times and the mean of the middle two of an even one', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 100, 2])).toBe(3);
  });

  it('compares the first three losses of another engine with ours', () => {
    const ours = row('planewise', 100, [0.5, 0.4, 0.2, 0.1]);
    expect(lossDifference(row('tfjs', 300, [0.5, 0.4002, 0.2, 9]), ours)).toBeCloseTo(5e-4, 6);
    expect(lossDifference(row('jax-js', 300, [0.5, Number.NaN, 0.2]), ours)).toBeNaN();
  });

  it('prints how many times the time of planewise each engine takes', () => {
    const table = peerTable([row('planewise', 100, [1, 1, 1]), row('jax-js', 450, [1, 1, 1])]);
    expect(table.split('\n')[2]).toMatch(/^S +jax-js +450 +450 +900 +3 +4\.5 +4\.5 /);
  });

  it('gives every engine the same weights and data, of the published sizes', () => {
    const small = { batch: 1, side: 16, width: 2 };
    const weights = firstWeights(small);
    expect(firstWeights(small)).toEqual(weights);
    expect(batchOf(small)).toEqual(batchOf(small));
    expect(declareUNet(optionsOf(configs.S)).parameterCount).toBe(1_942_818);
    expect(declareUNet(optionsOf(configs.M)).parameterCount).toBe(7_763_522);
  });

  it('names what it does not know on the command line and what there is', () => {
    expect(() => parseOptions(['kernel'])).toThrow(/"kernel".*roofline, kernels/);
    expect(() => parseOptions(['--configs', 'S,L'])).toThrow(/"L".*S, M/);
    expect(() => parseOptions(['--steps', '1'])).toThrow(/at least 3/);
    expect(parseOptions(['--help'])).toBeNull();
  });
});
