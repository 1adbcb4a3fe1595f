/** @file Results of predictions over a study, beside what its headers say. */
import { valueText } from '../../src/results/result.ts';
import { h } from '../dom.ts';
import type { StudyPrediction } from '../protocol.ts';

const heads = ['Over the slices', 'Result', 'Of'];

/** Over the slices, one row a result; null where there is nothing to compare. */
export function summaryTable({ results }: StudyPrediction): HTMLElement | null {
  const known = results.filter(({ count }) => count > 0);
  if (known.length === 0) return null;
  const head = heads.map((name) => h('th', { scope: 'col' }, name));
  const body = known.map((result) => {
    const cells = [valueText(result, result.value), result.about];
    return h(
      'tr',
      {},
      h('th', { scope: 'row' }, result.title),
      cells.map((cell) => h('td', {}, cell)),
    );
  });
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Errors' },
    h('table', {}, h('thead', {}, h('tr', {}, head)), h('tbody', {}, body)),
  );
}
