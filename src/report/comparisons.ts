/** @file Tables of an experiment: differences to scratch with their intervals, and every figure by initialisation. */
import { listed } from '../base/words.ts';
import { groupBy } from '../data/lists.ts';
import {
  type Comparison,
  type Place,
  type PretrainingMean,
  type RecordedResult,
  summarizeArm,
} from '../results/experiment.ts';
import { fixed, signed, valueText } from '../results/result.ts';
import { coverageNotes } from './coverage.ts';
import type { ExperimentReportInput } from './experiment.ts';
import { forestFigure } from './forest.ts';
import { counted, type Html, html, whole } from './html.ts';
import { takenOverNotes } from './takenover.ts';

/** `0.013`, `< 0.001` */
const chance = (p: number | null): string => (p !== null && p < 0.001 ? '< 0.001' : fixed(p, 3));

const labels = (labelled: Place['labelled']): string => (labelled === 'all' ? 'all' : whole(labelled));

const interval = (ends: { readonly low: number; readonly high: number } | null, digits: number): string =>
  ends ? `${signed(ends.low, digits)} to ${signed(ends.high, digits)}` : '–';

function differenceRow(one: Comparison, { digits }: RecordedResult, first: boolean): Html {
  const { initialisation, labelled, steps, mean, bootstrap, test, wins, seeds, adjusted } = one;
  return html`<tr${first ? html` class="first"` : ''}><th scope="row">${initialisation}</th><td class="number">${whole(steps)}</td><td class="number">${labels(labelled)}</td><td class="number"><strong>${signed(mean, digits)}</strong></td><td class="number">${interval(bootstrap, digits)}</td><td class="number">${interval(test, digits)}</td><td class="number">${whole(wins)} of ${whole(seeds)}</td><td class="number">${chance(test?.p ?? null)}</td><td class="number">${chance(adjusted)}</td></tr>`;
}

/** What to know where not every seed has every pretraining of an initialisation. */
export function layoutNotes(all: readonly Comparison[]): string[] {
  const names = (layout: Comparison['layout']): string[] => [
    ...new Set(all.filter((one) => one.layout === layout).map(({ initialisation }) => initialisation)),
  ];
  const [nested, partial] = [names('nested'), names('partial')];
  return [
    ...(nested.length > 0
      ? [
          `Each seed has one of the pretrainings of ${listed(nested)}: the resampled interval draws seeds within pretrainings, of which each counts the same; the one over seeds takes seeds that share a pretraining to be independent.`,
        ]
      : []),
    ...(partial.length > 0
      ? [
          `Not every seed has every pretraining of ${listed(partial)} yet: a seed’s difference is the mean over those that it has, and seeds without any are left out.`,
        ]
      : []),
  ];
}

/** `+0.017 (4 seeds)` */
const madeCell = ({ mean, seeds }: PretrainingMean, digits: number): string =>
  mean === null ? '–' : `${signed(mean, digits)} (${counted(seeds, 'seed')})`;

