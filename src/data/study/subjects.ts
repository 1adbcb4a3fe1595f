/** @file Who is a subject: by PatientID where it can be trusted, else by study and folder. */

import { some } from '../../base/words.ts';
import { groupBy } from '../lists.ts';
import { folderOf, type ScannedImage, seriesOf } from '../scan.ts';
import type { Notice } from '../types.ts';
import { commonLength, Folders } from './folders.ts';
import { shareImages } from './twice.ts';

/**
 * How images are told apart by subject. 'auto': by PatientID, corrected by study and folder where it is blank, a
 * dummy, shared or changed; 'patient': by PatientID alone (folder where it is blank); 'folder': by the first folder.
 */
export type SubjectRule = 'auto' | 'patient' | 'folder';

/** Whose each image is. */
export interface Subjects {
  nameOf(image: ScannedImage): string;
  /** What had to be guessed. */
  readonly notices: readonly Notice[];
}

const dummies = new Set(
  (
    'ANON ANONYM ANONYMOUS ANONYMIZED ANONYMISED ANONYMOUSPATIENT DEIDENTIFIED DEIDENT UNKNOWN UNDEFINED NONE NA NAN NULL NIL ' +
    'NOID NOTAVAILABLE NOTAPPLICABLE DUMMY DEFAULT PATIENT PATIENTID ID TEST SUBJECT REMOVED DELETED HIDDEN MASKED REDACTED ' +
    'PRIVATE CONFIDENTIAL NONAME EMPTY BLANK'
  ).split(' '),
);

/** Whether a PatientID names a person: not blank, not a word that anonymizers write, not 0000, XXX or 123456. */
function usableId(id: string | null): id is string {
  const plain = (id ?? '').toUpperCase().replace(/[^\p{L}\p{N}]/gu, '');
  return plain !== '' && !dummies.has(plain) && !/^(0+|X+|123456\d*)$/.test(plain);
}

/** Images that no rule will ever tell apart. */
interface Cell {
  readonly id: string | null;
  readonly study: string | null;
  readonly folder: string;
  readonly images: readonly ScannedImage[];
  readonly frames: ReadonlySet<string>;
  readonly series: ReadonlySet<string>;
  parent: Cell | null;
}

function cellsOf(images: readonly ScannedImage[]): Cell[] {
  const groups = groupBy(
    images,
    ({ header, source }) => `${header.patientId}\n${header.studyUid}\n${folderOf(source.path)}`,
  );
  return [...groups.values()].map((own) => {
    const { patientId, studyUid } = own[0]!.header;
    return {
      id: usableId(patientId) ? patientId : null,
      study: studyUid,
      folder: folderOf(own[0]!.source.path),
      images: own,
      frames: new Set(own.flatMap(({ header }) => header.frameOfReferenceUid ?? [])),
      series: new Set(own.map(seriesOf)),
      parent: null,
    };
  });
}

function rootOf(cell: Cell): Cell {
  let root = cell;
  while (root.parent !== null) root = root.parent;
  if (root !== cell) cell.parent = root;
  return root;
}

function unite(a: Cell, b: Cell): void {
  const [first, second] = [rootOf(a), rootOf(b)];
  if (first !== second) second.parent = first;
}

const meet = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  [...a].some((value) => b.has(value));
const linked = (a: Cell, b: Cell): boolean => meet(a.frames, b.frames) || meet(a.series, b.series);

const differ = (key: 'birthDate' | 'sex', a: Cell, b: Cell): boolean => {
  const [one, other] = [a, b].map(({ images }) => images[0]!.header.person[key]);
  return Boolean(one && other && one !== other);
};

function oneSubject(a: Cell, b: Cell, folders: Folders): boolean {
  const sameStudy = a.study !== null && a.study === b.study;
  const apart = folders.areApart(a.folder, b.folder);
  // Only one number says that they are one: converters copy all UIDs from a template, for whomever.
  if (sameStudy && apart) return a.id !== null && a.id === b.id && shareImages(a.images, b.images);
  if (a.id !== null && b.id !== null && a.id !== b.id) return sameStudy && linked(a, b);
  if (sameStudy) return true;
  if (a.id !== null && b.id !== null) {
    if (differ('birthDate', a, b) || differ('sex', a, b)) return false;
    return !apart || folders.mayBeOnePerson(a.folder, b.folder, a.id);
  }
  if (a.id !== b.id || (a.study !== null && b.study !== null) || apart) return false;
  return linked(a, b) || folders.areBeside(a.folder, b.folder);
}

/** What cells of one subject share, the surest first: pairs that share none of these are never compared. */
const sharing: readonly ((cell: Cell) => Iterable<string>)[] = [
  // An examination's series, side by side in one folder.
  ({ id, study, folder }) => [`${id}\n${study}\n${folder.slice(0, Math.max(0, folder.lastIndexOf('/')))}`],
  ({ study }) => (study === null ? [] : [study]),
  ({ series }) => series,
  ({ frames }) => frames,
  ({ id, study }) => [...(id === null ? [] : [`id ${id}`]), ...(study === null ? ['no study'] : [])],
];

/** Unites the cells of each subject; of those already united one stands for all. */
function uniteCells(cells: readonly Cell[], folders: Folders): Cell[][] {
  for (const shared of sharing) {
    const buckets = new Map<string, Cell[]>();
    for (const cell of cells.filter((own) => shared !== sharing.at(-1) || rootOf(own) === own))
      for (const key of shared(cell)) {
        const bucket = buckets.get(key) ?? [];
        buckets.set(key, bucket);
        if (!bucket.some((other) => joins(other, cell, folders))) bucket.push(cell);
      }
  }
  const groups = new Map<Cell, Cell[]>();
  for (const cell of cells) {
    const own = groups.get(rootOf(cell));
    if (own) own.push(cell);
    else groups.set(rootOf(cell), [cell]);
  }
  return [...groups.values()];
}

