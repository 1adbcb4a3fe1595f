/** @file The report's slices: image, predicted and true lines, predicted heatmap and location, one figure each. */

import { referencePoint } from './baseline.ts';
import { lineError } from './evaluate.ts';
import { clipLine, pngUri, type Rgb, type Sample, trueColour, viewColour, windowed } from './pictures.ts';
import { fixed, type Html, html, viewName } from './report-html.ts';

/** A slice of the report. Samples of one subject stand together, in the order given (base to apex). */
export interface ReportSample extends Sample {
  readonly subject: string;
  /** What the slice is: "slice 3 of 10, end diastole". */
  readonly caption: string;
  /** [size, size, views], or null for a task without lines. */
  readonly heatmap: Float32Array | null;
  /** Relative slice locations, or null for a task without them. */
  readonly location: { readonly predicted: number; readonly truth: number | null } | null;
}

export interface SliceOptions {
  readonly referenceViews: readonly string[];
  readonly spacingMm: number;
}

const css = (colour: Rgb): string => `rgb(${colour.join(' ')})`;

/** The views' colours, mixed by their values and as opaque as the highest: RGBA. */
function heatmapPixels(heatmap: Float32Array, size: number): Uint8Array {
  const views = heatmap.length / (size * size);
  const out = new Uint8Array(size * size * 4);
  for (let i = 0; i < size * size; i++) {
    const values = Array.from({ length: views }, (_, v) => Math.min(1, Math.max(0, heatmap[i * views + v]!)));
    const sum = values.reduce((a, b) => a + b, 0);
    for (let k = 0; k < 3; k++)
      out[i * 4 + k] =
        sum > 0 ? values.reduce((mix, value, v) => mix + (value * viewColour(v)[k]!) / sum, 0) : 0;
    out[i * 4 + 3] = Math.round(255 * Math.max(...values));
  }
  return out;
}

function lineElements(lines: Sample['truth'], size: number, kind: 'predicted' | 'truth'): Html[] {
  const colourOf = kind === 'truth' ? trueColour : viewColour;
  return lines.flatMap((line, view) => {
    const ends = line && clipLine(line, size);
    if (!ends) return [];
    const [x1, y1, x2, y2] = ends.map((v) => v.toFixed(3));
    return [
      html`<line class="${kind}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${css(colourOf(view))}"/>`,
    ];
  });
}

interface ViewError {
  readonly view: number;
  readonly name: string;
  readonly text: string;
}

/** "3.1°, 1.2 mm" for each view that has a line in this image. */
function viewErrors(sample: ReportSample, { referenceViews, spacingMm }: SliceOptions): ViewError[] {
  const point = referencePoint(sample.truth, sample.size);
  return referenceViews.flatMap((name, view) => {
    const [predicted, truth] = [sample.predicted[view], sample.truth[view]];
    if (!truth) return [];
    if (!predicted) return [{ view, name: viewName(name), text: 'no line found' }];
    const { angleDeg, offsetMm } = lineError(predicted, truth, point, spacingMm);
    return [{ view, name: viewName(name), text: `${fixed(angleDeg, 1)}°, ${fixed(offsetMm, 1)} mm` }];
  });
}

const swatch = (view: number): Html =>
  html`<span class="swatch" style="background:${css(viewColour(view))}"></span>`;

/** Pixel centres lie at integers, so the picture spans −0.5 … size − 0.5. */
function overlay(sample: ReportSample, label: string): Html {
  const { size } = sample;
  const box = html`x="-0.5" y="-0.5" width="${size}" height="${size}"`;
  const heat = sample.heatmap && pngUri(size, size, heatmapPixels(sample.heatmap, size), 4);
  return html`<svg viewBox="-0.5 -0.5 ${size} ${size}" role="img" aria-label="${label}">
<image ${box} href="${pngUri(size, size, windowed(sample.pixels), 1)}"/>
${heat ? html`<image class="heat" ${box} href="${heat}"/>` : ''}
<g class="lines">${lineElements(sample.predicted, size, 'predicted')}${lineElements(sample.truth, size, 'truth')}</g></svg>`;
}

function locationBar(location: ReportSample['location']): Html | string {
  if (!location) return '';
  const left = (value: number): string => `${(100 * Math.min(1, Math.max(0, value))).toFixed(1)}%`;
  const { predicted, truth } = location;
  return html`<div class="track" aria-hidden="true"><b style="left:${left(predicted)}"></b>${truth === null ? '' : html`<i style="left:${left(truth)}"></i>`}</div>
<p>location ${fixed(predicted, 2)}${truth === null ? '' : `, true ${fixed(truth, 2)}`}</p>`;
}

function card(sample: ReportSample, options: SliceOptions): Html {
  const errors = viewErrors(sample, options);
  const texts = errors.map(({ name, text }) => `${name} ${text}`);
  const label = [`${sample.subject}, ${sample.caption}`, ...texts].join('; ');
  const lines = errors.map(({ view, name, text }) => html`<p title="${name}">${swatch(view)}${text}</p>`);
  return html`<figure class="slice">${overlay(sample, label)}
<figcaption><strong>${sample.caption}</strong>${lines}${locationBar(sample.location)}</figcaption></figure>`;
}

function legend({ referenceViews }: SliceOptions, hasHeatmaps: boolean): Html {
  const views = referenceViews.map((view, i) => html`<li>${swatch(i)}${viewName(view)} plane</li>`);
  const stroke = (kind: string): Html =>
    html`<svg class="stroke" viewBox="0 0 28 4" aria-hidden="true"><line class="${kind}" x1="0" y1="2" x2="28" y2="2" stroke="currentColor"/></svg>`;
  const toggle = html`<label class="toggle"><input type="checkbox" id="heatmaps"> Show predicted heatmaps</label>`;
  return html`<ul class="legend">${views}<li>${stroke('predicted')}predicted</li><li>${stroke('truth')}true</li></ul>${hasHeatmaps ? toggle : ''}`;
}

/** The section of slices, grouped by subject. */
export function slicesSection(samples: readonly ReportSample[], options: SliceOptions): Html | string {
  if (samples.length === 0) return '';
  const subjects = [...new Set(samples.map(({ subject }) => subject))];
  const stacks = subjects.map((subject) => samples.filter((sample) => sample.subject === subject));
  const groups = stacks.map(
    (stack) =>
      html`<div><h3>${stack[0]!.subject}</h3><div class="slices">${stack.map((sample) => card(sample, options))}</div></div>`,
  );
  const short = stacks.every((stack) => stack.length <= 3);
  return html`<section class="gallery"><h2>Slices, base to apex</h2>
<p>Some of the images behind the numbers above. Each line is where a long-axis plane cuts the slice; the errors are given under each picture.</p>
${legend(
  options,
  samples.some(({ heatmap }) => heatmap),
)}<div class="stacks${short ? ' short' : ''}">${groups}</div></section>`;
}
