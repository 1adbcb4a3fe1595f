/** @file What training takes from a data set: its parts, what identifies it, a check that the labels exist. */

import { ConfigError } from '../base/errors.ts';
import { crc32, textChecksum } from '../base/hash.ts';
import { samplesOf } from '../data/sample.ts';
import { drawSubjects, type Split, splitSubjects, subjectsOf } from '../data/split.ts';
import { type PreparedData, UNKNOWN } from '../data/types.ts';
import type { Plan } from './plan.ts';
import type { TrainConfig } from './settings.ts';

/** Some of the training subjects with masks; those of fewer are among those of more. */
function labelledOf(data: PreparedData, train: readonly string[], { seed, labelled }: TrainConfig): string[] {
  const known = samplesOf(data, imagesOf(data, train)).filter((sample) =>
    sample.mask()?.some((label) => label !== UNKNOWN),
  );
  const subjects = [...new Set(known.map(({ subject }) => subject))];
  if (labelled! <= subjects.length) return drawSubjects(subjects, labelled!, seed);
  throw new ConfigError(
    `labelled is ${labelled}, but of the ${train.length} training subjects ${subjects.length} have masks. Ask for as many at most, or hold out fewer.`,
  );
}

/** The parts as they are given. Throws ConfigError where a name is unknown or stands twice, or nobody trains. */
function namedSubjects(data: PreparedData, { train, validation, test }: Split): Split {
  const known = new Set(subjectsOf(data));
  const seen = new Set<string>();
  for (const name of [...train, ...validation, ...test]) {
    if (!known.has(name))
      throw new ConfigError(
        `subjects names ${name}, whom the data do not hold; they hold ${known.size}, first ${[...known].slice(0, 3).join(', ')}.`,
      );
    if (seen.has(name)) throw new ConfigError(`subjects names ${name} twice. Give each to one part.`);
    seen.add(name);
  }
  if (train.length === 0) throw new ConfigError('subjects.train is empty. Name one subject at least.');
  return { train: [...train].sort(), validation: [...validation].sort(), test: [...test].sort() };
}

/**
 * The subjects of each part, as a configuration divides them.
 * @throws ConfigError where fewer of the training part have masks than are to be used
 */
export function splitOf(data: PreparedData, config: TrainConfig): Split {
  const { seed, validationFraction, testFraction, labelled, subjects } = config;
  const fractions = { validation: validationFraction, test: testFraction };
  const split = subjects
    ? namedSubjects(data, subjects)
    : splitSubjects(subjectsOf(data), { seed, ...fractions });
  return labelled === null ? split : { ...split, train: labelledOf(data, split.train, config) };
}

/** Indices of all images of these subjects, in stored order; at most `most`, evenly spaced. */
export function imagesOf(
  { manifest }: PreparedData,
  subjects: readonly string[],
  most = Number.POSITIVE_INFINITY,
): number[] {
  const wanted = new Set(subjects);
  const all = manifest.images.flatMap(({ subject }, index) => (wanted.has(subject) ? [index] : []));
  if (all.length <= most) return all;
  return Array.from({ length: most }, (_, i) => all[Math.floor((i * all.length) / most)]!);
}

/**
 * Identifies a prepared data set by its manifest, and by its masks where there are any: by what training sees of it, so
 * that older runs can go on.
 */
export function fingerprint({ manifest, masks }: PreparedData): string {
  const { size, spacingMm, targetView, referenceViews, classes, images } = manifest;
  const seen = images.map(({ space: _, ...image }) => image);
  const labels = masks && { classes, masks: crc32(masks) };
  return textChecksum(
    JSON.stringify({ size, spacingMm, targetView, referenceViews, images: seen, ...labels }),
  );
}

/** Throws ConfigError when a task has no label in the training part, or the images do not fit the network. */
export function checkData(data: PreparedData, { tasks, backbone }: Plan, split: Split): void {
  const training = samplesOf(data, imagesOf(data, split.train));
  for (const { part } of tasks) part.check(training);
  const { size } = data.manifest;
  if (size % backbone.sideStep !== 0)
    throw new ConfigError(
      `Images of ${size} px do not fit the network. Prepare them at a multiple of ${backbone.sideStep} px.`,
    );
}
