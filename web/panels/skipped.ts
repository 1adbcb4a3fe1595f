/** @file The list of files that could not be used, and why. */
import type { SkippedFile } from '../../src/data/types.ts';
import { count, h, plural } from '../dom.ts';

/** Beyond this many, files are counted. */
const LISTED = 200;

export function skippedFiles(skipped: readonly SkippedFile[]): HTMLElement | null {
  if (skipped.length === 0) return null;
  const rows = skipped
    .slice(0, LISTED)
    .map(({ file, reason }) =>
      h('tr', {}, h('th', { scope: 'row' }, file), h('td', {}, reason.message.replace(`${file}: `, ''))),
    );
  const rest = skipped.length - rows.length;
  return h(
    'details',
    {},
    h('summary', {}, `${plural(skipped.length, 'file')} skipped, and why`),
    h(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Skipped files' },
      h(
        'table',
        {},
        h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'File'), h('th', { scope: 'col' }, 'Reason'))),
        h('tbody', {}, rows),
      ),
    ),
    rest > 0 ? h('p', { class: 'hint' }, `and ${count(rest)} more`) : null,
  );
}
