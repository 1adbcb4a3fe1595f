/** @file Draws training batches from prepared data: any batch follows from (seed, step) alone. */

import { ConfigError } from '../base/errors.ts';
import { hashText } from '../base/hash.ts';
import { drawsOf, permutation } from '../base/random.ts';
import { identityAffine } from './affine.ts';
import { appearanceBy } from './appearance.ts';
import { type Augmentation, type AugmentationOptions, drawAugmentation } from './augmentation.ts';
import { type Batch, BatchLayout } from './batch.ts';
import { type Companions, companionsOf } from './companions.ts';
import type { Field, Row } from './field.ts';
import { batchFields, type Choice, type Example, type Input, oneImage } from './input.ts';
import { groupBy } from './lists.ts';
import { purposes } from './purposes.ts';
import { sampleAt, samplesOf } from './sample.ts';
import { imagesOf } from './split.ts';
import { subjectAt } from './subjectcolumn.ts';
import type { TrainingData } from './types.ts';

/** Writes the labels of examples: a task, seen from the data. */
export interface Labeller {
  readonly fields: readonly Field[];
  fill(example: Example, row: Row): void;
}

/** Of a sampler: batch, seed, and what is drawn from. */
export interface SamplerOptions {
  readonly batch: number;
  /** Of each batch the rows to draw, where other processes draw the others; default all. Nothing else changes. */
  readonly rows?: { readonly first: number; readonly count: number } | undefined;
  readonly seed?: number;
  /** Subjects to draw from; default all. */
  readonly subjects?: readonly string[];
  /** Images to draw from; default all of the subjects. */
  readonly images?: readonly number[];
  /** Subjects whose images are as if nobody had annotated them. */
  readonly bare?: readonly string[];
  /**
   * What an epoch is: 'subject', one random (slice, frame) of each subject in random order [Z]; 'all', every image
   * once in random order; 'sequential', every image once in stored order, or in that of `images`, the last batch
   * filled up (for evaluation).
   */
  readonly epoch?: 'subject' | 'all' | 'sequential';
  readonly augmentation?: AugmentationOptions;
  /** What an example looks at; default one augmented image. */
  readonly input?: Input;
  /** Who writes the labels; default nobody. */
  readonly labellers?: readonly Labeller[];
}

/** Draws batches, in an order that the seed and the step alone decide. */
export interface Sampler {
  /** Samples in an epoch. */
  readonly epochSize: number;
  /** Batches until every sample of an epoch was seen, rounded up. */
  readonly stepsPerEpoch: number;
  readonly layout: BatchLayout;
  /** Epoch that step's first sample belongs to. */
  epochOf(step: number): number;
  /** Image indices of the samples of an epoch, in order. */
  epochIndices(epoch: number): Int32Array;
  batch(step: number): Batch;
  /** Has the images whose turn it is in a step read, where they are not in memory. */
  ahead(step: number): void;
}

/** Indices of the images to draw from, in order. */
function chosenImages({ manifest }: TrainingData, { subjects, images }: SamplerOptions): number[] {
  const all = images ?? [...manifest.images.keys()];
  const count = manifest.images.length;
  const stray = all.find((index) => !(Number.isInteger(index) && index >= 0 && index < count));
  if (stray !== undefined)
    throw new ConfigError(`Image ${stray} is none of the ${count} prepared images, from 0.`);
  const wanted = subjects && new Set(subjects);
  const chosen = all.filter((index) => !wanted || wanted.has(subjectAt(manifest.images, index)));
  if (chosen.length > 0) return chosen;
  throw new ConfigError(
    subjects
      ? `None of the images belongs to the ${subjects.length} subjects asked for. Check the split.`
      : 'There are no images to draw from. Give some.',
  );
}

function shuffled(items: ArrayLike<number>, seed: number, epoch: number): Int32Array {
  return permutation(items.length, drawsOf(seed, purposes.order, epoch)).map((i) => items[i]!);
}

function epochOrder(
  groups: readonly number[][],
  kind: 'subject' | 'all',
  seed: number,
  epoch: number,
): Int32Array {
  if (kind === 'all') return shuffled(groups.flat(), seed, epoch);
  const next = drawsOf(seed, purposes.image, epoch);
  const picks = groups.map((images) => images[Math.floor(next() * images.length)]!);
  return shuffled(picks, seed, epoch);
}

/** No change. */
const noAugmentation: Augmentation = { matrix: identityAffine, gain: 1, offset: 0 };

/**
 * A sampler over prepared data. Training kinds are an endless stream of epochs cut into full batches (a batch may
 * hold the end of one epoch and the start of the next); sample p = step·batch + row has its own random counter, so
 * resuming at any step gives the same batch. Throws ConfigError for an impossible batch size or an empty subject list.
 * @example
 * const images = [{ subject: 'A' }, { subject: 'A' }, { subject: 'B' }];
 * const prepared = { manifest: { size: 1, images }, pixels: Float32Array.of(5, 6, 7) };
 * const sampler = data.createSampler(prepared, { batch: 2, epoch: 'sequential' });
 * [sampler.stepsPerEpoch, sampler.batch(0).images, sampler.batch(1).count]; // [2,[5,6],1]
 */
