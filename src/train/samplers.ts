/** @file What a run draws its batches from: training images, a sampler for each stream, and validation images where any say anything. */
import { listed, plural } from '../base/words.ts';
import { createSampler, type Sampler, type SamplerOptions } from '../data/sampler.ts';
import type { Split } from '../data/split.ts';
import { alone, type Comm, shareOfBatch } from './comm.ts';
import { trainingImages, validationImages } from './dataset.ts';
import type { TrainOptions } from './events.ts';
import type { Batches } from './losses.ts';
import type { Stream } from './plan.ts';

export class RunSamplers {
  readonly #options: TrainOptions;
  readonly #split: Split;
  /** Of this rank's rows. */
  readonly #training: readonly Sampler[];
  /** Streams to which no held-out image says anything. */
  readonly #unvalidated: readonly Stream[];

  constructor(options: TrainOptions, split: Split) {
    const { data, config, plan, comm = alone } = options;
    this.#options = options;
    this.#split = split;
    this.#training = this.#trainingFor(comm);
    this.#unvalidated = plan.streams.filter(
      (stream) => validationImages(data, stream, split, config.validationImages).length === 0,
    );
  }

  /** What this rank trains on in step `step` + 1: a batch for each stream. */
  batches(step: number): Batches {
    return this.#training.map((sampler) => sampler.batch(step));
  }

  /** Has what this rank trains on in step `step` + 1 read, where it is not in memory. */
  ahead(step: number): void {
    for (const sampler of this.#training) sampler.ahead(step);
  }

  /** What all ranks train on then. */
  wholeBatches(step: number): Batches {
    return this.#trainingFor(alone).map((sampler) => sampler.batch(step));
  }

  /** One for each stream; null where no held-out image says anything to any. */
  validation(): readonly Sampler[] | null {
    const { data, plan, config } = this.#options;
    if (this.#unvalidated.length === plan.streams.length) return null;
    const { batch } = config;
    // images that say nothing to a stream leave its losses out
    const images = (stream: Stream) =>
      validationImages(
        data,
        this.#unvalidated.includes(stream) ? {} : stream,
        this.#split,
        config.validationImages,
      );
    return plan.streams.map((own) => this.#sampler(own, { batch, epoch: 'sequential', images: images(own) }));
  }

  /** What validation will not say; null: it says something of everything, or was not asked for. */
  unvalidated(): string | null {
    const { validation } = this.#split;
    if (validation.length === 0 || this.#unvalidated.length === 0) return null;
    const names = this.#unvalidated.flatMap(({ tasks }) => tasks.map(({ task }) => task.name));
    return `No image of the ${plural(validation.length, 'validation subject')} has what ${listed(names)} learns from, so validation says nothing of it.`;
  }

  #trainingFor(comm: Comm): Sampler[] {
    const { data, plan, config } = this.#options;
    const { batch, seed, epoch, augmentation } = config;
    const rows = comm.size > 1 ? shareOfBatch(comm, config) : undefined;
    const bare = this.#split.rest && { bare: this.#split.rest };
    return plan.streams.map((stream) => {
      const images = trainingImages(data, stream, this.#split);
      return this.#sampler(stream, { batch, rows, seed, epoch, augmentation, images, ...bare });
    });
  }

  #sampler({ input, tasks }: Stream, how: SamplerOptions): Sampler {
    return createSampler(this.#options.data, { ...how, input, labellers: tasks.map(({ part }) => part) });
  }
}
