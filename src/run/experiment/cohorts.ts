/** @file Two cohorts of a phantom as one data set. */
import { joinedLists, mapped } from '../../base/lazy.ts';
import type { Groups, PreparedData, TrainingData } from '../../data/types.ts';
import { joinedValues } from '../../data/values.ts';
import { cohortPrefix } from './parts.ts';

const prefixedGroups = (groups: Groups, prefix: string): [string, string][] =>
  Object.entries(groups).map(([name, group]) => [prefix + name, group]);

const prefixed = ({ manifest }: TrainingData, prefix: string) => ({
  images: mapped(manifest.images, (image) => ({
    ...image,
    ...{ subject: prefix + image.subject, file: prefix + image.file },
  })),
  groups: prefixedGroups(manifest.groups ?? {}, prefix),
  labels: Object.entries(manifest.labels ?? {}).map(
    ([label, groups]) => [label, prefixedGroups(groups, prefix)] as const,
  ),
  skipped: manifest.skipped.map((file) => ({ ...file, file: prefix + file.file })),
});

/** Two data sets as one, in memory where both are, of whom no subject has another's name. */
export function joinedCohorts(pool: PreparedData, test: PreparedData): PreparedData;
export function joinedCohorts(pool: TrainingData, test: TrainingData): TrainingData;
export function joinedCohorts(pool: TrainingData, test: TrainingData): TrainingData {
  const [one, other] = [prefixed(pool, cohortPrefix.pool), prefixed(test, cohortPrefix.test)];
  const pixels = joinedValues(pool.pixels, test.pixels, (length) => new Float32Array(length));
  const groups = [...one.groups, ...other.groups];
  const labels = one.labels.map(([label, own]) => {
    const others = other.labels.find(([name]) => name === label)?.[1] ?? [];
    return [label, Object.fromEntries([...own, ...others])] as const;
  });
  // of cohorts the whole of one tests, whatever part of it was held out
  const { labels: _, heldOut: __, ...manifest } = pool.manifest;
  return {
    manifest: {
      ...manifest,
      images: joinedLists(one.images, other.images),
      skipped: [...one.skipped, ...other.skipped],
      ...(groups.length > 0 && { groups: Object.fromEntries(groups) }),
      ...(labels.length > 0 && { labels: Object.fromEntries(labels) }),
    },
    pixels,
    ...(pool.masks &&
      test.masks && { masks: joinedValues(pool.masks, test.masks, (length) => new Uint8Array(length)) }),
  };
}