export function createSampler(data: TrainingData, options: SamplerOptions): Sampler {
  const { batch: n, seed = 0, epoch: kind = 'subject', augmentation } = options;
  const { input = oneImage, labellers = [], rows = { first: 0, count: n } } = options;
  const bare = options.bare && new Set(options.bare);
  if (!Number.isInteger(n) || n < 1) throw new ConfigError(`Batch size ${n} is not a positive whole number.`);
  const images = chosenImages(data, options);
  const { size, images: prepared } = data.manifest;
  const bySubject = groupBy(images, (index) => subjectAt(prepared, index));
  const groups = [...bySubject.values()];
  const epochSize = kind === 'subject' ? groups.length : images.length;
  const fields = batchFields(
    input,
    labellers.flatMap((labeller) => labeller.fields),
  );
  const layout = new BatchLayout({ examples: rows.count, views: input.views, size }, fields);
  const drawsPurpose = hashText(input.name);
  const inOrder = Int32Array.from(images);
  let cached: { epoch: number; order: Int32Array } = { epoch: -1, order: new Int32Array(0) };
  const orderOf = (epoch: number): Int32Array => {
    if (kind === 'sequential') return inOrder;
    if (cached.epoch !== epoch) cached = { epoch, order: epochOrder(groups, kind, seed, epoch) };
    return cached.order;
  };
  const sequentialCount = (step: number): number =>
    Math.max(0, Math.min(rows.count, epochSize - step * n - rows.first));
  const indexAt = (position: number): number => {
    if (kind === 'sequential') return inOrder[Math.min(position, epochSize - 1)]!;
    return orderOf(Math.floor(position / epochSize))[position % epochSize]!;
  };
  // made for the first input that asks
  let companions: Companions | undefined;
  const amongOf = (): Companions => {
    companions ??= companionsOf(samplesOf(data, imagesOf(data, [...bySubject.keys()]), bare));
    return companions;
  };
  const exampleAt = (position: number): Example => {
    const change = augmentation ? drawAugmentation(seed, position, augmentation, size) : noAugmentation;
    const index = indexAt(position);
    // an image that is evaluated is seen the same way among whichever others
    const draw = drawsOf(seed, drawsPurpose, kind === 'sequential' ? index : position);
    const appearanceOf = (view: number) => augmentation && appearanceBy(seed, position, augmentation, view);
    const choice = { sample: sampleAt(data, index, bare), change, appearanceOf, size, draw };
    return picked(input, {
      ...choice,
      get among() {
        return amongOf();
      },
    });
  };
  const batch = (step: number): Batch => {
    const out = layout.batch(kind === 'sequential' ? sequentialCount(step) : rows.count);
    for (let example = 0; example < rows.count; example++)
      fillExample(out, example, exampleAt(step * n + rows.first + example), labellers);
    if (kind === 'sequential') out.maskFilling();
    return out;
  };
  return {
    epochSize,
    stepsPerEpoch: Math.ceil(epochSize / n),
    layout,
    epochOf: (step) => (kind === 'sequential' ? 0 : Math.floor((step * n) / epochSize)),
    epochIndices: (epoch) => orderOf(epoch).slice(),
    batch,
    ahead(step) {
      const positions = Array.from({ length: rows.count }, (_, row) => step * n + rows.first + row);
      data.ahead?.(positions.map(indexAt));
    },
  };
}

/** @throws ConfigError where the input gives other than the views and tables it says it has, or begins with another image */
function picked(input: Input, choice: Choice): Example {
  const example = input.pick(choice);
  const { length } = example.views;
  if (length !== input.views)
    throw new ConfigError(
      `Input ${input.name} picked ${length} views of its ${input.views}. Give as many as it says.`,
    );
  if (example.views[0]!.sample.index !== choice.sample.index)
    throw new ConfigError(
      `Input ${input.name} picked image ${example.views[0]!.sample.index} first where it is image ${choice.sample.index}’s turn. Begin with that.`,
    );
  const missing = input.tables?.find((table) => !example.tables?.has(table));
  if (!missing) return example;
  throw new ConfigError(`Input ${input.name} drew nothing for its table ${missing.name}. Draw it in pick.`);
}

function fillExample(batch: Batch, at: number, example: Example, labellers: readonly Labeller[]): void {
  const { views } = batch.layout.sizes;
  for (const [view, { sample, ...change }] of example.views.entries())
    batch.place(at * views + view, sample.index, sample.pixels(), change);
  batch.drawn[at] = example.drawn;
  const row = batch.row(at);
  for (const [table, values] of example.tables ?? []) row.set(table, values);
  for (const labeller of labellers) labeller.fill(example, row);
}
