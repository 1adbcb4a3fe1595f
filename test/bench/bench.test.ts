import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chartGroups, chartSvg, chartTable } from '../../bench/chart.ts';
import { batchOf, configs, firstWeights, optionsOf, sizesOf } from '../../bench/network.ts';
import { parseOptions } from '../../bench/options.ts';
import { lossDifference } from '../../bench/peers.ts';
import { emptyResults, jsonOf, mergeResults, newestResults } from '../../bench/results.ts';
import type { StepRow } from '../../bench/steps.ts';
import { summaryLines } from '../../bench/summary.ts';
import { engineTable } from '../../bench/tables.ts';
import { median } from '../../bench/timing.ts';
import { declareUNet } from '../../src/models/unet.ts';

const row = (engine: StepRow['engine'], medianMs: number, losses: readonly number[]): StepRow => ({
  engine,
  config: 'S',
  batch: 4,
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
    const table = engineTable([row('planewise', 100, [1, 1, 1]), row('jax-js', 450, [1, 1, 1])]);
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

  it('prints medians by configuration and engine for other programs, and nothing else for the peers alone', () => {
    const rows = [row('planewise', 100.04, [1]), row('jax-js', 450, [1]), row('tfjs', 2000, [1])];
    expect(jsonOf({ ...emptyResults('SwiftShader driver 5.0.0'), peers: rows })).toEqual({
      adapter: 'SwiftShader driver 5.0.0',
      configs: { S: { planewise: 100, 'jax-js': 450, tfjs: 2000 } },
    });
  });

  it('keeps what was measured earlier on the day, but for the configurations measured again', () => {
    const of = (rows: StepRow[]) => ({ ...emptyResults('gpu'), steps: rows });
    const M: StepRow = { ...row('planewise', 900, [1]), config: 'M' };
    const earlier = of([row('planewise', 100, [1]), M]);
    const merged = mergeResults({ ...earlier, roofline: [] }, of([row('planewise', 80, [1])]));
    expect(merged.steps).toEqual([M, row('planewise', 80, [1])]);
    expect(merged.roofline).toEqual([]);
    expect(summaryLines({ ...merged, peers: [row('planewise', 100, [1]), row('tfjs', 2000, [1])] })).toEqual([
      { what: 'step M, batch 4, planewise', value: expect.stringMatching(/^900 ms/) },
      { what: 'step S, batch 4, planewise', value: expect.stringMatching(/^80.0 ms/) },
      { what: 'step S, batch 4, tfjs', value: '2000 ms; planewise takes 100 ms, 0.05 times that' },
    ]);
  });

  it('reads the newest results of each adapter, and not the lab’s, which lie beside them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'planewise-results-'));
    const keep = (name: string, value: object) => writeFile(join(folder, name), JSON.stringify(value));
    await keep('gpu-2026-01-01.json', { ...emptyResults('gpu'), steps: [] });
    await keep('gpu-2026-01-02.json', { ...emptyResults('gpu'), steps: [row('planewise', 100, [1])] });
    await keep('gpulab-2026-01-03.json', { devices: [] });
    expect((await newestResults(folder)).map(({ steps }) => steps?.length)).toEqual([1]);
    await rm(folder, { recursive: true });
  });

  it('draws a bar an engine, as long as its time against that of planewise', () => {
    const rows = [row('planewise', 100, [1]), row('jax-js', 450, [1]), row('tfjs', 2000, [1])];
    const results = { ...emptyResults('llvmpipe: Mesa 25.0.7'), peers: rows };
    const { peers, torch } = chartGroups([results]);
    expect(torch).toEqual([]);
    const lengths = [...chartSvg(peers).matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) =>
      Number(width),
    );
    expect(lengths.map((length) => length / lengths[0]!)).toEqual([
      1,
      expect.closeTo(4.5, 1),
      expect.closeTo(20, 1),
    ]);
    expect(chartTable(peers).split('\n').at(-1)).toBe(
      '| llvmpipe | S | 100 ms | 450 ms (4.5×) | 2.0 s (20×) |',
    );
  });

  it('gives a software adapter one image of the largest network, and a GPU what its memory allows', () => {
    expect(sizesOf('zhang2024', true).map(({ batch }) => batch)).toEqual([1]);
    expect(sizesOf('zhang2024', false).map(({ batch }) => batch)).toEqual([20, 10, 5, 2, 1]);
    expect(sizesOf('M', true)).toEqual([configs.M]);
  });

  it('names what it does not know on the command line and what there is', () => {
    expect(() => parseOptions(['kernel'])).toThrow(/"kernel".*roofline, kernels/);
    expect(() => parseOptions(['--configs', 'S,L'])).toThrow(/"L".*S, M, zhang2024/);
    expect(() => parseOptions(['--steps', '1'])).toThrow(/at least 3/);
    expect(parseOptions(['--help'])).toBeNull();
  });
});
