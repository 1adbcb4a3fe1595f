/** @file What training takes from a data set: its parts, what identifies it, a check that the labels exist. */

import { ConfigError } from '../base/errors.ts';
import { crc32, textChecksum } from '../base/hash.ts';
import { MOST_ELASTIC } from '../data/appearance.ts';
import { evenly } from '../data/lists.ts';
import { isLabelled, type Sample, sampleAt, samplesOf } from '../data/sample.ts';
import { drawSubjects, type Split, splitSubjects, subjectsOf } from '../data/split.ts';
import type { PreparedData } from '../data/types.ts';
import type { Task } from '../tasks/task.ts';
import type { Plan, Stream } from './plan.ts';
import type { AugmentationSettings, TrainConfig } from './settings.ts';

/** Some of the training subjects with masks; those of fewer are among those of more. */
function labelledOf(data: PreparedData, train: readonly string[], { seed, labelled }: TrainConfig): string[] {
  const known = samplesOf(data, imagesOf(data, train)).filter(isLabelled);
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
  if (labelled === null) return split;
  const train = labelledOf(data, split.train, config);
  return { ...split, train, rest: split.train.filter((subject) => !train.includes(subject)) };
}

/** The subjects that tasks learn from. */
const subjectsFor = ({ masks }: Pick<Task, 'masks'>, { train, rest = [] }: Split): readonly string[] =>
  masks ? train : [...train, ...rest];

/** What a task learns from. */
export const trainingSamples = (data: PreparedData, task: Pick<Task, 'masks'>, split: Split): Sample[] =>
  samplesOf(data, imagesOf(data, subjectsFor(task, split)));

const withMasks = (data: PreparedData, images: readonly number[]): number[] =>
  images.filter((index) => isLabelled(sampleAt(data, index)));

/** Images that a stream trains on: with masks, where its tasks learn from those. */
export function trainingImages(data: PreparedData, { masks }: Stream, split: Split): number[] {
  const images = imagesOf(data, subjectsFor({ masks }, split));
  return masks ? withMasks(data, images) : images;
}

/** Images that a stream is validated on, at most `most`, evenly spaced; none where the held-out subjects lack masks. */
export function validationImages(
  data: PreparedData,
  { masks }: Stream,
  { validation }: Split,
  most: number,
): number[] {
  const images = imagesOf(data, validation);
  return [...evenly(masks ? withMasks(data, images) : images, most)];
}

/** Indices of all images of these subjects, in stored order. */
export function imagesOf({ manifest }: PreparedData, subjects: readonly string[]): number[] {
  const wanted = new Set(subjects);
  return manifest.images.flatMap(({ subject }, index) => (wanted.has(subject) ? [index] : []));
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

/** A line that is bent is no line, so what it is to be learnt from must not bend. */
function checkElastic(elasticPx: number, size: number, { tasks }: Plan): void {
  if (elasticPx === 0) return;
  const most = size * MOST_ELASTIC;
  if (elasticPx > most)
    throw new ConfigError(
      `augmentation.elasticPx is ${elasticPx}, which may fold images of ${size} px. Take ${most} at most.`,
    );
  for (const { task, part } of tasks)
    if (part.fields.some(({ kind }) => kind === 'lines'))
      throw new ConfigError(
        `augmentation.elasticPx is ${elasticPx}, but task ${task.name} learns lines, which would not stay straight. Set it to 0, or leave the task out.`,
      );
}

/**
 * Throws ConfigError when a task has no label in the training part, its labels cannot move as the images are to, or the
 * images do not fit the network.
 */
export function checkData(
  data: PreparedData,
  plan: Plan,
  split: Split,
  { elasticPx }: Pick<AugmentationSettings, 'elasticPx'>,
): void {
  const { tasks, backbone } = plan;
  checkElastic(elasticPx, data.manifest.size, plan);
  for (const { task, part } of tasks) part.check(trainingSamples(data, task, split));
  const { size } = data.manifest;
  if (size % backbone.sideStep !== 0)
    throw new ConfigError(
      `Images of ${size} px do not fit the network. Prepare them at a multiple of ${backbone.sideStep} px.`,
    );
}
