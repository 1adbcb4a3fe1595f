/** @file Errors of predictions over a study, in degrees, millimetres and shares of the stack. */
import { h } from '../dom.ts';
import type { StudyPrediction } from '../protocol.ts';
import { showings } from './shows.ts';

const heads = ['Compared with the headers', 'Angle, median', 'Distance, median', 'Slices'];

/** Over the slices, one row a view or number; null where there is nothing to compare. */
export function summaryTable(prediction: StudyPrediction): HTMLElement | null {
  const rows = prediction.shows.flatMap((shown) => showings[shown].errors(prediction));
  if (rows.length === 0) return null;
  const head = heads.map((name) => h('th', { scope: 'col' }, name));
  const body = rows.map(([name, ...cells]) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, name),
      cells.map((cell) => h('td', {}, cell)),
    ),
  );
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Errors' },
    h('table', {}, h('thead', {}, h('tr', {}, head)), h('tbody', {}, body)),
  );
}
