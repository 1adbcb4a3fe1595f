/** @file What table and picture of differences say of how seeds and pretrainings meet. */
import { describe, expect, it } from 'vitest';
import { differencesSection, layoutNotes } from '../../src/report/comparisons.ts';
import type { PartlyTaken } from '../../src/report/takenover.ts';
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

const initialisations = ['scratch', 'turns', 'some', 'single'];
const all = compareAll(runs, {
  ...{ scratch: 'scratch', initialisations, places: [place] },
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

/** The section as text, of some of the comparisons. */
function sectionOf(comparisons: typeof all, places = main, partlyTaken: readonly PartlyTaken[] = []): string {
  const input = {
    ...{ scratch: 'scratch', initialisations, subjects: { folds: null }, partlyTaken, coverage: null },
    comparisons: new Map([['k', comparisons]]),
  };
  return String(differencesSection(input as unknown as Parameters<typeof differencesSection>[0], places));
}

it('has the mean by pretraining of initialisations that have several', () => {
  const [, table] = sectionOf(all).split('By pretraining');
  const cells = [...table!.matchAll(/<t[hd](?: [^>]*)?>([^<]*)</g)].map(([, text]) => text);
  expect(cells).toEqual([
    ...['Initialisation', 'Steps', 'Labelled', 'Pretraining 1', 'Pretraining 2'],
    ...['turns', '100', '5', '+0.050 (2 seeds)', '+0.300 (1 seed)'],
    ...['some', '100', '5', '+0.150 (2 seeds)', '0.000 (1 seed)'],
  ]);
});

it('says of which initialisations only some weights were taken over', () => {
  const one = { initialisation: 'turns', kind: 'point', parts: 'all', filled: 22, of: 1100 } as const;
  const other = { ...one, initialisation: 'some', kind: 'pretraining', parts: 'encoder', of: 60 } as const;
  const section = sectionOf(all, main, [one, other]);
  expect(section).toContain(
    '<p class="note">turns begins with 22 of 1,100 weights of the network, heads apart, taken over: ',
  );
  expect(section).toContain('The pretraining of some begins with 22 of 60 weights of the encoder taken over');
  expect(sectionOf(all)).not.toContain('taken over');
});

describe('the forest', () => {
  const rows = (section: string): string[] =>
    [...section.matchAll(/<text x="200"[^>]*>([^<]+)<\/text>/g)].map(([, name]) => name!);
  const numbers = (section: string, pattern: RegExp): number[] =>
    [...section.matchAll(pattern)].map(([, value]) => Number(value));

  it('has a row for each comparison, the best first, with a dot for each seed and a bar for the interval', () => {
    const section = sectionOf(all);
    expect(rows(section)).toEqual(['single', 'turns', 'some']);
    expect(section.match(/class="one"/g)).toHaveLength(3 + 3 + 2);
    expect(section.match(/class="middle"/g)).toHaveLength(3);
    // two seeds of one difference have no interval
    expect(section.match(/class="range"/g)).toHaveLength(2);
    expect(section).toContain('+0.200, 3 of 3');
    expect(rows(sectionOf(all, { ...main, better: 'lower' }))).toEqual(['some', 'turns', 'single']);
  });

  it('draws differences to scale from the line of no difference', () => {
    const section = sectionOf(all);
    const [zero] = numbers(section, /class="none" d="M([\d.]+) /g);
    const middles = numbers(section, /class="middle" fill="[^"]*" cx="([\d.]+)"/g).map((x) => x - zero!);
    const means = ['single', 'turns', 'some'].map(
      (name) => all.find(({ initialisation }) => initialisation === name)!.mean!,
    );
    const scale = middles[0]! / means[0]!;
    expect(scale).toBeGreaterThan(0);
    for (const [i, mean] of means.entries()) expect(middles[i]! / scale).toBeCloseTo(mean, 3);
    const [dots] = [numbers(section, /class="one" fill="[^"]*" cx="([\d.]+)"/g)];
    for (const [i, d] of [0.1, 0.2, 0.3].entries()) expect((dots[i]! - zero!) / scale).toBeCloseTo(d, 3);
  });

  it('has room for long names', () => {
    const name = `${'a'.repeat(40)}-${'b'.repeat(40)}`;
    const shown = `${'a'.repeat(14)}…${'b'.repeat(14)}`;
    expect(sectionOf(all.map((one) => ({ ...one, initialisation: name })))).toContain(
      `<title>${name}</title>${shown}</text>`,
    );
  });

  it('is grouped by place, and not there without a difference', () => {
    const further = all.map((one) => ({ ...one, steps: 400 }));
    const titles = [...sectionOf([...all, ...further]).matchAll(/class="place"[^>]*>([^<]+)</g)].map(
      ([, t]) => t,
    );
    expect(titles).toEqual(['5 labelled, 100 steps', '5 labelled, 400 steps']);
    expect(sectionOf(all.map((one) => ({ ...one, mean: null })))).not.toContain('<svg');
  });
});
