/** @file Draws training batches from prepared data: any batch follows from (seed, step) alone. */

import { ConfigError } from '../base/errors.ts';
import { drawsOf, permutation } from '../base/random.ts';
import { identityAffine } from './affine.ts';
import { type Augmentation, type AugmentationOptions, drawAugmentation } from './augmentation.ts';
import { purposes } from './purposes.ts';
import type { PreparedData } from './types.ts';

/** One batch in the layout that goes to the device; N is the batch size, V the number of reference views. */
export interface Batch {
  /** [N, size, size], before augmentation. */
  readonly images: Float32Array;
  /** [N, V, 3] (a, b, d) in the stored image's pixels, before augmentation; zeros where there is none. */
  readonly lines: Float32Array;
  /** [N, V]: 1 where a line exists. */
  readonly lineMask: Float32Array;
  /** [N]: relative slice location, 0 where there is none. */
  readonly locations: Float32Array;
  /** [N]: 1 where a location exists. */
  readonly locationMask: Float32Array;
  /** [N, 6]: augmentation, output pixel → input pixel. */
  readonly matrices: Float32Array;
  /** [N, 2]: intensity gain and offset. */
  readonly gainOffset: Float32Array;
  /** [N]: image index in the prepared data. */
  readonly indices: Int32Array;
  /** Rows that are samples; the rest repeat the last one (end of a sequential pass only). */
  readonly count: number;
}

export interface SamplerOptions {
  readonly batch: number;
  readonly seed?: number;
  /** Subjects to draw from; default all. */
  readonly subjects?: readonly string[];
  /**
   * What an epoch is: 'subject', one random (slice, frame) of each subject in random order [Z]; 'all', every image
   * once in random order; 'sequential', every image once in stored order, the last batch filled up (for evaluation).
   */
  readonly epoch?: 'subject' | 'all' | 'sequential';
  readonly augmentation?: AugmentationOptions;
}

export interface Sampler {
  /** Samples in an epoch. */
  readonly epochSize: number;
  /** Batches until every sample of an epoch was seen, rounded up. */
  readonly stepsPerEpoch: number;
  /** Epoch that step's first sample belongs to. */
  epochOf(step: number): number;
  /** Image indices of the samples of an epoch, in order. */
  epochIndices(epoch: number): Int32Array;
  batch(step: number): Batch;
}

function imagesBySubject(data: PreparedData, subjects?: readonly string[]): number[][] {
  const wanted = subjects && new Set(subjects);
  const groups = new Map<string, number[]>();
  for (const [index, { subject }] of data.manifest.images.entries()) {
    if (wanted && !wanted.has(subject)) continue;
    const group = groups.get(subject);
    if (group) group.push(index);
    else groups.set(subject, [index]);
  }
  if (groups.size > 0) return [...groups.values()];
  throw new ConfigError(
    `None of the prepared images belongs to the ${subjects?.length ?? 0} subjects asked for. Check the split.`,
  );
}

function shuffled(items: ArrayLike<number>, seed: number, epoch: number): Int32Array {
  return permutation(items.length, drawsOf(seed, purposes.order, epoch)).map((i) => items[i]!);
}

function epochOrder(
  groups: readonly number[][],
  kind: SamplerOptions['epoch'],
  seed: number,
  epoch: number,
): Int32Array {
  if (kind === 'sequential') return Int32Array.from(groups.flat()).sort();
  if (kind === 'all') return shuffled(groups.flat(), seed, epoch);
  const next = drawsOf(seed, purposes.image, epoch);
  const picks = groups.map((images) => images[Math.floor(next() * images.length)]!);
  return shuffled(picks, seed, epoch);
}

const noAugmentation: Augmentation = { matrix: identityAffine, gain: 1, offset: 0 };

function emptyBatch(n: number, views: number, area: number, count: number): Batch {
  return {
    images: new Float32Array(n * area),
    lines: new Float32Array(n * views * 3),
    lineMask: new Float32Array(n * views),
    locations: new Float32Array(n),
    locationMask: new Float32Array(n),
    matrices: new Float32Array(n * 6),
    gainOffset: new Float32Array(n * 2),
    indices: new Int32Array(n),
    count,
  };
}

