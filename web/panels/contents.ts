/** @file What a study holds: its stacks in a table, and the files that could not be used. */
import { h } from '../dom.ts';
import type { StackInfo, StudyInfo } from '../protocol.ts';
import { skippedFiles } from './skipped.ts';

const heads = ['Stack', 'View', 'Slices', 'Phases', 'Pixels', 'Spacing'];

function stackRow({ label, view, slices }: StackInfo): HTMLElement {
  const { plane, files } = slices[0]!;
  const cells = [
    view ?? 'not mapped',
    String(slices.length),
    String(files.length),
    `${plane.columns} × ${plane.rows}`,
    `${plane.spacingMm[1].toFixed(2)} × ${plane.spacingMm[0].toFixed(2)} mm`,
  ];
  return h(
    'tr',
    {},
    h('th', { scope: 'row' }, label),
    cells.map((cell) => h('td', {}, cell)),
  );
}

export function studyContents({ stacks, skipped }: StudyInfo, originals: boolean): (HTMLElement | null)[] {
  const head = h(
    'thead',
    {},
    h(
      'tr',
      {},
      heads.map((name) => h('th', { scope: 'col' }, name)),
    ),
  );
  const table = h('table', {}, head, h('tbody', {}, stacks.map(stackRow)));
  const prepared =
    'The folder is no longer open, so these are the prepared images. Open it again for the originals.';
  return [
    originals ? null : h('p', { class: 'hint' }, prepared),
    h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Stacks of the study' }, table),
    skippedFiles(skipped),
  ];
}
