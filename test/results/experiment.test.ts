/** @file Runs compared in pairs, by numbers worked out by hand. */
import { describe, expect, it } from 'vitest';
import { compareAll, type ExperimentRun, figureOf, summarizeArm } from '../../src/results/experiment.ts';

const place = { labelled: 5, steps: 100 } as const;

function run(
  initialisation: string,
  seed: number,
  values: Readonly<Record<string, number>>,
  pretraining: number | null = null,
): ExperimentRun {
  const result = {
    key: 'k',
    title: 'K',
    unit: '',
    digits: 3,
    better: 'higher',
    value: 0,
    trivial: null,
  } as const;
  const name = `${initialisation} ${seed} ${pretraining}`;
  return {
    ...place,
    name,
    initialisation,
    pretraining,
    seed,
    results: [{ ...result, detail: false, bySubject: values }],
  };
}

const scratch = [run('scratch', 1, { a: 0.5, b: 0.7 }), run('scratch', 2, { a: 0.4, b: 0.6 })];
const options = {
  scratch: 'scratch',
  initialisations: ['scratch', 'made'],
  places: [place],
  key: 'k',
  better: 'higher',
  resample: true,
} as const;

describe('compareAll', () => {
  it('takes pairs by seed and subject, and means over pretrainings before seeds', () => {
    const made = [
      run('made', 1, { a: 0.6, b: 0.7 }, 1),
      run('made', 1, { a: 0.8, b: 0.7 }, 2),
      run('made', 2, { a: 0.4, b: 0.6 }, 1),
      run('made', 2, { a: 0.4, b: 0.8 }, 2),
    ];
    // seed 1: (0.05 + 0.15) / 2, seed 2: (0 + 0.1) / 2
    const [found] = compareAll([...scratch, ...made], options);
    expect(found).toMatchObject({ seeds: 2, pretrainings: 2, subjects: 2, wins: 2 });
    expect(found!.mean).toBeCloseTo(0.075, 12);
    expect(found!.test!.deviation).toBeCloseTo(0.05 / Math.SQRT2, 12);
    expect(found!.bootstrap!.mean).toBeCloseTo(0.075, 12);
    expect(found!.adjusted).toBe(found!.test!.p);
  });

  it('leaves out seeds without a pair, and subjects of whom one of two has no value', () => {
    const made = [
      run('made', 1, { a: 0.6 }, 1),
      run('made', 2, { a: 0.5, b: 0.6 }, 1),
      run('made', 3, { a: 1 }, 1),
      run('made', 1, { b: 0.9 }, 2),
    ];
    const [found] = compareAll([...scratch, ...made], options);
    // seed 3 has no run from scratch, seed 2 lacks one of pretraining 2
    expect(found).toMatchObject({ seeds: 2, pretrainings: 2, subjects: 2, layout: 'partial', wins: 2 });
    // seed 1: a with pretraining 1 +0.1, b with pretraining 2 +0.2; seed 2: (0.1 + 0) / 2
    expect(found!.mean).toBeCloseTo((0.15 + 0.05) / 2, 12);
    expect(found!.bootstrap!.mean).toBeCloseTo(0.1, 12);
    expect(found!.byPretraining.map(({ pretraining, seeds }) => [pretraining, seeds])).toEqual([
      [1, 2],
      [2, 1],
    ]);
    expect(found!.byPretraining[0]!.mean).toBeCloseTo(0.075, 12);
  });

  it('takes seeds that have a pretraining each, by draw and by pretraining', () => {
    const alone = [1, 2, 3].map((seed) => run('scratch', seed, { a: 0.5 }));
    const made = [
      run('made', 1, { a: 0.6 }, 1),
      run('made', 2, { a: 0.8 }, 2),
      run('made', 3, { a: 0.4 }, 1),
    ];
    const [found] = compareAll([...alone, ...made], options);
    expect(found).toMatchObject({ seeds: 3, pretrainings: 2, layout: 'nested', wins: 2 });
    expect(found!.mean).toBeCloseTo(0.1, 12);
    const [one, two] = found!.byPretraining.map(({ mean }) => mean);
    expect([one, two].map((value) => value!.toFixed(12))).toEqual(['0.000000000000', '0.300000000000']);
    // a third pretraining that scratch has no seed beside is none of the comparison
    const [same] = compareAll([...alone, ...made, run('made', 9, { a: 1 }, 3)], options);
    expect(same).toEqual(found);
  });

  it('corrects over all comparisons, and counts wins as the figure points', () => {
    const made = (name: string) => [run(name, 1, { a: 0.6, b: 0.7 }, 1), run(name, 2, { a: 0.6, b: 0.7 }, 1)];
    const all = [...scratch, ...made('made'), ...made('other')];
    const found = compareAll(all, {
      ...options,
      initialisations: ['scratch', 'made', 'other'],
      better: 'lower',
    });
    expect(found.map(({ initialisation, wins }) => [initialisation, wins])).toEqual([
      ['made', 0],
      ['other', 0],
    ]);
    for (const { test, adjusted } of found) expect(adjusted).toBeCloseTo(Math.min(1, 2 * test!.p), 12);
  });

  it('compares what only all subjects together have by seed', () => {
    const whole = (name: string, seed: number, value: number | null) => {
      const one = run(name, seed, {}, name === 'made' ? 1 : null);
      return { ...one, results: [{ ...one.results[0]!, value }] };
    };
    const runs = [
      ...[whole('scratch', 1, 0.5), whole('made', 1, 0.75)],
      ...[whole('scratch', 2, 0.5), whole('made', 2, 0.25)],
      ...[whole('scratch', 3, 0.5), whole('made', 3, 1)],
    ];
    expect(runs.map((one) => figureOf(one, 'k'))).toEqual([0.5, 0.75, 0.5, 0.25, 0.5, 1]);
    const [found] = compareAll(runs, options);
    expect(found).toMatchObject({ seeds: 3, subjects: 0, layout: 'crossed', wins: 2 });
    expect(found!.mean).toBeCloseTo(0.5 / 3, 12);
    expect(found!.bootstrap).toMatchObject({ low: -0.25, high: 0.5 });
  });

  it('takes a single pretraining for crossed where seeds, or all of them, have no value', () => {
    const made = [run('made', 1, { a: 0.6 }, 1), run('made', 2, {}, 1)];
    const [found] = compareAll([...scratch, ...made], options);
    // seed 2 has both runs, but nothing to compare: it is neither won nor lost
    expect(found).toMatchObject({ seeds: 1, pretrainings: 1, layout: 'crossed', wins: 1 });
    expect(found!.bootstrap).toMatchObject({ low: found!.mean, high: found!.mean });
    const none = made.map((one) => ({
      ...one,
      results: [{ ...one.results[0]!, value: null, bySubject: {} }],
    }));
    expect(compareAll([...scratch, ...none], options)[0]).toMatchObject({
      ...{ seeds: 0, layout: 'crossed', mean: null },
    });
  });

  it('has nothing to say before there are pairs', () => {
    const [found] = compareAll([run('made', 1, { a: 1 }, 1)], options);
    expect(found).toMatchObject({ mean: null, bootstrap: null, test: null, seeds: 0, wins: 0 });
  });
});

it('a run’s figure is the mean over its subjects, an arm’s the mean over seeds of means over pretrainings', () => {
  const runs = [
    run('made', 1, { a: 0.2, b: 0.4 }, 1),
    run('made', 1, { a: 0.6 }, 2),
    run('made', 2, { a: 0.9 }, 1),
  ];
  expect(figureOf(runs[0]!, 'k')).toBeCloseTo(0.3, 12);
  expect(figureOf(runs[0]!, 'none')).toBeNull();
  const arm = summarizeArm(runs, 'made', place, 'k');
  expect(arm).toMatchObject({ seeds: 2, runs: 3 });
  expect(arm.values[0]).toBeCloseTo(0.45, 12);
  expect(arm.mean).toBeCloseTo(0.675, 12);
  expect(arm.deviation).toBeCloseTo(0.45 / Math.SQRT2, 12);
});