function fillRow(batch: Batch, row: number, index: number, data: PreparedData, change: Augmentation): void {
  const { size, images, referenceViews } = data.manifest;
  const area = size ** 2;
  const { lines, location } = images[index]!;
  batch.images.set(data.pixels.subarray(index * area, (index + 1) * area), row * area);
  for (const [view, line] of lines.entries()) {
    if (!line) continue;
    batch.lines.set(line, (row * referenceViews.length + view) * 3);
    batch.lineMask[row * referenceViews.length + view] = 1;
  }
  batch.locations[row] = location ?? 0;
  batch.locationMask[row] = location === null ? 0 : 1;
  batch.matrices.set(change.matrix, row * 6);
  batch.gainOffset.set([change.gain, change.offset], row * 2);
  batch.indices[row] = index;
}

/**
 * A sampler over prepared data. Training kinds are an endless stream of epochs cut into full batches (a batch may
 * hold the end of one epoch and the start of the next); sample p = step·batch + row has its own random counter, so
 * resuming at any step gives the same batch. Throws ConfigError for an impossible batch size or an empty subject list.
 */
export function createSampler(data: PreparedData, options: SamplerOptions): Sampler {
  const { batch: n, seed = 0, epoch: kind = 'subject', augmentation } = options;
  if (!Number.isInteger(n) || n < 1) throw new ConfigError(`Batch size ${n} is not a positive whole number.`);
  const groups = imagesBySubject(data, options.subjects);
  const epochSize = kind === 'subject' ? groups.length : groups.flat().length;
  const { size, referenceViews } = data.manifest;
  let cached: { epoch: number; order: Int32Array } = { epoch: -1, order: new Int32Array(0) };
  const orderOf = (epoch: number): Int32Array => {
    if (cached.epoch !== epoch) cached = { epoch, order: epochOrder(groups, kind, seed, epoch) };
    return cached.order;
  };
  const sequentialCount = (step: number): number => Math.max(0, Math.min(n, epochSize - step * n));
  const indexAt = (position: number): number => {
    if (kind === 'sequential') return orderOf(0)[Math.min(position, epochSize - 1)]!;
    return orderOf(Math.floor(position / epochSize))[position % epochSize]!;
  };
  const batch = (step: number): Batch => {
    const out = emptyBatch(
      n,
      referenceViews.length,
      size ** 2,
      kind === 'sequential' ? sequentialCount(step) : n,
    );
    for (let row = 0; row < n; row++) {
      const position = step * n + row;
      const change = augmentation ? drawAugmentation(seed, position, augmentation, size) : noAugmentation;
      fillRow(out, row, indexAt(position), data, change);
    }
    return out;
  };
  return {
    epochSize,
    stepsPerEpoch: Math.ceil(epochSize / n),
    epochOf: (step) => (kind === 'sequential' ? 0 : Math.floor((step * n) / epochSize)),
    epochIndices: (epoch) => orderOf(kind === 'sequential' ? 0 : epoch).slice(),
    batch,
  };
}

export interface Split {
  readonly train: readonly string[];
  readonly validation: readonly string[];
  readonly test: readonly string[];
}

/** Distinct subjects of prepared data, sorted. */
export function subjectsOf(data: PreparedData): string[] {
  return [...new Set(data.manifest.images.map((image) => image.subject))].sort();
}

/**
 * Splits subjects at random: validation and test get round(fraction·count) each, training the rest. The order in
 * which subjects are given does not matter. Throws ConfigError when fractions are not in [0, 1] with sum below 1, or
 * no subject is left for training.
 */
export function splitSubjects(
  subjects: readonly string[],
  options: { readonly seed?: number; readonly validation?: number; readonly test?: number } = {},
): Split {
  const { seed = 0, validation = 0.1, test = 0 } = options;
  const total = validation + test;
  if (!(validation >= 0 && test >= 0 && total < 1))
    throw new ConfigError(`Fractions validation ${validation} and test ${test} must be ≥ 0 and sum below 1.`);
  const sorted = [...new Set(subjects)].sort();
  const order = Array.from(permutation(sorted.length, drawsOf(seed, purposes.split, 0)), (i) => sorted[i]!);
  const [v, t] = [Math.round(validation * order.length), Math.round(test * order.length)];
  if (v + t >= order.length)
    throw new ConfigError(
      `${order.length} subjects leave none for training. Add subjects or lower the fractions.`,
    );
  return {
    validation: order.slice(0, v).sort(),
    test: order.slice(v, v + t).sort(),
    train: order.slice(v + t).sort(),
  };
}
