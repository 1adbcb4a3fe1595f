/** @file Which series is which view: guessed, shown and corrected before a folder is prepared. */
import { phantomTraits } from '../../src/data/phantom/names.ts';
import { BODY_PLANES, isBodyPlane } from '../../src/data/viewnames.ts';
import { count, field, h, Notice, type Option, plural, select } from '../dom.ts';
import type { FolderChoice, FolderInfo, OtherFiles, Preset, SeriesGroup } from '../protocol.ts';

const heartTarget = 'short-axis';
const heartViews: readonly string[] = [heartTarget, '2-chamber', '3-chamber', '4-chamber', 'long-axis'];
const targets: readonly string[] = [heartTarget, ...BODY_PLANES];
const out = '';

const optionOf = (name: string): Option => ({ value: name, label: name });

/** Hearts have views of their own; of other organs the planes of the body are the views. */
const guessFor = ({ guess, plane }: SeriesGroup, target: string): string | null =>
  isBodyPlane(target) ? plane : guess;

/** Hearts, unless no series is called a view of them. */
function usualTarget(groups: readonly SeriesGroup[]): string {
  if (groups.some(({ guess }) => guess !== null)) return heartTarget;
  return BODY_PLANES.find((name) => groups.some(({ plane }) => plane === name)) ?? heartTarget;
}

function viewSelect(group: SeriesGroup): HTMLSelectElement {
  const views = [...heartViews, ...BODY_PLANES];
  const names = group.guess && !views.includes(group.guess) ? [...views, group.guess] : views;
  const control = select([...names.map(optionOf), { value: out, label: 'leave out' }]);
  control.setAttribute('aria-label', `View of ${group.label}`);
  return control;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** What hinders or limits a preparation by this mapping, in words; `error` where it cannot work. */
function verdict(
  target: string,
  chosen: readonly string[],
): { text: string; kind: 'error' | 'info' | 'good' } {
  if (!chosen.includes(target))
    return {
      kind: 'error',
      text: `No series is mapped to ${target}: its slices are what the network learns from.`,
    };
  const others = [...new Set(chosen)].filter((view) => view !== target && view !== out).sort();
  const planes = isBodyPlane(target) ? others.filter(isBodyPlane) : [];
  const references = planes.length > 0 ? planes : others;
  if (references.length === 0)
    return {
      kind: 'info',
      text: 'No other view is mapped, so there are no intersecting lines, and no task that needs them can be trained.',
    };
  const field = isBodyPlane(target)
    ? ` Of each ${phantomTraits.knee.fieldMm} mm are shown, which is a knee.`
    : '';
  return {
    kind: 'good',
    text: `${capital(target)} slices with lines of ${references.join(' and ')}.${field}`,
  };
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

/** Of a folder of another source, whose views are known: only the grid, and which of the views, is left to choose. */
export function otherChoice(
  { text, targetViews }: OtherFiles,
  presets: Readonly<Record<string, Preset>>,
): Mapping {
  const grid = gridSelect(presets);
  const target = select(targetViews.map(optionOf));
  return {
    element: h(
      'div',
      { class: 'rows' },
      h('p', { class: 'notice good' }, `${text}.`),
      h(
        'div',
        { class: 'fields' },
        targetViews.length > 0 ? field('Slices of', target) : null,
        field('Prepare for', grid),
      ),
    ),
    choice: () => ({
      ...{ views: {}, subjects: 'auto', ...presets[grid.value]!.grid },
      ...(target.value && { targetView: target.value }),
    }),
  };
}

/** The table of an opened folder's series. */
export function mappingTable(folder: FolderInfo, presets: Readonly<Record<string, Preset>>): Mapping {
  const rows = folder.groups.map((group) => ({ group, control: viewSelect(group) }));
  const state = new Notice();
  const target = select(targets.map(optionOf), usualTarget(folder.groups));
  const check = (): void => {
    const chosen = rows.map(({ control }) => control.value);
    const { text, kind } = verdict(target.value, chosen);
    state.show(text, kind);
  };
  let guessedFor: boolean | null = null;
  /** What was chosen among the views of one organ says nothing of those of another. */
  const guess = (): void => {
    const body = isBodyPlane(target.value);
    if (body !== guessedFor)
      for (const { group, control } of rows) control.value = guessFor(group, target.value) ?? out;
    guessedFor = body;
    check();
  };
  target.addEventListener('change', guess);
  for (const { control } of rows) control.addEventListener('change', check);
  guess();
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
      h(
        'div',
        { class: 'fields' },
        field('Slices of', target),
        field('Subjects', subjects),
        field('Prepare for', grid),
      ),
    ),
    choice: () => ({
      views: Object.fromEntries(rows.map(({ group, control }) => [group.key, control.value || null])),
      targetView: target.value,
      subjects: subjects.value as FolderChoice['subjects'],
      ...presets[grid.value]!.grid,
    }),
  };
}
