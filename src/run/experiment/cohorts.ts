/** @file Two cohorts of hearts as one data set. */
import type { PreparedData } from '../../data/types.ts';
import { cohortPrefix } from './parts.ts';

const prefixed = ({ manifest }: PreparedData, prefix: string) => ({
  images: manifest.images.map((image) => ({
    ...image,
    ...{ subject: prefix + image.subject, file: prefix + image.file },
  })),
  groups: Object.entries(manifest.groups ?? {}).map(([name, group]) => [prefix + name, group]),
  skipped: manifest.skipped.map((file) => ({ ...file, file: prefix + file.file })),
});

/** Two data sets as one, of whom no subject has another's name. */
export function joinedCohorts(pool: PreparedData, test: PreparedData): PreparedData {
  const [one, other] = [prefixed(pool, cohortPrefix.pool), prefixed(test, cohortPrefix.test)];
  const pixels = new Float32Array(pool.pixels.length + test.pixels.length);
  pixels.set(pool.pixels);
  pixels.set(test.pixels, pool.pixels.length);
  const groups = [...one.groups, ...other.groups];
  return {
    manifest: {
      ...pool.manifest,
      images: [...one.images, ...other.images],
      skipped: [...one.skipped, ...other.skipped],
      ...(groups.length > 0 && { groups: Object.fromEntries(groups) as Record<string, string> }),
    },
    pixels,
    ...(pool.masks && test.masks && { masks: Uint8Array.from([...pool.masks, ...test.masks]) }),
  };
}
