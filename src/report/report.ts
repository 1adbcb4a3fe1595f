/** @file A run's report: one HTML file that needs nothing else, neither network nor neighbours. */

import type { PreparedManifest, SkippedFile } from '../data/types.ts';
import type { Evaluation } from '../results/evaluation.ts';
import type { StepMetrics, ValidationMetrics } from '../results/losses.ts';
import { type CurveTask, curvesSection, scatterSection } from './charts.ts';
import { counted, duration, type Html, html, whole } from './html.ts';
import { flattened, page, pairs, tableSection } from './page.ts';
import { resultsSection, summary, tiles } from './results.ts';
import { slicesSection } from './slices.ts';
import { uplotScript, uplotStyle } from './uplot.gen.ts';

/** The data set as the report describes it. */
export interface ReportData {
  /** Where it came from: a folder's name, or "phantom cohort, mid". */
  readonly name: string;
  /** Side of the prepared images in pixels. */
  readonly size: number;
  readonly spacingMm: number;
  readonly targetView: string;
  readonly referenceViews: readonly string[];
  /** Subjects and images by part: train, validation, test. */
  readonly parts: readonly { readonly name: string; readonly subjects: number; readonly images: number }[];
  readonly skipped: readonly SkippedFile[];
  /** What subjects and files are called. */
  readonly identifiers?: PreparedManifest['identifiers'];
}

/** Of people; of nobody there is nothing to say. */
const namesText = {
  pseudonyms: 'pseudonyms; the key to them is not in this file',
  kept: 'as in the images: this report may name people',
} as const;

/** A task that was trained. */
export interface ReportTask extends CurveTask {
  /** What the network was trained to tell, as part of a sentence. */
  readonly tells: string;
}

/** The captured training step. */
export interface ReportStep {
  readonly launches: number;
  /** Of its intermediates. */
  readonly memory: { readonly plannedBytes: number; readonly unplannedBytes: number };
}

/** What a report is made of. */
export interface ReportInput {
  readonly title: string;
  readonly config: object;
  readonly adapter: { readonly name: string; readonly software: boolean };
  readonly step?: ReportStep;
  /** Why the run ended before its last step, if it did. */
  readonly ending?: string;
  readonly timings: readonly { readonly name: string; readonly seconds: number }[];
  readonly metrics: readonly StepMetrics[];
  readonly validation: readonly ValidationMetrics[];
  readonly tasks: readonly ReportTask[];
  readonly evaluation: Evaluation;
  readonly data: ReportData;
}

/** Skipped files beyond this many are counted, not listed. */
const listedFiles = 200;

function skippedList(skipped: readonly SkippedFile[]): Html | string {
  if (skipped.length === 0) return '';
  const rows = skipped
    .slice(0, listedFiles)
    .map(({ file, reason }) => html`<tr><th scope="row">${file}</th><td>${reason.message}</td></tr>`);
  const rest = skipped.length - rows.length;
  return html`<details><summary>Skipped files, and why</summary><div class="scroll"><table>
<thead><tr><th scope="col">File</th><th scope="col">Reason</th></tr></thead><tbody>${rows}</tbody></table></div>
${rest ? html`<p class="note">${whole(rest)} more are in the prepared data’s manifest.</p>` : ''}</details>`;
}

function dataSection({ identifiers: names, ...data }: ReportData): Html {
  const rows: [string, string][] = [
    ['Source', data.name],
    ['Images', `${data.targetView}, ${data.size} × ${data.size} px of ${data.spacingMm} mm`],
    ['Reference views', data.referenceViews.join(', ') || 'none'],
    ...data.parts.map(({ name, subjects, images }): [string, string] => [
      name,
      `${counted(subjects, 'subject')}, ${counted(images, 'image')}`,
    ]),
    ['Files skipped', whole(data.skipped.length)],
    ...(names && names !== 'nobody' ? [['Names', namesText[names]] as [string, string]] : []),
  ];
  return html`<section><h2>Data</h2><div class="columns">${pairs(rows, 'What was read')}</div>${skippedList(data.skipped)}</section>`;
}

function stepRows({ launches, memory }: ReportStep): [string, string][] {
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  return [
    ['Launches in a step', whole(launches)],
    ['Memory of its intermediates', megabytes(memory.plannedBytes)],
    ['The same without planning', megabytes(memory.unplannedBytes)],
  ];
}

/** How the loss scaling of mixed precision went. */
function scaleRows(last: StepMetrics | undefined): [string, string][] {
  if (last?.lossScale === undefined) return [];
  return [
    ['Loss scale at the end', whole(last.lossScale)],
    ['Steps skipped for overflow', whole(last.skippedSteps ?? 0)],
  ];
}

function runSection({ config, adapter, step, ending, timings, metrics }: ReportInput): Html {
  const speeds = metrics.map(({ imagesPerSecond }) => imagesPerSecond).sort((a, b) => a - b);
  const speed = speeds[Math.floor(speeds.length / 2)];
  const rows: [string, string][] = [
    ['Adapter', adapter.name],
    ['Runs on', adapter.software ? 'the processor (software adapter)' : 'a GPU'],
    ...(speed ? [['Training speed', `${whole(speed)} images/s (median)`] as [string, string]] : []),
    ...(ending ? [['Training', ending] as [string, string]] : []),
    ...timings.map(({ name, seconds }): [string, string] => [name, duration(seconds)]),
    ...(step ? stepRows(step) : []),
    ...scaleRows(metrics.at(-1)),
  ];
  return html`<section><h2>Run</h2><div class="columns">${pairs(rows, 'Machine and time')}${pairs(flattened(config), 'Configuration')}</div></section>`;
}

/**
 * The report as the text of an HTML file. Everything that comes from files or settings is escaped.
 * @example
 * const judged = { part: 'test', images: 4, subjects: 1, summaries: {}, results: [] };
 * const evaluation = { ...judged, scatters: [], notes: [], shown: [] };
 * const grid = { size: 64, spacingMm: 3, targetView: 'short-axis', referenceViews: [] };
 * const hearts = { name: 'hearts', ...grid, parts: [{ name: 'train', subjects: 9, images: 36 }], skipped: [] };
 * const machine = { adapter: { name: 'GPU', software: false }, timings: [] };
 * const run = { config: { steps: 100 }, ...machine, metrics: [], validation: [], tasks: [] };
 * const html = renderReport({ title: 'First run', ...run, evaluation, data: hearts });
 * html.includes('<title>First run'); // true
 */
export function renderReport(input: ReportInput): string {
  const { title, evaluation, tasks, metrics, validation, data } = input;
  const subjects = data.parts.find(({ name }) => name.toLowerCase().startsWith('train'))?.subjects ?? 0;
  const text = summary(evaluation, {
    steps: metrics.at(-1)?.step ?? 0,
    subjects,
    tells: tasks.map(({ tells }) => tells),
  });
  return page({
    title,
    kicker: 'planewise, report of a training',
    lead: text,
    style: uplotStyle,
    head: tiles(evaluation),
    body: html`${resultsSection(evaluation)}
${curvesSection(metrics, validation, tasks, uplotScript)}
${slicesSection(evaluation.shown, data.size)}
${(evaluation.tables ?? []).map(tableSection)}
${evaluation.scatters.map(scatterSection)}
${dataSection(data)}
${runSection(input)}`,
  });
}