/** The difference that each pretraining makes, where an initialisation has several. */
function pretrainingsTable(all: readonly Comparison[], { digits }: RecordedResult): Html {
  const several = all.filter(({ byPretraining }) => byPretraining.length > 1);
  if (several.length === 0) return html``;
  const made = [
    ...new Set(several.flatMap(({ byPretraining }) => byPretraining.map((one) => one.pretraining!))),
  ].sort((a, b) => a - b);
  const rows = several.map(({ initialisation, steps, labelled, byPretraining }) => {
    const cells = made.map((seed) => {
      const found = byPretraining.find(({ pretraining }) => pretraining === seed);
      return html`<td class="number">${found ? madeCell(found, digits) : '–'}</td>`;
    });
    return html`<tr><th scope="row">${initialisation}</th><td class="number">${whole(steps)}</td><td class="number">${labels(labelled)}</td>${cells}</tr>`;
  });
  const heads = made.map((seed) => html`<th scope="col" class="number">Pretraining ${seed}</th>`);
  return html`<h3>By pretraining</h3><div class="scroll"><table class="differences"><thead><tr><th scope="col">Initialisation</th><th scope="col" class="number">Steps</th><th scope="col" class="number">Labelled</th>${heads}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** What folds mean for the intervals (Bengio & Grandvalet, Journal of Machine Learning Research 5, 2004). */
function foldsText({ subjects: { folds, test }, coverage }: ExperimentReportInput): string {
  if (folds === null) return '';
  const everyone = !coverage || coverage.none.length + coverage.some.length === 0;
  return ` Each of the ${counted(test, 'subject')} tests once, in one of ${counted(folds, 'fold')}; a seed’s figure is the mean over ${everyone ? 'all of them' : 'those of them who have one'}. Trainings of different folds share most of their subjects, so that they are less independent than the intervals take them to be.`;
}

/** The main figure: every initialisation beside scratch, with what chance could have done. */
export function differencesSection(input: ExperimentReportInput, main: RecordedResult): Html {
  const { comparisons, scratch, subjects } = input;
  const all = comparisons.get(main.key)!;
  const rows = all.map((one, i) =>
    differenceRow(one, main, i > 0 && all[i - 1]!.initialisation !== one.initialisation),
  );
  const made = new Map(all.map(({ initialisation, pretrainings }) => [initialisation, pretrainings]));
  const single = [...made].flatMap(([name, count]) => (count === 1 ? [name] : []));
  const better = main.better === 'higher' ? 'above' : 'below';
  return html`<section><h2>Differences to ${scratch}</h2>
<p>${main.title}, ${better} 0 is better. Pairs have the same labelled subjects, seed and steps. The first interval resamples pretrainings, seeds and test subjects together; the second, and p, are of a paired t-test over seeds. p is corrected by Holm’s method over the ${counted(all.length, 'comparison')} of this table. There is no test over test subjects alone: it would take one training for many.${foldsText(input)}</p>
${coverageNotes(input.coverage, main.title).map((note) => html`<p class="note">${note}</p>`)}
${forestFigure(input, main)}
<div class="scroll"><table class="differences"><thead><tr><th scope="col">Initialisation</th><th scope="col" class="number">Steps</th><th scope="col" class="number">Labelled</th><th scope="col" class="number">Difference</th><th scope="col" class="number">95 %, resampled</th><th scope="col" class="number">95 %, over seeds</th><th scope="col" class="number">Seeds won</th><th scope="col" class="number">p</th><th scope="col" class="number">p, corrected</th></tr></thead><tbody>${rows}</tbody></table></div>
${single.length > 0 ? html`<p class="note">Of ${listed(single)} there is one pretraining${subjects.folds === null ? '' : ', or one a fold'}: the intervals say nothing of how another would have come out.</p>` : ''}
${[...layoutNotes(all), ...takenOverNotes(input.partlyTaken)].map((note) => html`<p class="note">${note}</p>`)}
${pretrainingsTable(all, main)}</section>`;
}

/** Mean ± deviation over seeds, and the difference to scratch below. */
function cell(
  input: ExperimentReportInput,
  result: RecordedResult,
  place: Place,
  initialisation: string,
): Html {
  const { mean, deviation, seeds } = summarizeArm(input.runs, initialisation, place, result.key);
  const found = input.comparisons
    .get(result.key)!
    .find(
      (one) =>
        one.initialisation === initialisation && one.labelled === place.labelled && one.steps === place.steps,
    );
  const beside =
    found && found.mean !== null
      ? html`<small>${signed(found.mean, result.digits)}${found.test ? ` (${interval(found.test, result.digits)})` : ''}</small>`
      : '';
  const spread = deviation === null ? '' : ` ± ${fixed(deviation, result.digits)}`;
  const few =
    seeds < input.seeds.length
      ? html`<small>${whole(seeds)} of ${counted(input.seeds.length, 'seed')}</small>`
      : '';
  return html`<td class="number">${fixed(mean, result.digits)}${spread}${beside}${few}</td>`;
}

function resultTable(input: ExperimentReportInput, result: RecordedResult): Html {
  const { places, initialisations } = input;
  const rows = places.map(
    (place) =>
      html`<tr><th scope="row">${whole(place.steps)} steps, ${labels(place.labelled)} labelled</th>${initialisations.map((one) => cell(input, result, place, one))}</tr>`,
  );
  const heads = initialisations.map((one) => html`<th scope="col" class="number">${one}</th>`);
  const unit = result.unit.trim();
  return html`<h3>${result.title}${unit ? ` (${unit})` : ''}</h3><div class="scroll"><table class="differences"><thead><tr><th scope="col">Fine-tuning</th>${heads}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** Every figure: what is read first open, the rest folded. */
export function figuresSections(input: ExperimentReportInput): Html {
  const parts = groupBy(input.results, ({ detail }) => String(detail));
  const tables = (some: readonly RecordedResult[] = []): Html[] =>
    some.map((result) => resultTable(input, result));
  const trivial = input.runs.length > 0 ? trivialText(input) : '';
  return html`<section><h2>All figures</h2><p>Mean over test subjects, then mean ± standard deviation over seeds; below, the difference to ${input.scratch} with its 95 % interval over seeds, not corrected for how many there are. A subject of whom one of two runs has no value (a structure that was not found has no distance, say) is left out of that difference.${trivial}</p>
${tables(parts.get('false'))}${parts.has('true') ? html`<details><summary>Further figures</summary><div>${tables(parts.get('true'))}</div></details>` : ''}</section>`;
}

function trivialText({ main }: ExperimentReportInput): string {
  return main && main.trivial !== null
    ? ` Answering what is usual in the training images gives ${valueText(main, main.trivial)} for ${main.title}, on average over the runs.`
    : '';
}
