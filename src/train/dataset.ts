/** @file What training takes from a data set: its parts, a fixed selection of images, a check that the labels exist. */

import { ConfigError } from '../base/errors.ts';
import { textChecksum } from '../base/hash.ts';
import { samplesOf } from '../data/sample.ts';
import { type Split, splitSubjects, subjectsOf } from '../data/split.ts';
import type { PreparedData } from '../data/types.ts';
import type { Plan } from './plan.ts';
import type { TrainConfig } from './settings.ts';

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
export function checkData(data: PreparedData, { tasks, backbone }: Plan, split: Split): void {
  const training = samplesOf(data, imagesOf(data, split.train));
  for (const { part } of tasks) part.check(training);
  const { size } = data.manifest;
  if (size % backbone.sideStep !== 0)
    throw new ConfigError(
      `Images of ${size} px do not fit the network. Prepare them at a multiple of ${backbone.sideStep} px.`,
    );
}
