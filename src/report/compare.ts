/** @file Runs beside each other as one HTML file: curves over one another, settings that differ, results with differences. */
import { listed } from '../base/words.ts';
import { type ComparedRun, type Comparison, letterOf } from '../results/compare.ts';
import type { ComparedResult } from '../results/comparedresults.ts';
import { signed, valueText } from '../results/result.ts';
import { counted, type Html, html, whole } from './html.ts';
import { colourOf, dashOf, overlaidPlots } from './overlay.ts';
import { page } from './page.ts';
import { plotFigures, plotScript } from './plots.ts';
import { uplotScript, uplotStyle } from './uplot.gen.ts';

/** What a run's curves look like: letter, colour and dashes. */
const sample = (place: number): Html =>
  html`<span class="run"><svg viewBox="0 0 34 10" aria-hidden="true"><path d="M1 5H33" style="stroke:var(${colourOf(place)})" stroke-dasharray="${dashOf(place).join(' ')}"/></svg><b style="color:var(${colourOf(place)})">${letterOf(place)}</b></span>`;

function stepsText({ steps: { asked, trained } }: ComparedRun): string {
  return asked === null || asked === trained ? whole(trained) : `${whole(trained)} of ${whole(asked)}`;
}

function runRow(run: ComparedRun, place: number): Html {
  const { name, tasks, tested, best } = run;
  const measured = tested
    ? html`${counted(tested.subjects, `${tested.part} subject`)}<small>${counted(tested.images, 'image')}</small>`
    : 'not finished';
  return html`<tr><th scope="row">${sample(place)}${name}</th><td>${listed(tasks)}</td><td class="number">${stepsText(run)}</td><td class="number">${best === null ? '–' : whole(best)}</td><td>${measured}</td></tr>`;
}

function runsSection({ runs, warnings }: Comparison): Html {
  const names = runs.some(({ named }) => named)
    ? html`<p class="note">Of ${listed(runs.flatMap(({ named }, i) => (named ? [letterOf(i)] : [])))} names are kept as in the images: this page may name people.</p>`
    : '';
  return html`<section><h2>Runs</h2>
<div class="scroll"><table><thead><tr><th scope="col">Run</th><th scope="col">Tasks</th><th scope="col" class="number">Steps trained</th><th scope="col" class="number">Best weights, step</th><th scope="col">Measured on</th></tr></thead><tbody>${runs.map(runRow)}</tbody></table></div>
${warnings.length > 0 ? html`<div class="warnings"><h3>Before you compare</h3><ul>${warnings.map((text) => html`<li>${text}</li>`)}</ul></div>` : ''}${names}</section>`;
}

const heads = (runs: readonly ComparedRun[], kind = ''): Html[] =>
  runs.map(
    ({ name }, i) => html`<th scope="col" class="head${kind}">${sample(i)}<small>${name}</small></th>`,
  );

/** Of a run beside A, `, over 2 subjects` where not all who have a value in one of them have one in the other. */
function pairedText({ subjects, paired }: ComparedResult, place: number): string {
  const both = paired[place]!;
  return both === null || (both === subjects[0] && both === subjects[place])
    ? ''
    : `, over ${counted(both, 'subject')}`;
}

/** `+0.020 better` below the value. */
function differenceText(result: ComparedResult, place: number): Html | string {
  const { differences, paired, better, digits, unit } = result;
  const difference = differences[place]!;
  if (difference === null)
    return paired[place] === 0 ? html`<small>no subject has a value in A too</small>` : '';
  const same = Number(difference.toFixed(digits)) === 0;
  const good = better === 'higher' ? difference > 0 : difference < 0;
  const word = same ? ' equal' : good ? ' better' : ' worse';
  return html`<small class="${same ? '' : good ? 'good' : 'bad'}">${signed(difference, digits)}${unit}${word}${pairedText(result, place)}</small>`;
}

function resultCell(result: ComparedResult, { tested }: ComparedRun, place: number): Html {
  if (!tested || !result.measured[place]) return html`<td class="number muted">not measured</td>`;
  const subjects = result.subjects[place]!;
  const few =
    subjects < tested.subjects
      ? html`<small>${whole(subjects)} of ${counted(tested.subjects, 'subject')}</small>`
      : '';
  return html`<td class="number">${valueText(result, result.values[place]!)}${few}${differenceText(result, place)}</td>`;
}

