/** @file The report's verdict: a paragraph in plain words, the key figures, and the table beside the trivial predictor. */

import type { Evaluation } from './evaluate.ts';
import { fixed, type Html, html, noneHeldOut, type Part, partWords, viewName, whole } from './report-html.ts';

/** One measured error beside the trivial predictor's. */
interface Result {
  readonly name: string;
  readonly unit: string;
  readonly digits: number;
  readonly value: number | null;
  readonly trivial: number | null;
  readonly detail: string;
}

function resultsOf({ orientation, location }: Evaluation): Result[] {
  const lines = Object.entries(orientation ?? {}).flatMap(([view, e]): Result[] => [
    {
      name: `${viewName(view)} line, angle`,
      unit: '°',
      digits: 1,
      value: e.angleDeg,
      trivial: e.baselineAngleDeg,
      detail: `median of ${whole(e.images)} images; mean ${fixed(e.meanAngleDeg, 1)}°`,
    },
    {
      name: `${viewName(view)} line, offset`,
      unit: ' mm',
      digits: 1,
      value: e.offsetMm,
      trivial: e.baselineOffsetMm,
      detail: `median of ${whole(e.images)} images; mean ${fixed(e.meanOffsetMm, 1)} mm`,
    },
  ]);
  if (!location) return lines;
  const { mae, baselineMae, images } = location;
  const detail = `mean absolute error of ${whole(images)} images, in stack lengths`;
  return [
    ...lines,
    { name: 'Slice location', unit: '', digits: 3, value: mae, trivial: baselineMae, detail },
  ];
}

const ratioOf = ({ value, trivial }: Result): number | null =>
  value === null || trivial === null || trivial === 0 ? null : value / trivial;

function tile(result: Result): Html {
  const { name, unit, digits, value, trivial } = result;
  return html`<li><div class="name">${name}</div><div class="value">${fixed(value, digits)}<small>${unit}</small></div><div class="beside">trivial ${fixed(trivial, digits)}${unit}</div></li>`;
}

function row(result: Result): Html {
  const { name, unit, digits, value, trivial, detail } = result;
  const ratio = ratioOf(result);
  const width = Math.min(100, 100 * (ratio ?? 0)).toFixed(0);
  const bar = html`<span class="bar" aria-hidden="true"><i style="width:${width}%"></i></span>${fixed(ratio, 2)}`;
  return html`<tr><th scope="row">${name}<small>${detail}</small></th><td class="number">${fixed(value, digits)}${unit}</td><td class="number">${fixed(trivial, digits)}${unit}</td><td class="ratio${ratio !== null && ratio >= 1 ? ' worse' : ''}">${bar}</td></tr>`;
}

/** What was left out or replaced, so that no number is better than it should be. */
function caveats({ orientation }: Evaluation): string[] {
  return Object.entries(orientation ?? {}).flatMap(([view, { missing, images, unlabelled }]) => [
    ...(missing
      ? [
          `${viewName(view)}: no line could be fitted in ${whole(missing)} of ${whole(images)} images${missing < images ? '; they are scored with the trivial line' : ''}.`,
        ]
      : []),
    ...(unlabelled
      ? [`${viewName(view)}: ${whole(unlabelled)} images have no such line inside them and are not scored.`]
      : []),
  ]);
}

export function resultsSection(evaluation: Evaluation, part: Part): Html {
  const results = resultsOf(evaluation);
  return html`<section><h2>Results</h2>
<p>Errors on ${whole(evaluation.images)} images of ${whole(evaluation.subjects)} subjects, ${partWords[part]}. The trivial predictor answers the mean line and the mean location of the training images, whatever it is shown; a ratio below 1 is better than that.</p>
<div class="scroll"><table class="results"><thead><tr><th scope="col">Error</th><th scope="col" class="number">Network</th><th scope="col" class="number">Trivial</th><th scope="col">Ratio</th></tr></thead>
<tbody>${results.map(row)}</tbody></table></div>
${caveats(evaluation).map((text) => html`<p class="note">${text}</p>`)}
${evaluation.orientation ? html`<p class="note">The angle is that between the two undirected lines. The offset is the distance of the predicted line from the true line's point at the crossing of the true lines, or nearest the image centre where they do not cross in the image.</p>` : ''}</section>`;
}

export function tiles(evaluation: Evaluation): Html {
  return html`<ul class="tiles">${resultsOf(evaluation).map(tile)}</ul>`;
}

const listed = (parts: readonly string[]): string =>
  parts.length < 2 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;

/** How many of the errors lie clearly below the trivial ones, in words. */
function verdict(results: readonly Result[]): string {
  const ratios = results.map(ratioOf).filter((ratio) => ratio !== null);
  const better = ratios.filter((ratio) => ratio < 0.95).length;
  if (ratios.length === 0) return 'There was nothing to compare it with.';
  if (better === ratios.length) return 'Every error is below that of the trivial predictor.';
  if (better === 0)
    return 'That is no better than the trivial predictor: the network has not learned the task.';
  return `${better} of ${ratios.length} errors are clearly below those of the trivial predictor; the others are not.`;
}

const partNames: Readonly<Record<Part, string>> = {
  test: 'other subjects',
  validation: 'validation subjects',
  training: 'of these same subjects',
};

/** One paragraph: what was learned, from what, and how far off it is beside the trivial predictor. */
export function summary(
  evaluation: Evaluation,
  training: { steps: number; subjects: number; part: Part },
): string {
  const { orientation, location } = evaluation;
  const learned = [
    ...(orientation
      ? [`where the ${listed(Object.keys(orientation).map(viewName))} planes cut an image`]
      : []),
    ...(location ? ['how far along its stack a slice lies'] : []),
  ];
  const errors = [
    ...Object.entries(orientation ?? {}).map(([view, e]) =>
      e.angleDeg === null
        ? `no line found for the ${viewName(view)} view`
        : `${fixed(e.angleDeg, 1)}° and ${fixed(e.offsetMm, 1)} mm for the ${viewName(view)} line (trivial: ${fixed(e.baselineAngleDeg, 1)}° and ${fixed(e.baselineOffsetMm, 1)} mm)`,
    ),
    ...(location
      ? [
          `${fixed(location.mae, 3)} of the stack’s length for the location (trivial: ${fixed(location.baselineMae, 3)})`,
        ]
      : []),
  ];
  return (
    `In ${whole(training.steps)} steps on ${whole(training.subjects)} subjects, and from nothing but the geometry in the image headers, ` +
    `the network was trained to tell ${listed(learned)}. On ${whole(evaluation.subjects)} ${partNames[training.part]} the result is ${listed(errors)}. ` +
    (training.part === 'training' ? `${noneHeldOut} ` : '') +
    verdict(resultsOf(evaluation))
  );
}
