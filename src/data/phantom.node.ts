/** @file Writes a phantom cohort to disk. */

import { mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { FileError } from '../base/errors.ts';
import { fileError, writeFiles } from './files/files.node.ts';
import { isLockName, lockFolder, whileLocked } from './files/lock.node.ts';
import { makeFolder, writeSynced } from './files/make.node.ts';
import { syncFolder } from './files/sync.node.ts';
import { checkInteger } from './phantom/settings.ts';
import {
  anatomies,
  type EncodedFile,
  layoutsOf,
  type PhantomAnatomy,
  type PhantomOptions,
} from './phantom.ts';

export interface PhantomCohortOptions extends PhantomOptions {
  /** Default `heart`. */
  readonly anatomy?: PhantomAnatomy;
  /** The only layout to write: `dicom`, or `acdc` of hearts and `mrnet` of knees. Default: both. */
  readonly layout?: string;
  /** How many subjects, 1 … 99999. */
  readonly subjects: number;
  /** Integer from 0: the same seed and options give the same bytes. */
  readonly seed: number;
}

export interface PhantomProgress {
  /** Subjects written so far, and in all. */
  readonly done: number;
  readonly total: number;
}

export interface WrittenCohort {
  readonly subjects: number;
  readonly files: number;
  readonly bytes: number;
}

const FORMAT = 'planewise-phantom';
/** What a cohort is; the mark of one that is whole. */
const COHORT_FILE = 'cohort.json';
/** The same of one that is being written, or never was finished. */
const UNFINISHED_FILE = 'cohort.unfinished.json';

/**
 * Writes `<id>/study/…` (DICOM) and `acdc/<id>/…` (labelled NIfTI) under `outDir`, of knees `mrnet/…` instead of the
 * latter, and last `cohort.json`, which until then is called `cohort.unfinished.json`. Writing the same cohort again
 * completes or repairs it.
 * @throws BusyError if another process writes there.
 * @throws ConfigError if an option is out of range.
 * @throws FileError if the folder holds anything else, or cannot be written.
 */
export async function writePhantomCohort(
  outDir: string,
  options: PhantomCohortOptions,
  onProgress: (progress: PhantomProgress) => void = () => {},
): Promise<WrittenCohort> {
  const total = options.subjects;
  const indices = Array.from({ length: total }, (_, index) => index);
  let done = 0;
  // what is wrong with them must not show as a folder
  describe(options);
  return whileLocked(await lockFolder(outDir), async (lock) => {
    const marked = await claimPhantomFolder(outDir, options);
    const written = await writePhantomSubjects(outDir, options, indices, async () => {
      onProgress({ done: ++done, total });
      await lock.check();
    });
    await finishPhantomFolder(outDir);
    return { subjects: total, files: written.files + marked.files, bytes: written.bytes + marked.bytes };
  });
}

/** Says of a cohort's folder that all its subjects are there. @throws FileError if it cannot be written. */
export async function finishPhantomFolder(outDir: string): Promise<void> {
  const mark = join(outDir, COHORT_FILE);
  await guard(mark, async () => {
    await rename(join(outDir, UNFINISHED_FILE), mark);
    await syncFolder(outDir);
  });
}

interface Description {
  readonly format: unknown;
  readonly subjects: number;
  readonly anatomy: PhantomAnatomy;
}

/** Of a description that may be damaged. */
function descriptionIn(text: string): Description | null {
  try {
    const { format, subjects, anatomy = 'heart' } = JSON.parse(text) as Partial<Description>;
    return typeof subjects === 'number' && anatomy in anatomies ? { format, subjects, anatomy } : null;
  } catch {
    return null;
  }
}

/** Tells the subjects of the phantom cohort that a folder is or lies in; null where there is none. */
export async function cohortAt(folder: string): Promise<((subject: string) => boolean) | null> {
  for (let place = resolve(folder); ; place = dirname(place)) {
    const text = await readFile(join(place, COHORT_FILE), 'utf8').catch(() => null);
    const found = text === null ? null : descriptionIn(text);
    if (found?.format === FORMAT) {
      const { names } = anatomies[found.anatomy];
      const all = new Set(Array.from({ length: found.subjects }, (_, index) => names(index)).flat());
      return (subject) => all.has(subject);
    }
    if (dirname(place) === place) return null;
  }
}

/** Tells who was made, and is nobody. Anyone else is somebody. */
export const madeIn = async (folder: string): Promise<(subject: string) => boolean> =>
  (await cohortAt(folder)) ?? (() => false);

/**
 * Refuses a phantom cohort that is not whole, or a part of one: it would pass for a smaller cohort.
 * @throws FileError naming the folder
 */
export async function expectWholeCohort(folder: string): Promise<void> {
  for (const place of [folder, dirname(resolve(folder))]) {
    const text = await readFile(join(place, UNFINISHED_FILE), 'utf8').catch(() => null);
    if (text === null) continue;
    const all = descriptionIn(text)?.subjects;
    throw new FileError(
      place,
      `holds a part of a phantom cohort of ${all ?? 'unknown'} subjects, which is still being written or was never finished`,
      'Wait, or make it again with the same options, which completes it.',
    );
  }
}

/**
 * Makes the folder, what says that its cohort is not whole yet and what else is about all of it; the first part of
 * `writePhantomCohort`, for which the caller has the folder locked.
 * @throws ConfigError and FileError as it does.
 */
export async function claimPhantomFolder(
  outDir: string,
  options: PhantomCohortOptions,
): Promise<Omit<WrittenCohort, 'subjects'>> {
  const description = describe(options);
  await claim(outDir, description);
  const { anatomy, layouts, cohort } = partsOf(options);
  const shared = await writeEncoded(outDir, anatomies[anatomy].shared(cohort, layouts));
  return { files: shared.files + 1, bytes: shared.bytes + description.length };
}

/** Options as an anatomy takes them. Throws ConfigError for a layout that it is not written in. */
function partsOf({ anatomy = 'heart', layout, ...cohort }: PhantomCohortOptions) {
  return { anatomy, layouts: layoutsOf(anatomy, layout ?? null), cohort };
}

async function writeEncoded(
  outDir: string,
  encoded: readonly EncodedFile[],
): Promise<Omit<WrittenCohort, 'subjects'>> {
  const folders = await makeFolders(
    outDir,
    encoded.map((file) => file.path),
  );
  await Promise.all(encoded.map((file) => write(join(outDir, file.path), file.bytes)));
  // before the cohort is called whole
  for (const folder of [outDir, ...folders]) await guard(folder, () => syncFolder(folder));
  return { files: encoded.length, bytes: encoded.reduce((sum, file) => sum + file.bytes.length, 0) };
}

/**
 * Writes the subjects `indices` of a cohort whose folder was claimed, so that several threads can share the work.
 * @throws FileError if a file cannot be written.
 */
export async function writePhantomSubjects(
  outDir: string,
  options: PhantomCohortOptions,
  indices: readonly number[],
  onSubject: () => void | Promise<void>,
): Promise<Omit<WrittenCohort, 'subjects'>> {
  const { anatomy, layouts, cohort } = partsOf(options);
  let [files, bytes] = [0, 0];
  for (const index of indices) {
    const written = await writeEncoded(outDir, anatomies[anatomy].encode(cohort, index, layouts));
    files += written.files;
    bytes += written.bytes;
    await onSubject();
  }
  return { files, bytes };
}

/** What the cohort is, as the text of its `cohort.json`. */
function describe(options: PhantomCohortOptions): string {
  checkInteger('subjects', options.subjects, 1, 99_999);
  checkInteger('seed', options.seed, 0, Number.MAX_SAFE_INTEGER);
  const { anatomy, cohort } = partsOf(options);
  const { subjects, seed, ...own } = cohort;
  const description = {
    ...{ format: FORMAT, version: 1 },
    ...{ seed, subjects },
    ...anatomies[anatomy].settings(own),
    ...(options.layout !== undefined && { layout: options.layout }),
  };
  return `${JSON.stringify(description, null, 2)}\n`;
}

/** Makes the folder and marks it as this cohort's, and as not whole. */
async function claim(outDir: string, description: string): Promise<void> {
  const unfinished = join(outDir, UNFINISHED_FILE);
  await guard(outDir, () => makeFolder(outDir));
  const present = (await guard(outDir, () => readdir(outDir))).filter((name) => !isLockName(name));
  const marks = [UNFINISHED_FILE, COHORT_FILE].filter((name) => present.includes(name));
  // nothing of the cohort itself
  if (marks.length === present.length && marks[0] !== COHORT_FILE)
    return writeFiles([{ path: unfinished, bytes: new TextEncoder().encode(description) }]);
  const mark = join(outDir, marks[0] ?? COHORT_FILE);
  const found = marks.length > 0 ? await guard(mark, () => readFile(mark, 'utf8')) : null;
  if (found === description) return guard(mark, () => rename(mark, unfinished));
  const what = found === null ? 'is not empty' : 'holds a phantom cohort made with other options';
  throw new FileError(outDir, what, 'Choose a new or empty folder, or delete this one first.');
}

/** Folders of paths in `outDir`, which must be there: one that was removed meanwhile is not made again. */
async function makeFolders(outDir: string, paths: readonly string[]): Promise<string[]> {
  const folders = new Set<string>();
  for (const path of paths)
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
      folders.add(path.slice(0, at));
  // those above before those in them
  const made = [...folders].sort((a, b) => a.length - b.length).map((folder) => join(outDir, folder));
  for (const folder of made)
    await guard(folder, () =>
      mkdir(folder).catch((error) => {
        if (error.code !== 'EEXIST') throw error;
      }),
    );
  return made;
}

const write = (path: string, bytes: Uint8Array): Promise<void> => guard(path, () => writeSynced(path, bytes));

/** Runs a file operation; what goes wrong becomes a FileError that names the path. */
async function guard<T>(path: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw fileError(path, error);
  }
}
