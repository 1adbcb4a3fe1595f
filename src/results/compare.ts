/** @file Runs beside each other: settings on which they differ, results with their differences to the first run. */
import { listed } from '../base/words.ts';
import { type ComparedResult, comparedResults, type TestedRun } from './comparedresults.ts';
import type { PartName } from './evaluation.ts';
import type { RecordedResult } from './experiment.ts';
import type { StepMetrics, ValidationMetrics } from './losses.ts';

/** A run as it is compared. */
export interface ComparedRun {
  /** Of its folder, with as much of the path as tells it from the others. */
  readonly name: string;
  readonly tasks: readonly string[];
  /** By dotted name. */
  readonly settings: Readonly<Record<string, string>>;
  /** Whether what it writes names people as their images do. */
  readonly named: boolean;
  readonly steps: { readonly asked: number | null; readonly trained: number };
  /** Step of the weights that were kept; null before the first validation, and where nobody validates. */
  readonly best: number | null;
  readonly metrics: readonly StepMetrics[];
  readonly validation: readonly ValidationMetrics[];
  /** Null where it is not finished. */
  readonly tested: TestedRun | null;
  /** What to know of it; sentences. */
  readonly notes: readonly string[];
}

export interface ComparedSetting {
  readonly name: string;
  /** Of each run; null where it has no such setting. */
  readonly values: readonly (string | null)[];
}

export interface Comparison {
  readonly runs: readonly ComparedRun[];
  readonly settings: readonly ComparedSetting[];
  readonly results: readonly ComparedResult[];
  /** Why figures may not be comparable, and what is left out; sentences. */
  readonly warnings: readonly string[];
}

/** A, B … Z, AA: what a run is called where its name has no room. */
export function letterOf(place: number): string {
  const before = place >= 26 ? letterOf(Math.floor(place / 26) - 1) : '';
  return before + String.fromCharCode(65 + (place % 26));
}

/** Names of which not all have the same value, in order of first appearance; to have none is a value too. */
export function differing(all: readonly Readonly<Record<string, string>>[]): string[] {
  const names = [...new Set(all.flatMap(Object.keys))];
  return names.filter((name) => new Set(all.map((own) => own[name])).size > 1);
}

const settingsOf = (runs: readonly ComparedRun[]): ComparedSetting[] =>
  differing(runs.map(({ settings }) => settings)).map((name) => ({
    name,
    values: runs.map(({ settings }) => settings[name] ?? null),
  }));

const partTexts: Readonly<Record<PartName, string>> = {
  test: 'test subjects',
  validation: 'validation subjects',
  training: 'the subjects it was trained on',
};

type Tested = ComparedRun & { readonly tested: TestedRun; readonly letter: string };

const subjectsIn = (results: readonly RecordedResult[]): Set<string> =>
  new Set(results.flatMap(({ bySubject }) => Object.keys(bySubject)));

/** Which of the earlier runs one stands beside: the first that has a result of it, else the first. */
function beside(run: Tested, earlier: readonly Tested[]): Tested {
  const keys = new Set(run.tested.results.map(({ key }) => key));
  return earlier.find(({ tested }) => tested.results.some(({ key }) => keys.has(key))) ?? earlier[0]!;
}

/** Whether two runs were measured on others, by the results that both have, or else by all; null: no. */
function otherSubjects(first: Tested, run: Tested): string | null {
  const { letter, tested } = run;
  const both = (own: TestedRun, other: TestedRun): Set<string> => {
    const shared = own.results.filter(({ key }) => other.results.some((result) => result.key === key));
    return subjectsIn(shared.length > 0 ? shared : own.results);
  };
  const [own, others] = [both(tested, first.tested), both(first.tested, tested)];
  const same = [...own].filter((name) => others.has(name)).length;
  const known = own.size > 0 && others.size > 0;
  const equal = own.size === same && others.size === same;
  if (tested.subjects === first.tested.subjects && (equal || !known)) return null;
  const counts = `${first.tested.subjects} and ${tested.subjects}`;
  const shared = known ? `, of whom ${same} are the same by name` : '';
  return `${first.letter} and ${letter} were measured on different subjects (${counts}${shared}).`;
}

