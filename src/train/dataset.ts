/** @file What training takes from a data set: its parts, a fixed selection of images, a check that the labels exist. */

import { ConfigError } from '../base/errors.ts';
import { textChecksum } from '../base/hash.ts';
import { type Split, splitSubjects, subjectsOf } from '../data/sampler.ts';
import type { PreparedData } from '../data/types.ts';
import type { TrainConfig } from './config.ts';

/** The subjects of each part, as a configuration divides them. */
export function splitOf(data: PreparedData, config: TrainConfig): Split {
  const { seed, validationFraction, testFraction } = config;
  return splitSubjects(subjectsOf(data), { seed, validation: validationFraction, test: testFraction });
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

/** Some images of a data set as one of their own. */
export function selectImages({ manifest, pixels }: PreparedData, indices: readonly number[]): PreparedData {
  const area = manifest.size ** 2;
  const selected = new Float32Array(indices.length * area);
  for (const [row, index] of indices.entries())
    selected.set(pixels.subarray(index * area, (index + 1) * area), row * area);
  const images = indices.map((index) => manifest.images[index]!);
  return { manifest: { ...manifest, images }, pixels: selected };
}

/** Identifies a prepared data set by its manifest: by what training sees of it, so that older runs can go on. */
export function fingerprint({ manifest }: PreparedData): string {
  const { size, spacingMm, targetView, referenceViews, images } = manifest;
  const seen = images.map(({ space: _, ...image }) => image);
  return textChecksum(JSON.stringify({ size, spacingMm, targetView, referenceViews, images: seen }));
}

/** Throws ConfigError when a task has no label in the training part, or the images do not fit the network. */
export function checkData({ manifest }: PreparedData, config: TrainConfig, split: Split): void {
  const training = new Set(split.train);
  const images = manifest.images.filter(({ subject }) => training.has(subject));
  const labelled = {
    orientation: images.some(({ lines }) => lines.some((line) => line !== null)),
    location: images.some(({ location }) => location !== null),
  };
  const missing = {
    orientation: 'no training image has a line: no reference view was found or mapped',
    location: 'no training image has a slice location: every stack has one location only',
  };
  for (const task of config.tasks)
    if (!labelled[task])
      throw new ConfigError(`Task ${task}: ${missing[task]}. Map the views, or leave the task out.`);
  const step = 2 ** (config.depth - 1);
  if (manifest.size % step !== 0)
    throw new ConfigError(
      `Images of ${manifest.size} px do not fit ${config.depth} levels. Prepare them at a multiple of ${step} px.`,
    );
}
