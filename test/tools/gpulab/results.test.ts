import { describe, expect, it } from 'vitest';
import type { Compilation, PipelineResult } from '../../../tools/gpulab/lab.ts';
import type { StepLaunch } from '../../../tools/gpulab/record.ts';
import { jsonOf, resultsOf } from '../../../tools/gpulab/results.ts';
import type { Figures } from '../../../tools/gpulab/statistics.ts';
import { problemText, report } from '../../../tools/gpulab/tables.ts';
import { problemsOf } from '../../../tools/gpulab/verdict.ts';

const plain: Figures = {
  registers: 128,
  spills: 0,
  fills: 0,
  scratch: 0,
  occupancy: 16,
  unit: 'warps',
  code: 1000,
};

const pipeline = (name: string, more: Partial<PipelineResult> = {}): PipelineResult => ({
  name,
  invocations: 64,
  roundDepth: 16,
  error: null,
  figures: plain,
  round: null,
  ...more,
});

const launch = (name: string): StepLaunch => ({
  label: name,
  pipeline: name,
  grid: [200, 1, 1],
  params: {},
  slices: [],
});
const spilling = { figures: { ...plain, spills: 3, fills: 2, scratch: 12 } };
const round = { slots: 1500, fma: 0, hmma: 16, multiplyAdds: 1000 };

const compilation: Compilation = {
  device: 'hopper',
  adapter: 'nvidia',
  driver: 'NVK',
  caps: {} as Compilation['caps'],
  skipped: [],
  steps: [
    {
      network: 'S',
      precision: 'f32',
      batch: 4,
      plannedBytes: 2 ** 20,
      launches: [launch('own'), launch('both')],
    },
    {
      network: 'S',
      precision: 'winograd',
      batch: 4,
      plannedBytes: 2 ** 20,
      launches: [launch('both'), launch('tried')],
    },
  ],
  pipelines: [
    pipeline('own', { round }),
    pipeline('both', spilling),
    pipeline('tried', spilling),
    pipeline('entry', { figures: null, error: 'no such extension' }),
  ],
};

describe('what counts against a device', () => {
  it('is what it runs by itself; the rest is listed as tried', () => {
    expect(problemsOf(compilation).map(({ pipeline: name, byItself }) => [name, byItself])).toEqual([
      ['both', true],
      ['tried', false],
      ['entry', false],
    ]);
    const text = problemText(resultsOf([compilation], { commit: 'abc', toggles: [] }));
    expect(text).toMatch(/by itself:\n {2}Hopper: both: 3 spills, 2 fills, 12 bytes of scratch\n/);
    expect(text).toContain('Hopper: entry: refused: no such extension');
  });

  it('is scratch without spills too, for arrays that no register can hold, and nothing else', () => {
    const only = (figures: Figures) =>
      problemsOf({ ...compilation, pipelines: [pipeline('own', { figures })] });
    expect(only({ ...plain, scratch: 256 })).toHaveLength(1);
    expect(only({ ...plain, scratch: null, fills: null })).toEqual([]);
  });
});

describe('results', () => {
  const results = resultsOf([compilation], { commit: 'abc', toggles: ['disable_robustness'] });

  it('have a pipeline once, with the precisions in whose steps it is', () => {
    const steps = Object.fromEntries(results.pipelines.map((row) => [row.pipeline, row.steps]));
    expect(steps).toEqual({ own: ['f32'], both: ['f32', 'winograd'], tried: ['winograd'], entry: [] });
  });

  it('are kept as JSON of short lines', () => {
    const kept = JSON.parse(jsonOf(results));
    expect(kept.pipelines).toContainEqual({
      pipeline: 'own',
      steps: 'f32',
      hopper: '128r 16w 1.5/fma 93.8/hmma',
    });
    expect(kept.pipelines).toContainEqual({
      pipeline: 'tried',
      steps: 'winograd',
      hopper: '128r 16w SPILLS 3/2 scratch 12',
    });
    expect(kept.steps[0].kernels).toEqual({ own: '1×, 0.002 ms, memory', both: '1×, 0.002 ms, memory' });
    expect(jsonOf(results).match(/^ {2}\{"pipeline".*\}/gm)).toHaveLength(4);
  });

  it('are printed with every figure of a kernel and device, and say that nothing was measured', () => {
    const text = report(results, '');
    expect(text).toMatch(/^own +f32 +128r 16w 1\.5\/fma 93\.8\/hmma$/m);
    expect(text).toContain('not measured');
    expect(report(results, 'tried')).not.toMatch(/^own +f32/m);
  });
});
