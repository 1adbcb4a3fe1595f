/** @file What the tree of folders says about whose images lie where. */

import { memoized, openNumbers } from '../lists.ts';
import { folderOf, type ScannedImage } from '../scan.ts';
import { namesView } from './views.ts';

/** Names at the beginning that two paths share. */
export function commonLength(a: readonly string[], b: readonly string[]): number {
  const differs = a.findIndex((name, i) => name !== b[i]);
  return differs < 0 ? a.length : differs;
}

/** What lies in a folder and below it. */
interface Contents {
  /** Series by what they are: description and, below the folder, the name of theirs. */
  readonly kinds: Set<string>;
  /** Whether folders below hold images. */
  deep: boolean;
  /** Folders in it whose own folders hold images. */
  readonly branches: Set<string>;
}

/** Folders named for what is in them, not for whom. */
const generic = /^(stud(y|ies)|dicom|dcm|data|images?|series|scans?|exam|se|st|ser)[ _-]?\d*$/i;
const isGeneric = (name: string): boolean => generic.test(name) || namesView(name);

/** Folders named for an occasion. */
const visit = /^(visit|session|ses|baseline|follow|time|tp|pre|post|v|day|week|month|year|\d{8})([^a-z]|$)/i;

/** A day as people write it, with or without a time: 2019-01-31, 31.01.2019, 20190131T0930. */
const day =
  /(?<!\d)(?:(?:19|20)\d\d([-_.]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])|(?:0[1-9]|[12]\d|3[01])([-_.])(?:0[1-9]|1[0-2])\2(?:19|20)\d\d)(?!\d)(?:[T_ -]?\d\d[-_.:h]?\d\d(?:[-_.:]?\d\d)?(?!\d))?/i;

/** Whether two folders differ only in the day they are named for. */
function differInDay(a: string, b: string): boolean {
  return day.test(a) && day.test(b) && a.replace(day, '') === b.replace(day, '');
}

const plain = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

/** Whether a folder is named for a patient: by the number, whole or among other words. */
function names(folder: string, id: string): boolean {
  const [own, whole] = [plain(id), plain(folder)];
  return (
    (own.length > 3 && whole.includes(own)) ||
    folder.split(/[^\p{L}\p{N}]+/u).some((word) => plain(word) === own)
  );
}

/** A folder of more examinations than this is a cohort's, not a person's. */
const MOST_VISITS = 6;

/** Where two folders part. */
interface Branches {
  /** The names of the folders that hold both. */
  readonly above: readonly string[];
  readonly a: string;
  readonly b: string;
}

export class Folders {
  readonly #contents = new Map<string, Contents>();

  constructor(images: readonly ScannedImage[]) {
    const noted = new Set<string>();
    for (const { source, header } of images) {
      const folder = folderOf(source.path);
      const key = `${folder}\n${header.seriesDescription}`;
      if (noted.has(key)) continue;
      noted.add(key);
      this.#note(folder, header.seriesDescription ?? '');
    }
  }

  #note(folder: string, description: string): void {
    const path = folder.split('/');
    for (let depth = 1; depth <= path.length; depth++) {
      const at = path.slice(0, depth).join('/');
      const contents = this.#contents.get(at) ?? { kinds: new Set(), deep: false, branches: new Set() };
      this.#contents.set(at, contents);
      const below = depth < path.length;
      contents.deep ||= below;
      if (depth + 1 < path.length) contents.branches.add(path[depth]!);
      contents.kinds.add(`${openNumbers(description)}|${below ? openNumbers(path.at(-1)!) : ''}`);
    }
  }

  #pathOf = memoized(String, (folder: string): readonly string[] => folder.split('/'));

  /** The folder that two share, and the ones below it in which they lie; null where one holds the other. */
  #branches(a: string, b: string): Branches | null {
    const [one, other] = [this.#pathOf(a), this.#pathOf(b)];
    const shared = commonLength(one, other);
    if (shared === one.length || shared === other.length) return null;
    const branch = (path: readonly string[]): string => path.slice(0, shared + 1).join('/');
    return { above: one.slice(0, shared), a: branch(one), b: branch(other) };
  }

  /** Whether two folders belong to branches that each hold an examination of the same kind: of two patients, or occasions. */
  areApart(a: string, b: string): boolean {
    const branches = this.#branches(a, b);
    return branches !== null && this.#hold(branches);
  }

  #hold = memoized(
    (branches: Branches) => `${branches.a}\n${branches.b}`,
    (branches) => this.#holdExaminations(branches),
  );

  #holdExaminations(branches: Branches): boolean {
    if ([branches.a, branches.b].some((path) => namesView(path.split('/').at(-1)!))) return false;
    const [one, other] = [this.#contents.get(branches.a)!, this.#contents.get(branches.b)!];
    const both = [...one.kinds].filter((kind) => other.kinds.has(kind)).length;
    const alike = both === one.kinds.size && both === other.kinds.size;
    return both > 1 || (alike && one.deep && other.deep);
  }

  /** Whether two examinations in folders that are apart may be of one person all the same, whose number both carry. */
  mayBeOnePerson(a: string, b: string, id: string): boolean {
    const branches = this.#branches(a, b);
    if (branches === null) return true;
    const { above } = branches;
    const many = this.#contents.get(above.join('/'))?.branches.size ?? 0;
    if (many <= MOST_VISITS && above.some((name) => !isGeneric(name))) return true;
    const last = [branches.a, branches.b].map((path) => path.split('/').at(-1)!);
    return differInDay(last[0]!, last[1]!) || last.every((name) => visit.test(name) || names(name, id));
  }

  /** Whether two folders lie side by side in one, as the series of an examination do. */
  areBeside(a: string, b: string): boolean {
    const branches = this.#branches(a, b);
    if (branches === null || branches.above.length > 0) return true;
    return ![branches.a, branches.b].some((path) => this.#contents.get(path)!.deep);
  }
}
