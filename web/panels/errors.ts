/** @file Errors of predictions over a study, in degrees and millimetres. */
import { h } from '../dom.ts';
import type { SlicePrediction, StudyPrediction } from '../protocol.ts';

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length ? (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2 : Number.NaN;
};

/** Medians over the slices, one row a view. */
export function summaryTable({ referenceViews, slices }: StudyPrediction): HTMLElement | null {
  const rows = referenceViews.flatMap((view, i) => {
    const errors = slices.flatMap(({ errors }) => errors[i] ?? []);
    if (errors.length === 0) return [];
    const [angle, offset] = [median(errors.map((e) => e.angleDeg)), median(errors.map((e) => e.offsetMm))];
    return [
      [view, `${angle.toFixed(1)}°`, `${offset.toFixed(1)} mm`, `${errors.length} of ${slices.length}`],
    ];
  });
  const places = slices.flatMap(({ location }) =>
    location && location.truth !== null ? [Math.abs(location.predicted - location.truth)] : [],
  );
  if (places.length > 0)
    rows.push([
      'slice location',
      '',
      `${(places.reduce((a, b) => a + b, 0) / places.length).toFixed(3)} mean`,
      `${places.length} of ${slices.length}`,
    ]);
  if (rows.length === 0) return null;
  const heads = ['Compared with the headers', 'Angle, median', 'Offset, median', 'Slices'];
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Errors' },
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          heads.map((name) => h('th', { scope: 'col' }, name)),
        ),
      ),
      h(
        'tbody',
        {},
        rows.map(([name, ...cells]) =>
          h(
            'tr',
            {},
            h('th', { scope: 'row' }, name),
            cells.map((cell) => h('td', {}, cell)),
          ),
        ),
      ),
    ),
  );
}

/** One slice and view in words. */
export const noteOf = (error: SlicePrediction['errors'][number], found: boolean): string => {
  if (!found) return 'no line found';
  return error ? `${error.angleDeg.toFixed(1)}°, ${error.offsetMm.toFixed(1)} mm` : 'no true line';
};
