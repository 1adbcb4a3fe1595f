/** @file The report's slices: image and what every task shows of it, one figure each. */

import type { Line } from '../data/types.ts';
import type { ShownImage } from '../results/evaluation.ts';
import { type Mark, marksOf, type NumberedFinding, numbered, only, seriesOf } from '../results/mark.ts';
import { fixed } from '../results/result.ts';
import { type Html, html } from './html.ts';
import { css, seriesColour, trueColour } from './palette.ts';
import { pngUri } from './pictures.ts';
import { type Region, regionPixels } from './regions.ts';
import { clipLine, windowed } from './windowing.ts';

type Heat = Extract<Mark, { kind: 'heat' }>;
type Scale = Extract<Mark, { kind: 'scale' }>;

/** The series' colours, mixed by their values and as opaque as the highest: RGBA. */
function heatPixels(heats: readonly Heat[], size: number): Uint8Array {
  const out = new Uint8Array(size * size * 4);
  for (let i = 0; i < size * size; i++) {
    const values = heats.map((heat) => heat.values[i]!);
    const sum = values.reduce((a, b) => a + b, 0);
    for (let k = 0; k < 3; k++)
      out[i * 4 + k] =
        sum > 0
          ? values.reduce((mix, value, h) => mix + (value * seriesColour(heats[h]!.series)[k]!) / sum, 0)
          : 0;
    out[i * 4 + 3] = Math.round(255 * Math.max(...values));
  }
  return out;
}

function lineElement(line: Line, series: number, of: string, size: number): Html | string {
  const ends = clipLine(line, size);
  if (!ends) return '';
  const [x1, y1, x2, y2] = ends.map((v) => v.toFixed(3));
  const stroke = css(of === 'truth' ? trueColour(series) : seriesColour(series));
  return html`<line class="${of}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${stroke}"/>`;
}

const swatch = (series: number): Html =>
  html`<span class="swatch" style="background:${css(seriesColour(series))}"></span>`;

/** Pixels over the image, magnified without smoothing where they are classes. */
const layer = (size: number, side: number, pixels: Uint8Array, kind: string): Html =>
  html`<image class="${kind}" x="-0.5" y="-0.5" width="${size}" height="${size}" href="${pngUri(side, side, pixels, 4)}"/>`;

/** Screen pixels of a class's pixel, so that outlines are thin. */
const REGION_SCALE = 4;

function regionLayer(region: Region, size: number): Html {
  const scale = Math.max(1, Math.round((REGION_SCALE * 64) / size));
  return layer(size, size * scale, regionPixels(region, size, scale), `region ${region.of}`);
}

/** Pixel centres lie at integers, so the picture spans −0.5 … size − 0.5. */
function overlay(pixels: Float32Array, size: number, marks: readonly Mark[], label: string): Html {
  const heats = only(marks, 'heat').filter(({ of }) => of === 'predicted');
  return html`<svg viewBox="-0.5 -0.5 ${size} ${size}" role="img" aria-label="${label}">
<image x="-0.5" y="-0.5" width="${size}" height="${size}" href="${pngUri(size, size, windowed(pixels), 1)}"/>
${heats.length > 0 ? layer(size, size, heatPixels(heats, size), 'heat') : ''}${only(marks, 'region').map((region) => regionLayer(region, size))}
<g class="lines">${only(marks, 'line').map(({ line, series, of }) => lineElement(line, series, of, size))}</g></svg>`;
}

function scaleBar({ title, predicted, truth }: Scale): Html {
  const left = (value: number): string => `${(100 * Math.min(1, Math.max(0, value))).toFixed(1)}%`;
  return html`<div class="track" aria-hidden="true"><b style="left:${left(predicted)}"></b>${truth === null ? '' : html`<i style="left:${left(truth)}"></i>`}</div>
<p>${title} ${fixed(predicted, 2)}${truth === null ? '' : `, true ${fixed(truth, 2)}`}</p>`;
}

