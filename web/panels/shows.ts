/** @file What tasks show, drawn and in words: a task's record names one of these, and the page looks it up here. */
import { type Child, h } from '../dom.ts';
import { css, type Heat, predictedHeat, type Stroke } from '../draw.ts';
import type { Finding, Shown, SlicePrediction, StudyPrediction, WeightsSummary } from '../protocol.ts';

/** A row of the table of errors: of what, angle, distance, how many slices. */
export type ErrorRow = readonly [what: string, angle: string, distance: string, slices: string];

interface Showing {
  /** What weights of such a task predict. */
  words(weights: WeightsSummary): string;
  /** Drawn over the image. */
  strokes(finding: Finding): readonly Stroke[];
  /** Drawn over the image where heatmaps are wanted. @param size side of the predicted heatmaps */
  heats(finding: SlicePrediction, size: number): readonly Heat[];
  /** Under the image. */
  caption(finding: Finding): Child;
  legend(views: readonly string[]): readonly HTMLElement[];
  errors(prediction: StudyPrediction): readonly ErrorRow[];
}

export function swatch(view: number): HTMLElement {
  const element = h('span', { class: 'swatch', 'aria-hidden': 'true' });
  element.style.background = css(view);
  return element;
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
};
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** One view's error in words. */
function errorWords({ lines, truth, errors }: Finding, view: number): string {
  if (!lines[view]) return 'no line found';
  if (!truth[view]) return 'no true line';
  const error = errors[view]!;
  return `${error.angleDeg.toFixed(1)}°, ${error.offsetMm.toFixed(1)} mm`;
}

const key = (mark: HTMLElement, name: string): HTMLElement => h('li', {}, mark, name);

const lines: Showing = {
  words: ({ referenceViews }) => `lines of ${referenceViews.join(' and ')}`,
  strokes: (finding) =>
    (['lines', 'truth'] as const).flatMap((kind) =>
      finding[kind].flatMap((line, view) => (line ? [{ line, view, dashed: kind === 'truth' }] : [])),
    ),
  heats: ({ heatmaps, toHeatmap }, size) => [predictedHeat(heatmaps, size, toHeatmap)],
  caption: (finding) =>
    finding.lines.map((_, view) => h('p', { class: 'hint' }, swatch(view), errorWords(finding, view))),
  legend: (views) => [
    ...views.map((view, i) => key(swatch(i), view)),
    key(h('span', { class: 'stroke' }), 'predicted'),
    key(h('span', { class: 'stroke dashed' }), 'true'),
  ],
  errors: ({ referenceViews, slices }) =>
    referenceViews.map((view, i): ErrorRow => {
      const errors = slices.flatMap(({ errors }) => errors[i] ?? []);
      const found = `${errors.length} of ${slices.length}`;
      if (errors.length === 0) return [view, '–', '–', found];
      const [angle, offset] = [median(errors.map((e) => e.angleDeg)), median(errors.map((e) => e.offsetMm))];
      return [view, `${angle.toFixed(1)}°`, `${offset.toFixed(1)} mm`, found];
    }),
};

function mark(kind: 'b' | 'i', value: number): HTMLElement {
  const element = h(kind);
  element.style.left = `${100 * Math.min(1, Math.max(0, value))}%`;
  return element;
}

/** 0.26, −0.03. */
const signed = (value: number): string => value.toFixed(2).replace('-', '−');

const location: Showing = {
  words: () => 'slice location',
  strokes: () => [],
  heats: () => [],
  caption: ({ location }) => {
    if (!location) return null;
    const { predicted, truth } = location;
    const text = `location ${signed(predicted)}${truth === null ? '' : `, true ${truth.toFixed(2)}`}`;
    const marks = [truth === null ? null : mark('i', truth), mark('b', predicted)];
    return h(
      'div',
      {},
      h('div', { class: 'track', 'aria-hidden': 'true' }, marks),
      h('p', { class: 'hint' }, text),
    );
  },
  legend: () => [
    key(h('span', { class: 'dot', 'aria-hidden': 'true' }), 'predicted location'),
    key(h('span', { class: 'ring', 'aria-hidden': 'true' }), 'true location, base to apex'),
  ],
  errors: ({ slices }) => {
    const off = slices.flatMap(({ location }) =>
      location && location.truth !== null ? [Math.abs(location.predicted - location.truth)] : [],
    );
    if (off.length === 0) return [];
    return [
      [
        'slice location',
        '',
        `${mean(off).toFixed(3)} of the stack, mean`,
        `${off.length} of ${slices.length}`,
      ],
    ];
  },
};

export const showings: Readonly<Record<Shown, Showing>> = { lines, location };

/** What the marks of these showings mean. */
export function legend(shows: readonly Shown[], views: readonly string[]): HTMLElement {
  return h(
    'ul',
    { class: 'legend' },
    shows.map((shown) => showings[shown].legend(views)),
  );
}
