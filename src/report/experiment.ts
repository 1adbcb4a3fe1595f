/** @file The report of an experiment: curves, differences to scratch in pairs, all figures, cost; one HTML file. */
import { listed } from '../base/words.ts';
import type { Coverage } from '../results/coverage.ts';
import type {
  Comparison,
  ExperimentRun,
  Place,
  PretrainedRun,
  RecordedResult,
} from '../results/experiment.ts';
import type { PooledTables } from '../results/folds.ts';
import { fixed, ratioOf, signed, valueText } from '../results/result.ts';
import { differencesSection, figuresSections } from './comparisons.ts';
import { coverageNotes } from './coverage.ts';
import { counted, duration, type Html, html, whole } from './html.ts';
import { flattened, page, pairs } from './page.ts';
import { planesSection, planesStyle } from './planes.ts';
import { pooledSection } from './pooled.ts';
import { gridSection } from './spread.ts';
import { type ExperimentParts, subjectsSection } from './subjects.ts';
import type { PartlyTaken } from './takenover.ts';

/** Training time of an initialisation, seconds. */
export interface ExperimentCost {
  readonly initialisation: string;
  readonly pretrainings: number;
  /** Of all its pretrainings, each counted once however many points begin with it. */
  readonly pretraining: number;
  readonly runs: number;
  readonly fineTuning: number;
}

export interface ExperimentReportInput {
  readonly name: string;
  readonly scratch: string;
  readonly initialisations: readonly string[];
  readonly labelled: readonly (number | 'all')[];
  readonly steps: readonly number[];
  readonly seeds: readonly number[];
  readonly places: readonly Place[];
  /** Those that are compared: in folds, all of a seed as one. */
  readonly runs: readonly ExperimentRun[];
  /** Those that are finished. */
  readonly finished: readonly ExperimentRun[];
  /** In folds: tables of all their subjects together. */
  readonly pooled: readonly PooledTables[];
  /** Points of the grid, finished or not. */
  readonly planned: number;
  /** Initialisations of which nothing is finished, and which are left out elsewhere. */
  readonly unfinished: readonly string[];
  readonly results: readonly RecordedResult[];
  /** What is compared first; null before the first run is finished. */
  readonly main: RecordedResult | null;
  readonly pretrained: readonly PretrainedRun[];
  /** By key of the result. */
  readonly comparisons: ReadonlyMap<string, readonly Comparison[]>;
  readonly costs: readonly ExperimentCost[];
  readonly subjects: ExperimentParts;
  readonly config: object;
  /** Initialisations whose weights were made elsewhere, with whom they say they saw; null: that is not known here. */
  readonly foreign: readonly { readonly name: string; readonly saw: string | null }[];
  /** Initialisations whose pretraining has all subjects who do not test. */
  readonly untested: readonly string[];
  readonly partlyTaken: readonly PartlyTaken[];
  /** Of `main`; see `coverageOf`. */
  readonly coverage: Coverage | null;
}

/** `+0.051 with 1, +0.043 with 5 labelled subjects` */
function differencesText(own: readonly Comparison[], { digits, unit }: RecordedResult): string {
  const each = own.map(({ labelled, mean }) => `${signed(mean, digits)}${unit} with ${labelled}`);
  return `${listed(each)} labelled`;
}

/** What came out, at the longest fine-tuning, where scratch is strongest. */
function summary(input: ExperimentReportInput): string {
  const { main, comparisons, steps, finished, planned, initialisations, scratch, unfinished } = input;
  const state = [
    `${whole(finished.length)} of ${counted(planned, 'fine-tuning')} are finished.`,
    ...(main && unfinished.length > 0 ? [`Of ${listed(unfinished)} there is nothing to compare yet.`] : []),
  ].join(' ');
  const [nothing = 'There is nothing to compare yet.'] = coverageNotes(input.coverage, null);
  if (!main) return `${state} ${nothing}`;
  const all = comparisons.get(main.key)!;
  const longest = Math.max(...steps);
  const told = initialisations
    .filter((name) => name !== scratch)
    .flatMap((name) => {
      const own = all.filter(
        (one) => one.initialisation === name && one.steps === longest && one.mean !== null,
      );
      return own.length > 0 ? [`${name}: ${differencesText(own, main)}`] : [];
    });
  const tested = all.filter(({ adjusted }) => adjusted !== null);
  const clear = tested.filter(({ adjusted }) => adjusted! < 0.05).length;
  const verdict =
    tested.length > 0
      ? `Of ${counted(tested.length, 'comparison')}, ${whole(clear)} ${clear === 1 ? 'has' : 'have'} a corrected p below 0.05.`
      : all.some(({ seeds }) => seeds > 1)
        ? 'There is no test: the seeds have all the same difference, or none.'
        : 'With fewer than two seeds to compare there is no test.';
  const difference =
    told.length > 0
      ? `${main.title}, less ${scratch}, after ${counted(longest, 'step')} of fine-tuning: ${told.join('; ')}. `
      : '';
  return `${difference}${verdict} ${state}`;
}

