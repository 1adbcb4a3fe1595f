/** @file Two data sets as one: that of the run, and images beside it that only tasks without annotations train on. */
import { ConfigError } from '../base/errors.ts';
import { joinedLists, mapped } from '../base/lazy.ts';
import { joinedColours } from './colours.ts';
import { subjectsOf } from './split.ts';
import { type PreparedImage, type PreparedManifest, type TrainingData, UNKNOWN } from './types.ts';
import { filledValues, joinedValues } from './values.ts';

/** Before names of subjects and files of the other data set: a subject of each may have one name. */
const prefix = 'unlabelled/';

function expectAlike(own: PreparedManifest, other: PreparedManifest): void {
  for (const key of ['size', 'spacingMm', 'targetView'] as const)
    if (own[key] !== other[key])
      throw new ConfigError(
        `unlabelled has images with ${key} ${other[key]}, data with ${own[key]}: one network cannot train on both. Prepare them alike.`,
      );
}

/** Throws ConfigError where it cannot be told who is in both, for names are pseudonyms of different keys, or of one alone. */
export function expectOneKey(own: PreparedManifest, other: PreparedManifest, what: string): void {
  const named = [own, other].filter(({ identifiers }) => identifiers !== 'nobody');
  if (named.length < 2 || own.key === other.key) return;
  throw new ConfigError(
    `${what}: names are pseudonyms of different keys, or of one data set alone, so nobody could tell who is in both. Prepare both with one key.`,
  );
}

/** An image with its lines in the order of `views`. */
function movedImage(image: PreparedImage, from: readonly string[], views: readonly string[]): PreparedImage {
  return { ...image, lines: views.map((view) => image.lines[from.indexOf(view)] ?? null) };
}

/**
 * Images of `other` behind those of `data`. What is annotated of them is not taken over: their masks are unknown.
 * @throws ConfigError where their images are of another size, spacing or view
 */
export function withUnlabelled(data: TrainingData, other: TrainingData): TrainingData {
  const { manifest } = data;
  expectAlike(manifest, other.manifest);
  expectOneKey(manifest, other.manifest, 'unlabelled');
  const referenceViews = [...new Set([...manifest.referenceViews, ...other.manifest.referenceViews])];
  const images = joinedLists(
    mapped(manifest.images, (image) => movedImage(image, manifest.referenceViews, referenceViews)),
    mapped(other.manifest.images, (image) => ({
      ...movedImage(image, other.manifest.referenceViews, referenceViews),
      ...{ subject: prefix + image.subject, file: prefix + image.file },
    })),
  );
  const pixels = joinedValues(data.pixels, other.pixels, (length) => new Float32Array(length));
  const bytes = (length: number) => new Uint8Array(length);
  const unknown = filledValues(UNKNOWN, other.pixels.length, bytes);
  const masks = data.masks && joinedValues(data.masks, unknown, bytes);
  const colours = joinedColours(data, other);
  const beside = Object.fromEntries(subjectsOf(other).map((subject) => [prefix + subject, subject] as const));
  const own = data.manifest.images.length;
  const ahead = (indices: readonly number[]): void => {
    data.ahead?.(indices.filter((index) => index < own));
    other.ahead?.(indices.filter((index) => index >= own).map((index) => index - own));
  };
  // theirs behind those of the run: they only train
  const order = [...subjectsOf(data), ...subjectsOf(other).map((name) => prefix + name)];
  return {
    manifest: {
      ...manifest,
      ...(colours && { colours: 'CIELAB' }),
      referenceViews,
      images,
      beside,
      ...(manifest.order && { order }),
    },
    pixels,
    ahead,
    ...(masks && { masks }),
    ...(colours && { colours }),
  };
}
