/** @file Who tests, may be labelled, or neither, as the experiment's folder keeps it. */
import { join } from 'node:path';
import { parseJson } from '../../base/json.ts';
import { DiskFiles } from '../../train/runfiles.node.ts';
import { readText, writeText } from '../../train/runfiles.ts';
import { foldsAsked } from './folds.ts';
import type { Parts } from './parts.ts';
import type { Experiment } from './settings.ts';

export const subjectsFile = 'subjects.json';

/** Parts of each fold, or one where the same subjects test at every point. */
export interface KeptSubjects {
  readonly parts: readonly Parts[];
  /** What to know of whom the data hold out. */
  readonly notice: string | null;
}

type Content = Omit<Parts, 'groups' | 'order'>;

/** The file has the parts of the only list, or `{ folds }`; groups once. */
export async function writeSubjects(
  folder: string,
  { subjects }: Experiment,
  parts: readonly Parts[],
  notice: string | null,
): Promise<void> {
  const { groups } = parts[0]!;
  const lists = parts.map(({ groups: _, order: __, ...own }): Content => own);
  const content = foldsAsked(subjects) === null ? lists[0]! : { folds: lists };
  const told = { ...content, groups, ...(notice && { notice }) };
  await writeText(new DiskFiles(folder), subjectsFile, `${JSON.stringify(told, null, 2)}\n`);
}

/** Nothing where the experiment never got to its data. */
export async function readSubjects(folder: string): Promise<KeptSubjects> {
  const text = await readText(new DiskFiles(folder), subjectsFile);
  if (text === null) return { parts: [], notice: null };
  const found = parseJson(text, join(folder, subjectsFile)) as Parts & {
    notice?: string;
    folds?: readonly Content[];
  };
  const { notice = null, folds, groups, ...own } = found;
  return { parts: (folds ?? [own]).map((lists) => ({ ...lists, groups })), notice };
}
