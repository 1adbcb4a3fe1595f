/** @file Prepared data with pseudonyms for names, in the order that the names had: what is drawn from them stays the same. */
import { mapped } from '../../base/lazy.ts';
import { subjectsOf } from '../split.ts';
import { subjectColumn } from '../subjectcolumn.ts';
import type { Groups, PreparedManifest, SkippedFile, TrainingData } from '../types.ts';
import type { Originals } from './pseudonyms.ts';
import { plainReason } from './reasons.ts';

/** Names as an output has them. */
export interface OutputNames {
  subject(name: string): string;
  /** @param subject null where it is not known */
  file(path: string, subject: string | null): string;
}

const renamedGroups = (groups: Groups, names: OutputNames): Groups =>
  Object.fromEntries(Object.entries(groups).map(([name, group]) => [names.subject(name), group]));

/** Images, groups and lists of a manifest under other names. */
export function renamedManifest(manifest: PreparedManifest, names: OutputNames): PreparedManifest {
  const { groups, labels, heldOut } = manifest;
  return {
    ...manifest,
    images: mapped(manifest.images, (image) => ({
      ...image,
      subject: names.subject(image.subject),
      file: names.file(image.file, image.subject),
    })),
    ...(groups && { groups: renamedGroups(groups, names) }),
    ...(labels && {
      labels: Object.fromEntries(
        Object.entries(labels).map(([label, own]) => [label, renamedGroups(own, names)]),
      ),
    }),
    ...(heldOut && { heldOut: heldOut.map((name) => names.subject(name)) }),
  };
}

/** Whom a manifest names beside those that it has images of. */
const namesIn = ({ groups, labels, heldOut }: PreparedManifest): string[] => [
  ...Object.keys(groups ?? {}),
  ...Object.values(labels ?? {}).flatMap(Object.keys),
  ...(heldOut ?? []),
];

function* filesOf({ images, skipped }: PreparedManifest): Generator<readonly [string, string | null]> {
  for (const { file, subject } of images) yield [file, subject];
  for (const { file } of skipped) yield [file, null];
}

/** Every name that a manifest has. */
export const originalsOf = (manifest: PreparedManifest): Originals => ({
  subjects: [...subjectColumn(manifest.images).names, ...namesIn(manifest)],
  files: filesOf(manifest),
});

/** Skipped files that may leave. */
export const plainSkipped = (skipped: readonly SkippedFile[], names: OutputNames): SkippedFile[] =>
  skipped.map((one) => ({ ...one, file: names.file(one.file, null), reason: plainReason(one.reason) }));

/** Data under pseudonyms of all of `originalsOf`. @param key tells the key that made them from others */
export function withPseudonyms<D extends TrainingData>(data: D, names: OutputNames, key: string): D {
  return {
    ...data,
    manifest: {
      ...renamedManifest(data.manifest, names),
      skipped: plainSkipped(data.manifest.skipped, names),
      identifiers: 'pseudonyms',
      key,
      order: subjectsOf(data).map((name) => names.subject(name)),
    },
  };
}