/** Whether two cells are of one subject, which unites them. */
function joins(a: Cell, b: Cell, folders: Folders): boolean {
  if (rootOf(a) === rootOf(b)) return true;
  if (!oneSubject(a, b, folders)) return false;
  unite(a, b);
  return true;
}

/** The commonest of some values, of equals the first in order. */
function commonest(values: readonly string[]): string | null {
  const counts = [...groupBy(values, String)].map(([value, own]): [string, number] => [value, own.length]);
  return counts.sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))[0]?.[0] ?? null;
}

/** Names a group would go by, best first. */
function candidatesOf(group: readonly Cell[], folder: string | null): string[] {
  const ids = group.flatMap(({ id, images }) => (id === null ? [] : images.map(() => id)));
  const raw = commonest(
    group.flatMap(({ images }) => images.flatMap(({ header }) => header.patientId ?? [])),
  );
  const id = commonest(ids);
  const both = id !== null && folder !== null ? `${id} (${folder})` : null;
  return [id ?? raw, both ?? folder].filter((name) => name !== null);
}

/** The first folder that only this group's files lie in, by its own name. */
function ownFolder(group: readonly Cell[], groups: readonly (readonly Cell[])[]): string | null {
  const paths = group.map(({ folder }) => folder.split('/'));
  const common = paths.reduce((a, b) => a.slice(0, commonLength(a, b)));
  const others = groups.filter((other) => other !== group).flat();
  const own = common.find((_, i) => {
    const path = `${common.slice(0, i + 1).join('/')}/`;
    return !others.some(({ folder }) => `${folder}/`.startsWith(path));
  });
  return own || null;
}

function nameGroups(groups: readonly (readonly Cell[])[]): Map<Cell, string> {
  const candidates = groups.map((group) => candidatesOf(group, ownFolder(group, groups)));
  const uses = groupBy(
    candidates.flatMap((names) => [...new Set(names)]),
    String,
  );
  const taken = new Set<string>();
  const names = new Map<Cell, string>();
  for (const [i, group] of groups.entries()) {
    const unique = candidates[i]!.find((name) => uses.get(name)!.length === 1 && !taken.has(name));
    const base = unique ?? candidates[i]![0] ?? 'unnamed';
    const numbered = (n: number): string => (groups.length === 1 ? base : `${base}-${n}`);
    let name = unique ?? numbered(1);
    for (let n = 2; taken.has(name); n++) name = numbered(n);
    taken.add(name);
    names.set(rootOf(group[0]!), name);
  }
  return names;
}

const list = (names: Iterable<string>): string => {
  const all = [...names];
  return some(all, 4);
};

/** What was guessed: blank and dummy numbers, numbers that stand for several, numbers that changed. */
function noticesOf(groups: readonly (readonly Cell[])[], names: ReadonlyMap<Cell, string>): Notice[] {
  const nameOf = (cell: Cell): string => names.get(rootOf(cell))!;
  const notices: Notice[] = [];
  const nameless = groupBy(
    groups.flat().filter(({ id }) => id === null),
    ({ images }) => images[0]!.header.patientId ?? '',
  );
  for (const [id, cells] of nameless) {
    const subjects = new Set(cells.map(nameOf));
    const what = id === '' ? 'is blank' : `"${id}" names nobody`;
    const told =
      subjects.size === 1
        ? `all such images are taken as one subject, ${list(subjects)}`
        : `study and folder tell patients apart: ${list(subjects)}`;
    const message = `PatientID ${what}; ${told}.`;
    notices.push({ code: 'SUBJECT_GUESSED', message });
  }
  const named = groupBy(
    groups.flat().filter(({ id }) => id !== null),
    ({ id }) => id!,
  );
  for (const [id, cells] of named) {
    const subjects = new Set(cells.map(nameOf));
    if (subjects.size === 1) continue;
    const message = `PatientID ${id} stands for ${subjects.size} patients, by studies and folders: ${list(subjects)}.`;
    notices.push({ code: 'SUBJECT_GUESSED', message });
  }
  for (const group of groups) {
    const ids = new Set(group.flatMap(({ id }) => id ?? []));
    if (ids.size < 2) continue;
    const message = `One study has several PatientIDs (${list(ids)}); they are taken as one subject, ${nameOf(group[0]!)}.`;
    notices.push({ code: 'SUBJECT_GUESSED', message });
  }
  return notices;
}

/**
 * The subjects of some images, each image's by the rule; see `SubjectRule`.
 * @example
 * const image = (path, patientId) => ({ source: { path }, header: { patientId } });
 * const [one, other] = [image('study1/a.dcm', 'P1'), image('study2/b.dcm', null)];
 * const { nameOf } = data.findSubjects([one, other], 'patient');
 * [nameOf(one), nameOf(other)]; // ["P1","study2"]
 */
export function findSubjects(images: readonly ScannedImage[], rule: SubjectRule = 'auto'): Subjects {
  const folder = ({ source }: ScannedImage): string => folderOf(source.path).split('/')[0] || 'unnamed';
  if (rule === 'folder') return { nameOf: folder, notices: [] };
  if (rule === 'patient') return { nameOf: (image) => image.header.patientId ?? folder(image), notices: [] };
  const groups = uniteCells(cellsOf(images), new Folders(images));
  const names = nameGroups(groups);
  const subjects = new Map<ScannedImage, string>();
  for (const cell of groups.flat())
    for (const image of cell.images) subjects.set(image, names.get(rootOf(cell))!);
  return { nameOf: (image) => subjects.get(image) ?? folder(image), notices: noticesOf(groups, names) };
}
