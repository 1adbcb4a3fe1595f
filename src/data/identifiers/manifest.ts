/** @file Prepared data with pseudonyms for names, in the order that the names had: what is drawn from them stays the same. */
import { subjectsOf } from '../split.ts';
import type { Groups, PreparedData, PreparedManifest, SkippedFile } from '../types.ts';
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
    images: manifest.images.map((image) => ({
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

/** Every name that a manifest has. */
export const originalsOf = (manifest: PreparedManifest): Originals => ({
  subjects: [...manifest.images.map(({ subject }) => subject), ...namesIn(manifest)],
  files: [
    ...manifest.images.map(({ file, subject }) => [file, subject] as const),
    ...manifest.skipped.map(({ file }) => [file, null] as const),
  ],
});

/** Skipped files that may leave. */
export const plainSkipped = (skipped: readonly SkippedFile[], names: OutputNames): SkippedFile[] =>
  skipped.map((one) => ({ ...one, file: names.file(one.file, null), reason: plainReason(one.reason) }));

/** Data under pseudonyms of all of `originalsOf`. @param key tells the key that made them from others */
export function withPseudonyms(data: PreparedData, names: OutputNames, key: string): PreparedData {
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
