/** @file Names in what a program writes: pseudonyms of people by the project's key, unless they are to be kept. */
import { ConfigError, PlanewiseError } from '../base/errors.ts';
import { asMessage } from '../base/printable.ts';
import { ProjectKey } from '../data/identifiers/key.node.ts';
import { type OutputNames, originalsOf, plainSkipped, withPseudonyms } from '../data/identifiers/manifest.ts';
import type { Identifiers, Originals } from '../data/identifiers/pseudonyms.ts';
import { plainNotices, plainReason } from '../data/identifiers/reasons.ts';
import { cohortAt, madeIn } from '../data/phantom.node.ts';
import type { FoundVolume } from '../data/sources/acdc/find.ts';
import type { Notice, PreparedManifest, SkippedFile, TrainingData } from '../data/types.ts';
import type { Warning } from '../data/warnings.ts';

/** Names as they are. */
const asTheyAre: OutputNames = { subject: (name) => name, file: (path) => path };

/** Names that a folder's images go by in outputs. */
export interface FolderNames extends OutputNames {
  readonly identifiers: NonNullable<PreparedManifest['identifiers']>;
  /** Where pseudonyms are read by whoever may; null where there are none. */
  readonly key: ProjectKey | null;
}

/**
 * How subjects and files of a folder are named in outputs: those of people by pseudonyms, unless `identifiers` keeps
 * their names; those of a phantom cohort as they are.
 * @throws FileError where the key cannot be read or written
 */
export async function folderNames(
  folder: string,
  identifiers: Identifiers,
  { subjects, files = [] }: Originals,
): Promise<FolderNames> {
  if (identifiers === 'keep') return { ...asTheyAre, identifiers: 'kept', key: null };
  const isMade = await madeIn(folder);
  const people = [...subjects].filter((name) => !isMade(name));
  const isPersons = (subject: string | null): boolean => subject === null || !isMade(subject);
  if (people.length === 0) return { ...asTheyAre, identifiers: 'nobody', key: null };
  const key = await ProjectKey.open();
  function* personal(): Iterable<readonly [string, string | null]> {
    for (const own of files) if (isPersons(own[1])) yield own;
  }
  await key.learn({ subjects: people, files: personal() });
  return {
    identifiers: 'pseudonyms',
    key,
    subject: (name) => (isMade(name) ? name : key.names.subject(name)),
    file: (path, subject) => (isPersons(subject) ? key.names.file(path, subject) : path),
  };
}

/** Checks, before images are read, that who is on them can be named in outputs. @throws FileError where the key cannot be written */
export async function expectNames(folder: string, identifiers: Identifiers): Promise<void> {
  if (identifiers === 'pseudonyms' && !(await cohortAt(folder))) await ProjectKey.expectPlace();
}

/** What a program tells at its end. */
export interface Findings {
  readonly skipped: readonly SkippedFile[];
  readonly notices: readonly Notice[];
  readonly warnings: readonly Warning[];
}

/** The same for results: without what may name somebody, where names are pseudonyms. */
export async function plainFindings(names: FolderNames, { skipped, notices, warnings }: Findings) {
  if (!names.key) return { skipped, warnings, notices: notices.map(({ message }) => message) };
  await names.key.learn({ subjects: [], files: skipped.map(({ file }) => [file, null] as const) });
  return {
    skipped: plainSkipped(skipped, names),
    warnings: warnings.map((warning) => ({ ...plainReason(warning), count: warning.count })),
    notices: plainNotices(notices).map(({ message }) => message),
  };
}

/** Volumes of a folder under the names that outputs are to have. @throws as `folderNames` */
export async function namedVolumes(
  folder: string,
  volumes: readonly FoundVolume[],
  identifiers: Identifiers,
): Promise<{ volumes: FoundVolume[]; names: FolderNames }> {
  const names = await folderNames(folder, identifiers, { subjects: volumes.map(({ subject }) => subject) });
  const named = volumes.map((found): FoundVolume => {
    const subject = names.subject(found.subject);
    const name = subject + found.name.slice(found.subject.length);
    return subject === found.subject ? found : { ...found, subject, name, formerName: found.name };
  });
  return { volumes: named, names };
}

/** As `namedVolumes`, of what has a subject. */
export async function namedSubjects<T extends { readonly subject: string }>(
  folder: string,
  items: readonly T[],
  identifiers: Identifiers,
): Promise<{ items: T[]; names: FolderNames }> {
  const names = await folderNames(folder, identifiers, { subjects: items.map(({ subject }) => subject) });
  return { items: items.map((item) => ({ ...item, subject: names.subject(item.subject) })), names };
}

/**
 * Prepared data with the names that outputs are to have.
 * @param folder that they were read from: of images, or a store
 * @throws ConfigError where names are to be kept of a store that has none
 */
export async function namedData<D extends TrainingData>(
  data: D,
  folder: string,
  identifiers: Identifiers,
): Promise<D> {
  const { manifest } = data;
  const had = manifest.identifiers;
  if (had === 'nobody') return data;
  if (had === 'pseudonyms') {
    if (identifiers === 'pseudonyms') return data;
    throw new ConfigError(
      `${folder} holds pseudonyms, so no names can be kept. Prepare it with --identifiers keep, or leave identifiers as they are.`,
    );
  }
  const names = await folderNames(folder, identifiers, originalsOf(manifest));
  if (names.identifiers === 'pseudonyms') return withPseudonyms(data, names, names.key!.names.id);
  return { ...data, manifest: { ...manifest, identifiers: names.identifiers } };
}

/** What to say of the names of data: where whom they stand for is to be read. Null where that is nowhere. */
export async function namesLine({ identifiers, key }: PreparedManifest): Promise<string | null> {
  if (identifiers === 'kept') return 'Names: as in the images; what this writes names people';
  if (identifiers !== 'pseudonyms') return null;
  const own = await ProjectKey.openIfThere();
  if (own?.names.id !== key) return 'Names: pseudonyms, of a key that is not here';
  return `Names: pseudonyms; whom they stand for is in ${own!.path}, which is for nobody who may not know`;
}

/** The name in data of each that is given, by pseudonym or by the name that a pseudonym there stands for. */
export async function namesInData({ order }: PreparedManifest): Promise<(given: string) => string> {
  const key = order ? await ProjectKey.openIfThere() : null;
  const there = new Set(order);
  return (given) => {
    const pseudonym = there.has(given) ? undefined : key?.names.known(given);
    return pseudonym !== undefined && there.has(pseudonym) ? pseudonym : given;
  };
}

/** What a name in data stands for, where the key is here. */
export async function originalsIn({ order }: PreparedManifest): Promise<(name: string) => string> {
  const key = order ? await ProjectKey.openIfThere() : null;
  return (name) => key?.names.original(name) ?? name;
}

/** A line for the person at the terminal; see `revealed`. */
export async function revealedText(text: string): Promise<string> {
  const key = await ProjectKey.openIfThere().catch(() => null);
  return key ? asMessage(key.names.revealed(text)) : text;
}

/** An error for the person at the terminal, who is told whom and what pseudonyms stand for where the key is here. */
export async function revealed(error: unknown): Promise<unknown> {
  if (error instanceof PlanewiseError) error.message = await revealedText(error.message);
  return error;
}