function pretrainedTable({ name, title, results }: PretrainedRun): Html {
  const rows = results.map(
    (result) =>
      html`<tr><th scope="row">${result.title}</th><td class="number">${valueText(result, result.value)}</td><td class="number">${valueText(result, result.trivial)}</td><td class="number">${fixed(ratioOf(result), 2)}</td></tr>`,
  );
  return html`<h3>${title}</h3>
<div class="scroll"><table class="results"><thead><tr><th scope="col">Result</th><th scope="col" class="number">Network</th><th scope="col" class="number">Trivial</th><th scope="col" class="number">Ratio</th></tr></thead><tbody>${rows}</tbody></table></div>
<p><a href="${name}/report.html">Its report</a>, with pictures of what it predicts.</p>`;
}

function pretrainedSection({ pretrained }: ExperimentReportInput): Html {
  return html`<section><h2>What pretraining learnt</h2><p>Of its own tasks, on subjects that it held out, or those it trained on where it held out none; below a ratio of 1 it is better than the trivial answer.</p>${pretrained.map(pretrainedTable)}</section>`;
}

const time = (seconds: number): Html =>
  html`<td class="number time">${seconds > 0 ? duration(seconds) : '–'}</td>`;

function costSection({ costs }: ExperimentReportInput): Html {
  const rows = costs.map(
    ({ initialisation, pretrainings, pretraining, runs, fineTuning }) =>
      html`<tr><th scope="row">${initialisation}</th><td class="number">${whole(pretrainings)}</td>${time(pretraining)}<td class="number">${whole(runs)}</td>${time(fineTuning)}${time(pretraining + fineTuning)}</tr>`,
  );
  return html`<section><h2>Cost</h2><p>Time of the training steps, by the logs of the runs. A pretraining is counted once for each initialisation that begins with it, however many points it serves; one that two initialisations share was made once.</p>
<div class="scroll"><table class="results"><thead><tr><th scope="col">Initialisation</th><th scope="col" class="number">Pretrainings</th><th scope="col" class="number">their time</th><th scope="col" class="number">Fine-tunings</th><th scope="col" class="number">their time</th><th scope="col" class="number">Together</th></tr></thead><tbody>${rows}</tbody></table></div></section>`;
}

const style = `
.grids { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); gap: 20px 28px; }
.spread { max-width: 520px; }
.spread svg { width: 100%; display: block; }
.spread figcaption { font-size: 14px; font-weight: 600; margin: 0 0 4px; }
.spread text { font-size: 11.5px; fill: var(--muted); font-variant-numeric: tabular-nums; }
.spread .grid path { stroke-width: 1; }
.spread .line { fill: none; stroke-width: 2.25; stroke-linejoin: round; }
.spread .range { stroke-width: 2.25; stroke-opacity: 0.45; }
.spread .scratch { stroke: var(--muted); }
.spread .one { fill-opacity: 0.45; }
.spread .one.scratch, .spread .middle.scratch { fill: var(--muted); stroke: none; }
.forest { max-width: 760px; margin: 4px 0 20px; }
.forest svg { min-width: 560px; }
.forest .none { stroke: var(--muted); stroke-width: 1; }
.forest .place { font-weight: 600; }
.forest .range { stroke-width: 5; }
.legend { display: flex; flex-wrap: wrap; gap: 6px 22px; padding: 0; margin: 8px 0 14px; list-style: none; font-size: 14px; color: var(--muted); }
.legend i { display: inline-block; width: 18px; height: 4px; border-radius: 2px; margin-right: 8px; vertical-align: middle; background: var(--muted); }
.differences th, .differences td { padding-top: 5px; padding-bottom: 5px; }
.differences td.number small { display: block; color: var(--muted); font-size: 13px; }
tr.first > * { border-top: 1px solid var(--faint); }
${planesStyle}`;

/** The report as the text of an HTML file. Everything that comes from files or settings is escaped. */
export function renderExperiment(input: ExperimentReportInput): string {
  const { name, main, config, results } = input;
  return page({
    title: name,
    kicker: 'planewise, report of an experiment',
    lead: summary(input),
    style,
    body: html`${main ? gridSection(input, main) : ''}
${main ? differencesSection(input, main) : ''}
${results.length > 0 ? figuresSections(input) : ''}
${pooledSection(input.pooled)}
${input.pretrained.length > 0 ? pretrainedSection(input) : ''}
${planesSection(input.pretrained)}
${costSection(input)}
${subjectsSection(input)}
<section><h2>Experiment</h2><div class="columns">${pairs(flattened(config), 'The file, completed')}</div></section>`,
  });
}
