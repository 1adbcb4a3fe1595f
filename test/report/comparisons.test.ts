/** @file What the table of differences says of how seeds and pretrainings meet. */
import { expect, it } from 'vitest';
import { differencesSection, layoutNotes } from '../../src/report/comparisons.ts';
import { compareAll, type ExperimentRun, type RecordedResult } from '../../src/results/experiment.ts';

const place = { labelled: 5, steps: 100 } as const;
const main: RecordedResult = {
  ...{ key: 'k', title: 'K', unit: '', digits: 3, better: 'higher', value: 0, trivial: null },
  ...{ detail: false, bySubject: {} },
};

const run = (initialisation: string, pretraining: number | null, seed: number, a: number): ExperimentRun => ({
  ...{ ...place, name: `${initialisation} ${pretraining} ${seed}`, initialisation, pretraining, seed },
  results: [{ ...main, bySubject: { a } }],
});

const runs = [
  ...[1, 2, 3].map((seed) => run('scratch', null, seed, 0.5)),
  ...[run('turns', 1, 1, 0.6), run('turns', 2, 2, 0.8), run('turns', 1, 3, 0.5)],
  ...[run('some', 1, 1, 0.7), run('some', 2, 1, 0.5), run('some', 1, 2, 0.6)],
  ...[1, 2, 3].map((seed) => run('single', 1, seed, 0.5 + seed / 10)),
];

const all = compareAll(runs, {
  ...{ scratch: 'scratch', initialisations: ['scratch', 'turns', 'some', 'single'], places: [place] },
  ...{ key: 'k', better: 'higher', resample: false },
});

it('says where seeds have one pretraining each, and where pairs are missing', () => {
  expect(all.map(({ layout }) => layout)).toEqual(['nested', 'partial', 'crossed']);
  expect(layoutNotes(all)).toEqual([
    expect.stringMatching(/^Each seed has one of the pretrainings of turns: /),
    expect.stringMatching(/^Not every seed has every pretraining of some yet: /),
  ]);
  expect(layoutNotes(all.slice(2))).toEqual([]);
});

it('has the mean by pretraining of initialisations that have several', () => {
  const subjects = { folds: null } as Parameters<typeof differencesSection>[0]['subjects'];
  const input = { scratch: 'scratch', subjects, comparisons: new Map([['k', all]]) };
  const told = String(differencesSection(input as unknown as Parameters<typeof differencesSection>[0], main));
  const [, table] = told.split('By pretraining');
  const cells = [...table!.matchAll(/<t[hd](?: [^>]*)?>([^<]*)</g)].map(([, text]) => text);
  expect(cells).toEqual([
    ...['Initialisation', 'Steps', 'Labelled', 'Pretraining 1', 'Pretraining 2'],
    ...['turns', '100', '5', '+0.050 (2 seeds)', '+0.300 (1 seed)'],
    ...['some', '100', '5', '+0.150 (2 seeds)', '0.000 (1 seed)'],
  ]);
});
