/** @file A run's report: one HTML file that needs nothing else, neither network nor neighbours. */

import type { SkippedFile } from '../data/types.ts';
import type { Evaluation } from '../results/evaluation.ts';
import type { StepMetrics, ValidationMetrics } from '../results/losses.ts';
import { type CurveTask, curvesSection, scatterSection } from './charts.ts';
import { counted, duration, Html, html, whole } from './html.ts';
import { resultsSection, summary, tiles } from './results.ts';
import { slicesSection } from './slices.ts';
import { reportStyle } from './style.ts';
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
}

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

/** Nothing may be fetched, whatever a header in the data says. */
const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

function pairs(rows: readonly (readonly [string, string])[], caption: string): Html {
  const body = rows.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`);
  return html`<div><table><caption>${caption}</caption><tbody>${body}</tbody></table></div>`;
}

/** Nested settings as dotted names: augmentation.rotationDeg. */
function flattened(value: unknown, name = ''): [string, string][] {
  if (typeof value !== 'object' || value === null) return [[name, String(value ?? 'none')]];
  if (Array.isArray(value)) return [[name, value.length ? value.join(', ') : 'none']];
  return Object.entries(value).flatMap(([key, inner]) => flattened(inner, name ? `${name}.${key}` : key));
}

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

function dataSection(data: ReportData): Html {
  const rows: [string, string][] = [
    ['Source', data.name],
    ['Images', `${data.targetView}, ${data.size} × ${data.size} px of ${data.spacingMm} mm`],
    ['Reference views', data.referenceViews.join(', ') || 'none'],
    ...data.parts.map(({ name, subjects, images }): [string, string] => [
      name,
      `${counted(subjects, 'subject')}, ${counted(images, 'image')}`,
    ]),
    ['Files skipped', whole(data.skipped.length)],
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

/** The report as the text of an HTML file. Everything that comes from files or settings is escaped. */
export function renderReport(input: ReportInput): string {
  const { title, evaluation, tasks, metrics, validation, data } = input;
  const subjects = data.parts.find(({ name }) => name.toLowerCase().startsWith('train'))?.subjects ?? 0;
  const text = summary(evaluation, {
    steps: metrics.at(-1)?.step ?? 0,
    subjects,
    tells: tasks.map(({ tells }) => tells),
  });
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}"><title>${title}</title>
<style>${new Html(uplotStyle + reportStyle)}</style></head>
<body><main><header><p class="kicker">planewise, report of a training</p><h1>${title}</h1><p class="lead">${text}</p>${tiles(evaluation)}</header>
${resultsSection(evaluation)}
${curvesSection(metrics, validation, tasks, uplotScript)}
${slicesSection(evaluation.shown, data.size)}
${evaluation.scatters.map(scatterSection)}
${dataSection(data)}
${runSection(input)}
</main></body></html>
`.text;
}
