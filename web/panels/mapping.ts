/** @file Which series is which view: guessed, shown and corrected before a folder is prepared. */
import { count, field, h, Notice, type Option, plural, select } from '../dom.ts';
import type { FolderChoice, FolderInfo, Preset, SeriesGroup } from '../protocol.ts';

const views = ['short-axis', '2-chamber', '3-chamber', '4-chamber', 'long-axis'];
const out = '';

function viewSelect(group: SeriesGroup): HTMLSelectElement {
  const names = group.guess && !views.includes(group.guess) ? [...views, group.guess] : views;
  const options: Option[] = [
    ...names.map((name) => ({ value: name, label: name })),
    { value: out, label: 'leave out' },
  ];
  const control = select(options, group.guess ?? out);
  control.setAttribute('aria-label', `View of ${group.label}`);
  return control;
}

/** What hinders or limits a preparation by this mapping, in words; `error` where it cannot work. */
function verdict(chosen: readonly string[]): { text: string; kind: 'error' | 'info' | 'good' } {
  if (!chosen.includes('short-axis'))
    return {
      kind: 'error',
      text: 'No series is mapped to short-axis: its slices are what the network learns from.',
    };
  const references = [...new Set(chosen)].filter((view) => view !== 'short-axis' && view !== out).sort();
  if (references.length === 0)
    return {
      kind: 'info',
      text: 'No other view is mapped, so there are no intersecting lines, and no task that needs them can be trained.',
    };
  return { kind: 'good', text: `Short-axis slices with lines of ${references.join(' and ')}.` };
}

const columns: readonly (readonly [name: string, kind: string])[] = [
  ['Series', ''],
  ['View', ''],
  ['Folder', ''],
  ['Count', 'number'],
  ['Images', 'number'],
  ['Patients', 'number'],
];

function seriesRow({ label, folder, ...group }: SeriesGroup, control: HTMLElement): HTMLElement {
  const numbers = [group.series, group.images, group.patients];
  return h(
    'tr',
    {},
    h('th', { scope: 'row' }, label),
    h('td', {}, control),
    h('td', {}, folder),
    numbers.map((value) => h('td', { class: 'number' }, count(value))),
  );
}

export interface Mapping {
  readonly element: HTMLElement;
  choice(): FolderChoice;
}

function gridSelect(presets: Readonly<Record<string, Preset>>): HTMLSelectElement {
  return select(
    Object.entries(presets).map(([name, { title, grid }]) => ({
      value: name,
      label: `${title}, ${grid.size} px`,
    })),
  );
}

/** Of a folder of another source, whose views are known: only the grid is left to choose. */
export function otherChoice(found: string, presets: Readonly<Record<string, Preset>>): Mapping {
  const grid = gridSelect(presets);
  return {
    element: h(
      'div',
      { class: 'rows' },
      h('p', { class: 'notice good' }, `${found}.`),
      h('div', { class: 'fields' }, field('Prepare for', grid)),
    ),
    choice: () => ({ views: {}, subjects: 'auto', ...presets[grid.value]!.grid }),
  };
}

/** The table of an opened folder's series. */
export function mappingTable(folder: FolderInfo, presets: Readonly<Record<string, Preset>>): Mapping {
  const rows = folder.groups.map((group) => ({ group, control: viewSelect(group) }));
  const state = new Notice();
  const check = (): void => {
    const { text, kind } = verdict(rows.map(({ control }) => control.value));
    state.show(text, kind);
  };
  for (const { control } of rows) control.addEventListener('change', check);
  check();
  const subjects = select([
    { value: 'auto', label: 'by PatientID, else study and folder' },
    { value: 'patient', label: 'by PatientID alone' },
    { value: 'folder', label: 'one subject per folder' },
  ]);
  const grid = gridSelect(presets);
  const caption = `${plural(folder.images, 'image')} of ${plural(folder.patients.length, 'patient')} in ${folder.name}`;
  const head = columns.map(([name, kind]) => h('th', { scope: 'col', class: kind }, name));
  const body = rows.map(({ group, control }) => seriesRow(group, control));
  const table = h(
    'table',
    {},
    h('caption', {}, caption),
    h('thead', {}, h('tr', {}, head)),
    h('tbody', {}, body),
  );
  return {
    element: h(
      'div',
      { class: 'rows' },
      folder.notices.map((text) => h('p', { class: 'notice info' }, text)),
      h(
        'div',
        { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Series and their views' },
        table,
      ),
      state.element,
      h('div', { class: 'fields' }, field('Subjects', subjects), field('Prepare for', grid)),
    ),
    choice: () => ({
      views: Object.fromEntries(rows.map(({ group, control }) => [group.key, control.value || null])),
      subjects: subjects.value as FolderChoice['subjects'],
      ...presets[grid.value]!.grid,
    }),
  };
}