/** What two runs have apart in their data; null: nothing that is known. */
function otherData(first: Tested, { letter, tested }: Tested): string | null {
  const who = `${first.letter} and ${letter}`;
  const apart = (key: 'data' | 'pixels'): boolean =>
    tested[key] !== null && first.tested[key] !== null && tested[key] !== first.tested[key];
  if (apart('pixels')) return `${who} had different images: the fingerprints of their pixels differ.`;
  if (!apart('data')) return null;
  return `${who} had the same images, but different geometry, labels or groups: the fingerprints of their data differ.`;
}

function otherSteps(runs: readonly ComparedRun[]): string[] {
  if (new Set(runs.map(({ steps }) => steps.trained)).size < 2) return [];
  const each = runs.map(({ steps: { trained } }, i) => `${letterOf(i)} ${trained.toLocaleString('en')}`);
  return [`The runs were trained for different numbers of steps: ${each.join(', ')}.`];
}

function otherParts(tested: readonly Tested[]): string[] {
  if (new Set(tested.map((run) => run.tested.part)).size < 2) return [];
  const each = tested.map((run) => `${run.letter} on ${partTexts[run.tested.part]}`);
  return [`The runs were measured on different parts of their data: ${listed(each)}.`];
}

/** Titles that a warning repeats. */
const MOST_TITLES = 3;

/** `A and B only: 2-chamber line, angle; slice location` */
function onlyText([who, titles]: readonly [string, readonly string[]]): string {
  const more = titles.length - MOST_TITLES;
  return `${who} only: ${titles.slice(0, MOST_TITLES).join('; ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Results that not all runs that are finished have. */
function notShared(tested: readonly Tested[], results: readonly ComparedResult[]): string[] {
  const [first] = tested;
  if (!first || tested.length < 2) return [];
  const has = ({ tested: { results: own } }: Tested, key: string): boolean =>
    own.some((result) => result.key === key);
  const only = results.filter(({ key }) => tested.some((run) => !has(run, key)));
  if (only.length === 0) return [];
  const byRuns = new Map<string, string[]>();
  for (const { key, title } of only) {
    const who = listed(tested.filter((run) => has(run, key)).map(({ letter }) => letter));
    byRuns.set(who, [...(byRuns.get(who) ?? []), title]);
  }
  const share = results.some(({ measured }) => measured.filter(Boolean).length > 1);
  const none = share ? '' : 'The runs share no result. ';
  return [`${none}Not measured by all: ${[...byRuns].map(onlyText).join('. ')}.`];
}

/** Compares runs, of which the first is what the others are measured by. */
export function compareRuns(runs: readonly ComparedRun[]): Comparison {
  const results = comparedResults(runs.map(({ tested }) => tested));
  const tested = runs.flatMap((run, i): Tested[] =>
    run.tested ? [{ ...run, tested: run.tested, letter: letterOf(i) }] : [],
  );
  const apart = tested.slice(1).flatMap((run, i) => {
    const earlier = beside(run, tested.slice(0, i + 1));
    return [otherSubjects(earlier, run), otherData(earlier, run)];
  });
  const warnings = [
    ...runs.flatMap(({ notes }, i) => notes.map((note) => `${letterOf(i)}: ${note}`)),
    ...otherSteps(runs),
    ...otherParts(tested),
    ...apart.filter((text) => text !== null),
    ...notShared(tested, results),
  ];
  return { runs, settings: settingsOf(runs), results, warnings };
}

/** The comparison as JSON: lists of values are in the order of the runs, of which nobody is named. */
export const comparisonRecord = ({ runs, settings, results, warnings }: Comparison): object => ({
  runs: runs.map(({ name, tasks, steps, best, tested }, i) => {
    const { results: _, ...measured } = tested ?? {};
    return { letter: letterOf(i), name, tasks, steps, best, finished: tested !== null, ...measured };
  }),
  settings,
  results: results.map(({ digits: _, ...result }) => result),
  warnings,
});

/** Of the file of comma-separated values: a row for each run and result that it has; subjects are those with a value. */
export const comparisonRows = ({ runs, results }: Comparison): (string | number | null)[][] => [
  [
    ...['run', 'result', 'title', 'unit', 'better', 'value', 'difference', 'part', 'subjects', 'paired'],
    'steps',
  ],
  ...results.flatMap(({ key, title, unit, better, measured, ...each }) =>
    runs.flatMap(({ name, tested, steps }, i) =>
      tested && measured[i]
        ? [
            [
              ...[name, key, title, unit.trim(), better, each.values[i]!, each.differences[i]!],
              ...[tested.part, each.subjects[i]!, each.paired[i]!, steps.trained],
            ],
          ]
        : [],
    ),
  ),
];
