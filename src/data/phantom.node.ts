/** @file Writes a phantom cohort to disk. */

import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FileError } from '../base/errors.ts';
import { fileError } from './files/files.node.ts';
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

const COHORT_FILE = 'cohort.json';

/**
 * Writes `cohort.json`, `<id>/study/…` (DICOM) and `acdc/<id>/…` (labelled NIfTI) under `outDir`; of knees `mrnet/…`
 * instead of the latter. Writing the same cohort again completes or repairs it.
 * @throws ConfigError if an option is out of range.
 * @throws FileError if the folder holds anything else, or cannot be written.
 */
export async function writePhantomCohort(
  outDir: string,
  options: PhantomCohortOptions,
  onProgress: (progress: PhantomProgress) => void = () => {},
): Promise<WrittenCohort> {
  const marked = await claimPhantomFolder(outDir, options);
  const total = options.subjects;
  const indices = Array.from({ length: total }, (_, index) => index);
  let done = 0;
  const written = await writePhantomSubjects(outDir, options, indices, () => {
    onProgress({ done: ++done, total });
  });
  return { subjects: total, files: written.files + marked.files, bytes: written.bytes + marked.bytes };
}

/**
 * Makes the folder, its `cohort.json` and what else is about the whole cohort; the first half of `writePhantomCohort`.
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
  await makeFolders(encoded.map((file) => join(outDir, file.path)));
  await Promise.all(encoded.map((file) => write(join(outDir, file.path), file.bytes)));
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
  onSubject: () => void,
): Promise<Omit<WrittenCohort, 'subjects'>> {
  const { anatomy, layouts, cohort } = partsOf(options);
  let [files, bytes] = [0, 0];
  for (const index of indices) {
    const written = await writeEncoded(outDir, anatomies[anatomy].encode(cohort, index, layouts));
    files += written.files;
    bytes += written.bytes;
    onSubject();
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
    ...({ format: 'planewise-phantom', version: 1 } as const),
    ...{ seed, subjects },
    ...anatomies[anatomy].settings(own),
    ...(options.layout !== undefined && { layout: options.layout }),
  };
  return `${JSON.stringify(description, null, 2)}\n`;
}

/** Makes the folder and marks it as this cohort's. */
async function claim(outDir: string, description: string): Promise<void> {
  const mark = join(outDir, COHORT_FILE);
  await guard(outDir, () => mkdir(outDir, { recursive: true }));
  const present = await guard(outDir, () => readdir(outDir));
  if (present.length === 0) return write(mark, new TextEncoder().encode(description));
  const found = present.includes(COHORT_FILE) ? await guard(mark, () => readFile(mark, 'utf8')) : null;
  if (found === description) return;
  const what = found === null ? 'is not empty' : 'holds a phantom cohort made with other options';
  throw new FileError(outDir, what, 'Choose a new or empty folder, or delete this one first.');
}

async function makeFolders(paths: readonly string[]): Promise<void> {
  const folders = new Set(paths.map((path) => dirname(path)));
  for (const folder of folders) await guard(folder, () => mkdir(folder, { recursive: true }));
}

const write = (path: string, bytes: Uint8Array): Promise<void> => guard(path, () => writeFile(path, bytes));

/** Runs a file operation; what goes wrong becomes a FileError that names the path. */
async function guard<T>(path: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw fileError(path, error);
  }
}