function pictureOf({ title, values }: Extract<Mark, { kind: 'picture' }>, size: number): Html {
  // as wide as the image above it
  return html`<p>${title}</p><img alt="${title}" style="width:100%" src="${pngUri(size, size, windowed(values), 1)}">`;
}

/** What stands under the image of one task. */
function findingText({ series, marks, first }: NumberedFinding, size: number): Html[] {
  const words = only(marks, 'words').map(({ text, series: of }) =>
    of === undefined ? html`<p>${text}</p>` : html`<p title="${series[of]}">${swatch(first + of)}${text}</p>`,
  );
  const pictures = only(marks, 'picture').map((picture) => pictureOf(picture, size));
  return [...words, ...only(marks, 'scale').map(scaleBar), ...pictures];
}

/** What a screen reader says of an image. */
function labelOf(caption: string, { sample, findings }: ShownImage): string {
  const texts = findings.flatMap(({ series, marks }) =>
    only(marks, 'words').map(({ text, series: of }) => (of === undefined ? text : `${series[of]} ${text}`)),
  );
  return [`${sample.subject}, ${caption}`, ...texts].join('; ');
}

function card(shown: ShownImage, size: number): Html {
  const { sample, findings } = shown;
  const caption = `slice ${sample.slice + 1}, phase ${sample.frame + 1}`;
  return html`<figure class="slice">${overlay(sample.pixels(), size, marksOf(findings), labelOf(caption, shown))}
<figcaption><strong>${caption}</strong>${numbered(findings).map((finding) => findingText(finding, size))}</figcaption></figure>`;
}

/** What the two places on a scale mean, once for each kind of scale. */
function scaleKeys(scales: readonly Scale[]): Html[] {
  const kinds = new Map(scales.map((scale) => [`${scale.title}\n${scale.from}\n${scale.to}`, scale]));
  return [...kinds.values()].flatMap(({ title, from, to }) => [
    html`<li><b class="dot"></b>predicted ${title}</li>`,
    html`<li><i class="ring"></i>true ${title}, ${from} to ${to}</li>`,
  ]);
}

function legend(all: readonly ShownImage[]): Html {
  const images = all.map(({ findings }) => findings);
  const marks = images.flatMap(marksOf);
  const has = (kind: Mark['kind']): boolean => marks.some((mark) => mark.kind === kind);
  const series = seriesOf(images).map(({ name, colour }) => html`<li>${swatch(colour)}${name}</li>`);
  const stroke = (kind: string): Html =>
    html`<svg class="stroke" viewBox="0 0 28 4" aria-hidden="true"><line class="${kind}" x1="0" y1="2" x2="28" y2="2" stroke="currentColor"/></svg>`;
  const keys = [
    ...series,
    ...(has('line')
      ? [html`<li>${stroke('predicted')}predicted</li>`, html`<li>${stroke('truth')}true</li>`]
      : []),
    ...(has('region') ? [html`<li>filled: predicted; outlined: true</li>`] : []),
    ...scaleKeys(only(marks, 'scale')),
  ];
  const toggle = html`<label class="toggle"><input type="checkbox" id="heatmaps"> Show predicted heatmaps</label>`;
  return html`${keys.length > 0 ? html`<ul class="legend">${keys}</ul>` : ''}${has('heat') ? toggle : ''}`;
}

/** The section of slices, grouped by subject. @param size side of the images, pixels */
export function slicesSection(shown: readonly ShownImage[], size: number): Html | string {
  if (shown.length === 0) return '';
  const subjects = [...new Set(shown.map(({ sample }) => sample.subject))];
  const stacks = subjects.map((subject) => shown.filter(({ sample }) => sample.subject === subject));
  const groups = stacks.map(
    (stack) =>
      html`<div><h3>${stack[0]!.sample.subject}</h3><div class="slices">${stack.map((image) => card(image, size))}</div></div>`,
  );
  const short = stacks.every((stack) => stack.length <= 3);
  return html`<section class="gallery"><h2>Slices</h2>
<p>Some of the images behind the numbers above, with what the network says of them and what is true.</p>
${legend(shown)}<div class="stacks${short ? ' short' : ''}">${groups}</div></section>`;
}
