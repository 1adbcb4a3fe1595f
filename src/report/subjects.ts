/** @file Who does what in an experiment, and whom its pretrainings saw. */
import { listed, some } from '../base/words.ts';
import { groupBy } from '../data/lists.ts';
import type { ExperimentReportInput } from './experiment.ts';
import { counted, type Html, html, whole } from './html.ts';
import { pairs } from './page.ts';

/** Names that a sentence has room for. */
const MOST_NAMED = 12;

/** How many subjects do what. */
export interface ExperimentParts {
  /** In which all of `test` do so in turn; null where they all test at every point. */
  readonly folds: number | null;
  readonly test: number;
  /** Of each fold, or one count. */
  readonly pool: readonly number[];
  /** Of each fold, or one count. */
  readonly spare: readonly number[];
  /** Of the labelled of a point. */
  readonly validation: number;
  /** Pathology groups that draws keep in their shares; none where the source knows none. */
  readonly groups: readonly string[];
  /** What to know where the data's publishers hold out others; null: nothing. */
  readonly notice: string | null;
}

function foreignNotes(foreign: ExperimentReportInput['foreign']): Html[] {
  const unknown = foreign.filter(({ saw }) => saw === null).map(({ name }) => name);
  const known = foreign.flatMap(({ name, saw }) =>
    saw === null ? [] : [html`<p>The weights of ${name} say that they were pretrained on ${saw}.</p>`],
  );
  if (unknown.length === 0) return known;
  const note = html`<p class="note">Where the weights of ${listed(unknown)} come from is not known here: whether their pretraining saw test subjects cannot be told.</p>`;
  return [...known, note];
}

/** `4 subjects`, `7 to 8 subjects` where folds differ */
function rangeText(counts: readonly number[]): string {
  const [least, most] = [Math.min(...counts, Infinity), Math.max(...counts, 0)];
  return least < most ? `${whole(least)} to ${counted(most, 'subject')}` : counted(most, 'subject');
}

/** Test subjects whom the data of pretrainings do not know by name, by initialisation. */
function unmatchedIn({ pretrained }: ExperimentReportInput): Map<string, string[]> {
  const all = groupBy(
    pretrained.filter(({ unmatched }) => unmatched.length > 0),
    ({ initialisation }) => initialisation,
  );
  return new Map(
    [...all].map(([name, own]) => [name, [...new Set(own.flatMap(({ unmatched }) => unmatched))].sort()]),
  );
}

const unmatchedNotes = (input: ExperimentReportInput): Html[] =>
  [...unmatchedIn(input)].map(
    ([name, subjects]) =>
      html`<p class="note">The data of the pretraining of ${name} have nobody of the name of ${some(subjects, MOST_NAMED)}, who ${subjects.length === 1 ? 'tests' : 'test'}: nobody was left out for them, and whether their images pretrained is not known here. If they are there under other names, say so in subjects.same, and make these runs again.</p>`,
  );

/** Initialisations of which whoever does not test pretrains, labelled or not. */
function whoPretrains(input: ExperimentReportInput): string {
  const {
    untested,
    subjects: { folds },
  } = input;
  if (untested.length === 0) return 'Nobody who tests or may be labelled pretrains.';
  const nobody = unmatchedIn(input).size > 0 ? 'But for those named below, nobody' : 'Nobody';
  const each = folds === null ? '' : ', each fold’s pretraining without its own';
  return `${nobody} who tests pretrains${each}. Images of labelled subjects, without their labels, are pretrained on for ${listed(untested)}.`;
}

export function subjectsSection(input: ExperimentReportInput): Html {
  const { subjects, foreign, seeds } = input;
  const { folds, test, pool, spare, validation, groups, notice } = subjects;
  const rows: [string, string][] = [
    folds === null
      ? ['Test, the same at every point', counted(test, 'subject')]
      : ['Test, each once', `${counted(test, 'subject')} in ${counted(folds, 'fold')}`],
    [folds === null ? 'May be labelled' : 'May be labelled in a fold', rangeText(pool)],
    ['Neither, of the same data', rangeText(spare)],
    [
      'Labelled that choose the weights',
      validation > 0 ? counted(validation, 'subject') : 'none: the last weights are taken',
    ],
    ['Groups kept in their shares', groups.length > 0 ? groups.join(', ') : 'none are known'],
    ['Seeds', seeds.join(', ')],
  ];
  return html`<section><h2>Subjects</h2><p>${whoPretrains(input)} A seed draws the labelled subjects, the first weights and the order of training; the subjects of a smaller count are among those of a larger one.</p>
${notice === null ? '' : html`<p class="note">${notice}</p>`}
${unmatchedNotes(input)}
${foreignNotes(foreign)}
<div class="columns">${pairs(rows, 'Who does what')}</div></section>`;
}