function resultsSection({ runs, results }: Comparison): Html | string {
  if (results.length === 0) return '';
  const rows = results.map((result) => {
    const cells = runs.map((run, i) => resultCell(result, run, i));
    return html`<tr><th scope="row">${result.title}<small>${result.better} is better</small></th>${cells}</tr>`;
  });
  return html`<section><h2>Results</h2>
<p>${runs[0]!.tested ? html`Differences are to A, ${runs[0]!.name}; where not the same subjects have a value, they are means over those who have one in both. They are of one training each: another seed would give others, and how far apart those lie only several seeds tell.` : 'Differences would be to A, which has no results yet.'}</p>
<div class="scroll"><table class="compared"><thead><tr><th scope="col">Result</th>${heads(runs, ' number')}</tr></thead><tbody>${rows}</tbody></table></div></section>`;
}

function settingsSection({ runs, settings }: Comparison): Html {
  const rows = settings.map(
    ({ name, values }) =>
      html`<tr><th scope="row">${name}</th>${values.map((value) => (value === null ? html`<td class="muted">no such setting</td>` : html`<td>${value}</td>`))}</tr>`,
  );
  const table = html`<div class="scroll"><table class="compared"><thead><tr><th scope="col">Setting</th>${heads(runs)}</tr></thead><tbody>${rows}</tbody></table></div>`;
  return html`<section><h2>Settings that differ</h2>${settings.length > 0 ? table : html`<p>None: all settings that are shared are the same.</p>`}</section>`;
}

function curvesSection({ runs }: Comparison): Html | string {
  const plots = overlaidPlots(runs);
  if (plots.length === 0) return '';
  const legend = runs.map(({ name }, i) => html`<li>${sample(i)}${name}</li>`);
  return html`<section><h2>Curves</h2><p>By training step; losses on logarithmic axes. Each run has its letter at the end of its curve, its colour and its dashes.</p>
<ul class="legend">${legend}</ul>
${plotFigures(plots)}<noscript><p>The curves need JavaScript; the tables do not.</p></noscript>${plotScript(plots, uplotScript)}</section>`;
}

function summary({ runs, settings, results }: Comparison): string {
  const finished = runs.filter(({ tested }) => tested).length;
  const shared = results.filter(({ measured }) => measured.filter(Boolean).length === finished).length;
  const state = finished < runs.length ? `, of which ${whole(finished)} are finished` : '';
  const differ = `${counted(settings.length, 'setting')} ${settings.length === 1 ? 'differs' : 'differ'}`;
  const measured = `${whole(shared)} of ${counted(results.length, 'result')} ${finished < runs.length ? 'are of all that are finished' : 'are of all'}.`;
  return `${counted(runs.length, 'run')}${state}. ${differ}. ${results.length > 0 ? measured : ''}`.trim();
}

const variables = (colours: readonly string[]): string =>
  `:root { ${colours.map((colour, i) => `--run-${i}: ${colour};`).join(' ')} }`;

const light = variables([
  ...['#0b62c4', '#b4470b', '#1a7f37', '#8a3ffc'],
  ...['#b8326f', '#00707a', '#6b5a00', '#59616b'],
]);
const dark = variables([
  ...['#6cb2ff', '#ff9a5c', '#56c271', '#be95ff'],
  ...['#ff7eb6', '#3ddbd9', '#d6c34c', '#a0aab5'],
]);

const style = `${uplotStyle}
${light}
@media (prefers-color-scheme: dark) { ${dark} }
@media print { ${light} }
.run { display: inline-flex; align-items: center; gap: 6px; margin-right: 10px; white-space: nowrap; }
.run svg { width: 34px; height: 10px; }
.run path { fill: none; stroke-width: 2.5; }
.head { vertical-align: bottom; min-width: 110px; }
.head .run { margin-right: 0; }
.compared tbody td { vertical-align: top; overflow-wrap: anywhere; }
.compared tbody th { vertical-align: top; min-width: 130px; }
td small { display: block; color: var(--muted); font-size: 13px; }
td small.good { color: var(--good); }
td small.bad { color: var(--bad); }
.muted { color: var(--muted); }
.warnings { border: 1px solid var(--second); border-radius: 10px; padding: 2px 18px 10px; margin: 20px 0 0; background: var(--sheet); }
.warnings h3 { color: var(--ink); margin: 12px 0 4px; }
.warnings ul { margin: 0; padding-left: 20px; }
`;

/** The comparison as the text of an HTML file. Everything that comes from files or settings is escaped. */
export function renderComparison(comparison: Comparison): string {
  return page({
    title: `${counted(comparison.runs.length, 'run')} compared`,
    kicker: 'planewise, comparison of runs',
    lead: summary(comparison),
    style,
    body: html`${runsSection(comparison)}
${resultsSection(comparison)}
${curvesSection(comparison)}
${settingsSection(comparison)}`,
  });
}
