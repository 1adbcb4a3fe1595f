/** @file The report's charts: loss curves by uplot from inlined data, and scatters as plain SVG. */

import type { StepMetrics, ValidationMetrics } from '../results/losses.ts';
import { lossColumn } from '../results/losses.ts';
import type { Scatter } from '../results/mark.ts';
import { fixed } from '../results/result.ts';
import { curveColumns, type LossKey } from './curves.ts';
import { type Html, html, whole } from './html.ts';
import { type Plot, type PlotSeries, plotFigures, plotScript } from './plots.ts';

/** A task whose loss is drawn. */
export interface CurveTask {
  readonly name: string;
  /** What its loss is called. */
  readonly lossTitle: string;
  /** By what validations may choose the best weights, where that is not the loss. */
  readonly figure?: { readonly title: string; readonly digits: number };
}

function curveOf(
  title: string,
  key: LossKey,
  metrics: readonly StepMetrics[],
  validation: readonly ValidationMetrics[],
): Plot | null {
  const data = curveColumns(metrics, validation, key);
  const about = `${title} over training steps, for training and validation`;
  return data[0].length > 0 ? { title, about, axis: 'logarithmic', series, data } : null;
}

/** The same for every loss. */
const series: readonly PlotSeries[] = [
  { label: 'training', colour: '--faint', width: 1 },
  { label: 'running mean', colour: '--accent', width: 2 },
  { label: 'validation', colour: '--second', width: 2, points: true },
];

function validationTable(validation: readonly ValidationMetrics[], tasks: readonly CurveTask[]): Html {
  const figure = validation.some((row) => row.figure !== undefined)
    ? tasks.flatMap((task) => task.figure ?? [])[0]
    : undefined;
  const rows = validation.map((row) => {
    const losses = tasks.map(({ name }) => html`<td>${fixed(row[lossColumn(name)], 5)}</td>`);
    const chosen = figure ? html`<td>${fixed(row.figure, figure.digits)}</td>` : '';
    const best = figure ? 'best so far' : 'lowest so far';
    return html`<tr><th scope="row">${whole(row.step)}</th><td>${fixed(row.loss, 5)}</td>${losses}${chosen}<td>${row.best ? best : ''}</td></tr>`;
  });
  const heads = tasks.map(({ lossTitle }) => html`<th scope="col">${lossTitle}</th>`);
  return html`<details><summary>Validation losses as a table</summary><div class="scroll"><table>
<thead><tr><th scope="col">Step</th><th scope="col">Loss</th>${heads}${figure ? html`<th scope="col">${figure.title}</th>` : ''}<th scope="col"></th></tr></thead>
<tbody>${rows}</tbody></table></div></details>`;
}

/**
 * Loss curves on a logarithmic axis: the total, and each task's part where there are two.
 * @param plotter the plotting library's script
 */
export function curvesSection(
  metrics: readonly StepMetrics[],
  validation: readonly ValidationMetrics[],
  tasks: readonly CurveTask[],
  plotter: string,
): Html | string {
  const parts = tasks
    .map(({ name, lossTitle }) => curveOf(lossTitle, lossColumn(name), metrics, validation))
    .filter((curve) => curve !== null);
  const total = curveOf('Total loss', 'loss', metrics, validation);
  const curves = parts.length === 1 ? parts : [total, ...parts].filter((curve) => curve !== null);
  if (curves.length === 0) return '';
  return html`<section><h2>Losses</h2><p>Logarithmic axes. The training loss is measured with the augmentation and dropout of the configuration, the validation loss without them, so it can lie lower.</p>
${plotFigures(curves)}<noscript><p>The curves need JavaScript; the table below does not.</p></noscript>
${validation.length ? validationTable(validation, tasks) : ''}${plotScript(curves, plotter)}</section>`;
}

const ticks = [0, 0.25, 0.5, 0.75, 1];

/** Predicted against true values 0 … 1, with the line on which they agree. */
export function scatterSection({ title, about, axis, points }: Scatter): Html | string {
  if (points.length === 0) return '';
  const [low, side] = [-0.18, 1.26];
  const x = (v: number): string => ((v - low) * 100).toFixed(2);
  const y = (v: number): string => ((side + low - v) * 100).toFixed(2);
  const clamp = (v: number): number => Math.min(low + side, Math.max(low, v));
  const axes = ticks.map(
    (t) =>
      html`<path d="M${x(t)} ${y(0)}V${y(1)}M${x(0)} ${y(t)}H${x(1)}"/><text x="${x(t)}" y="${y(-0.055)}" text-anchor="middle">${t}</text><text x="${x(-0.02)}" y="${y(t - 0.012)}" text-anchor="end">${t}</text>`,
  );
  const dots = points.map(
    ({ predicted, truth }) => html`<circle cx="${x(clamp(truth))}" cy="${y(clamp(predicted))}" r="1"/>`,
  );
  return html`<section><h2>${title}</h2><div class="scatter"><figure><svg viewBox="0 0 126 126" role="img" aria-label="Predicted against true ${axis}, ${points.length} points; the dashed line is where they agree">
<g class="grid">${axes}</g><path class="identity" d="M${x(0)} ${y(0)}L${x(1)} ${y(1)}"/><g class="dots">${dots}</g>
<text x="${x(0.5)}" y="${y(-0.13)}" text-anchor="middle">true ${axis}</text><text transform="translate(4 ${y(0.5)}) rotate(-90)" text-anchor="middle">predicted</text></svg></figure>
<p>${about}</p></div></section>`;
}
