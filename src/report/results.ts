/** @file The report's verdict: a paragraph in plain words, the key figures, and the table beside the trivial predictor. */

import { listed } from '../base/words.ts';
import type { Evaluation, PartName } from '../results/evaluation.ts';
import { fixed, type Result, ratioOf, valueText } from '../results/result.ts';
import { counted, type Html, html, noneHeldOut, partWords, whole } from './html.ts';

function tile(result: Result): Html {
  const { title, unit, digits, value, trivial } = result;
  return html`<li><div class="name">${title}</div><div class="value">${fixed(value, digits)}<small>${unit}</small></div><div class="beside">trivial ${valueText(result, trivial)}</div></li>`;
}

function row(result: Result): Html {
  const { title, value, trivial, about } = result;
  const ratio = ratioOf(result);
  const width = Math.min(100, 100 * (ratio ?? 0)).toFixed(0);
  const bar = html`<span class="bar" aria-hidden="true"><i style="width:${width}%"></i></span>${fixed(ratio, 2)}`;
  return html`<tr><th scope="row">${title}<small>${about}</small></th><td class="number">${valueText(result, value)}</td><td class="number">${valueText(result, trivial)}</td><td class="ratio${ratio !== null && ratio >= 1 ? ' worse' : ''}">${bar}</td></tr>`;
}

export function resultsSection({ images, subjects, results, notes, left = [], part }: Evaluation): Html {
  const caveats = [...results.flatMap((result) => result.notes), ...notes, ...left];
  return html`<section><h2>Results</h2>
<p>On ${counted(images, 'image')} of ${counted(subjects, 'subject')}, ${partWords[part]}. The trivial predictor answers what is usual in the training images, whatever it is shown; a ratio below 1 is better than that.</p>
<div class="scroll"><table class="results"><thead><tr><th scope="col">Result</th><th scope="col" class="number">Network</th><th scope="col" class="number">Trivial</th><th scope="col">Ratio</th></tr></thead>
<tbody>${results.map(row)}</tbody></table></div>
${caveats.map((text) => html`<p class="note">${text}</p>`)}</section>`;
}

/** What is read first. */
const main = (results: readonly Result[]): Result[] => results.filter(({ detail }) => !detail);

export function tiles({ results }: Evaluation): Html {
  return html`<ul class="tiles">${main(results).map(tile)}</ul>`;
}

/** How many of the results are clearly better than the trivial ones, in words; no answer at all is no better. */
function verdict(results: readonly Result[]): string {
  const ratios = results
    .filter(({ trivial }) => trivial !== null)
    .map((result) => ratioOf(result) ?? Number.POSITIVE_INFINITY);
  const better = ratios.filter((ratio) => ratio < 0.95).length;
  if (ratios.length === 0) return 'There was nothing to compare it with.';
  if (better === ratios.length) return 'Every result is better than the trivial predictor’s.';
  if (better === 0)
    return 'That is no better than the trivial predictor: the network has not learned the task.';
  return `${better} of ${ratios.length} results are clearly better than the trivial predictor’s; the others are not.`;
}

const partNames: Readonly<Record<PartName, (subjects: number) => string>> = {
  test: (subjects) => counted(subjects, 'other subject'),
  validation: (subjects) => counted(subjects, 'validation subject'),
  training: (subjects) => `${whole(subjects)} of these same subjects`,
};

/** `2-chamber line, angle 3.01° (trivial 34.20°)` */
const resultText = (result: Result): string =>
  `${result.title} ${result.value === null ? 'without an answer' : valueText(result, result.value)} (trivial ${valueText(result, result.trivial)})`;

/** One paragraph: what was learned, from what, and how far off it is beside the trivial predictor. */
export function summary(
  { results, subjects, part }: Evaluation,
  training: { readonly steps: number; readonly subjects: number; readonly tells: readonly string[] },
): string {
  return (
    `In ${counted(training.steps, 'step')} on ${counted(training.subjects, 'subject')} the network was trained to tell ${listed(training.tells)}. ` +
    (results.length > 0
      ? `On ${partNames[part](subjects)} the result is ${listed(main(results).map(resultText))}. `
      : '') +
    (part === 'training' ? `${noneHeldOut} ` : '') +
    verdict(results)
  );
}
