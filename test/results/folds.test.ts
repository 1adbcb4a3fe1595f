/** @file Runs of folds taken together: each subject once, and no seed of which a fold is missing. */
import { describe, expect, it } from 'vitest';
import {
  compareAll,
  type ExperimentRun,
  figureOf,
  type RecordedResult,
} from '../../src/results/experiment.ts';
import { type Pool, pooledRuns, pooledTables } from '../../src/results/folds.ts';

const result = (key: string, bySubject: Readonly<Record<string, number>>, trivial: number | null = null) =>
  ({
    ...{ key, title: key, unit: '', digits: 3, better: 'higher', detail: false },
    ...{ value: 0, trivial, bySubject },
  }) as RecordedResult;

function run(
  initialisation: string,
  seed: number,
  fold: number,
  results: readonly RecordedResult[],
): ExperimentRun {
  const name = `points/${initialisation}_labelled-2_steps-9_fold-${fold}_seed-${seed}`;
  return { name, initialisation, pretraining: null, labelled: 2, steps: 9, seed, fold, results };
}

const nothing: Pool = () => ({ results: [], tables: [], notes: [] });

describe('pooledRuns', () => {
  it('gives every subject its weight, however large its fold', () => {
    const runs = [
      run('scratch', 1, 1, [result('k', { a: 0.2, b: 0.4 }, 0.1), result('only here', { a: 7 })]),
      run('scratch', 1, 2, [result('k', { c: 0.9 }, 0.3)]),
    ];
    const [whole, ...others] = pooledRuns(runs, 2, nothing);
    expect(others).toEqual([]);
    expect(whole).toMatchObject({ name: 'points/scratch_labelled-2_steps-9_seed-1', seed: 1 });
    expect(whole).not.toHaveProperty('fold');
    expect(figureOf(whole!, 'k')).toBeCloseTo(0.5, 12);
    expect(whole!.results[0]).toMatchObject({ bySubject: { a: 0.2, b: 0.4, c: 0.9 } });
    expect(whole!.results[0]!.value).toBeCloseTo(0.5, 12);
    expect(whole!.results[0]!.trivial).toBeCloseTo(0.2, 12);
    expect(figureOf(whole!, 'only here')).toBe(7);
  });

  it('takes the trivial answers that there are, whatever the folds are numbered', () => {
    const runs = [
      run('scratch', 1, 9, [result('k', { a: 1 }, 0.25)]),
      run('scratch', 1, 10, [result('k', { b: 1 }, null)]),
    ];
    for (const some of [runs, runs.toReversed()]) {
      const [whole] = pooledRuns(some, 2, nothing);
      expect(whole!.name).toBe('points/scratch_labelled-2_steps-9_seed-1');
      expect(whole!.results[0]!.trivial).toBe(0.25);
    }
    expect(pooledTables(runs, 2, nothing)).toEqual([]);
  });

  it('leaves out what lacks a fold, so that pairs are of the same subjects', () => {
    const of = (name: string, seed: number, folds: readonly number[], value: number) =>
      folds.map((fold) => run(name, seed, fold, [result('k', { [`s${fold}`]: value + fold })]));
    const runs = pooledRuns(
      [
        ...of('scratch', 1, [1, 2], 0),
        ...of('made', 1, [1, 2], 0.5),
        ...of('scratch', 2, [1, 2], 0),
        ...of('made', 2, [2], 9),
      ],
      2,
      nothing,
    );
    expect(runs.map(({ initialisation, seed }) => [initialisation, seed])).toEqual([
      ['scratch', 1],
      ['made', 1],
      ['scratch', 2],
    ]);
    const [found] = compareAll(runs, {
      ...{ scratch: 'scratch', initialisations: ['scratch', 'made'], places: [{ labelled: 2, steps: 9 }] },
      ...{ key: 'k', better: 'higher', resample: true },
    });
    expect(found).toMatchObject({ seeds: 1, subjects: 2, wins: 1 });
    expect(found!.mean).toBeCloseTo(0.5, 12);
  });

  it('gives a figure of all subjects at once its value, in differences too', () => {
    const runs = ['scratch', 'made'].flatMap((name) =>
      [1, 2].flatMap((seed) =>
        [1, 2].map((fold) => ({
          ...run(name, seed, fold, [result('k', { [`s${fold}`]: fold })]),
          summaries: { task: { said: name === 'made' ? seed + fold : fold } },
        })),
      ),
    );
    const pool: Pool = (folds) => {
      const said = folds.map((summaries) => (summaries.task as { said: number }).said);
      const value = said.reduce((sum, one) => sum + one, 0);
      const tables = [{ title: 'T', about: '', columns: ['sum'], rows: [[String(value)]] as const }];
      return { results: [{ ...result('all', {}), value, pooled: true }], tables, notes: [] };
    };
    const pooled = pooledRuns(runs, 2, pool);
    expect(pooled.map((one) => figureOf(one, 'all'))).toEqual([3, 3, 5, 7]);
    expect(pooled[0]).not.toHaveProperty('summaries');
    const [found] = compareAll(pooled, {
      ...{ scratch: 'scratch', initialisations: ['scratch', 'made'], places: [{ labelled: 2, steps: 9 }] },
      ...{ key: 'all', better: 'higher', resample: true },
    });
    expect(found).toMatchObject({ seeds: 2, subjects: 0, mean: 3, wins: 2, bootstrap: { low: 2, high: 4 } });
    // the seeds of an initialisation together
    expect(
      pooledTables(runs, 2, pool).map((one) => [one.initialisation, one.runs, one.tables[0]!.rows]),
    ).toEqual([
      ['scratch', 2, [['6']]],
      ['made', 2, [['12']]],
    ]);
  });
});
