/** @file What training takes from a data set: its parts, what identifies it, a check that the labels exist. */

import { ConfigError } from '../base/errors.ts';
import { crc32, textChecksum } from '../base/hash.ts';
import { evenly } from '../data/lists.ts';
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

/**
 * The subjects of each part, as a configuration divides them.
 * @throws ConfigError where fewer of the training part have masks than are to be used
 */
export function splitOf(data: PreparedData, config: TrainConfig): Split {
  const { seed, validationFraction, testFraction, labelled } = config;
  const fractions = { validation: validationFraction, test: testFraction };
  const split = splitSubjects(subjectsOf(data), { seed, ...fractions });
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
  return [...evenly(all, most)];
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
