/** @file What the streams of a run draw their images from: those that train, and those that validate. */
import { listed, plural } from '../base/words.ts';
import { createSampler, type Sampler, type SamplerOptions } from '../data/sampler.ts';
import type { Split } from '../data/split.ts';
import type { PreparedData } from '../data/types.ts';
import { trainingImages, validationImages } from './dataset.ts';
import type { Plan, Stream } from './plan.ts';
import type { TrainConfig } from './settings.ts';

export interface RunSamplers {
  /** One for each stream of tasks. */
  readonly training: readonly Sampler[];
  /** Null where no held-out image says anything to any stream. */
  readonly validation: readonly Sampler[] | null;
  /** What to warn of: tasks that validation says nothing of; null: none. */
  readonly warning: string | null;
}

function unvalidatedText({ validation }: Split, streams: readonly Stream[]): string | null {
  if (validation.length === 0 || streams.length === 0) return null;
  const names = streams.flatMap(({ tasks }) => tasks.map(({ task }) => task.name));
  return `No image of the ${plural(validation.length, 'validation subject')} has what ${listed(names)} learns from, so validation says nothing of it.`;
}

export function samplersOf(
  data: PreparedData,
  { streams }: Plan,
  split: Split,
  { batch, seed, epoch, augmentation, validationImages: most }: TrainConfig,
): RunSamplers {
  const sampler = ({ input, tasks }: Stream, how: SamplerOptions): Sampler =>
    createSampler(data, { ...how, input, labellers: tasks.map(({ part }) => part) });
  const held = (stream: Pick<Stream, 'labelled'>) => validationImages(data, stream, split, most);
  const unvalidated = streams.filter((stream) => held(stream).length === 0);
  // images that say nothing to a stream leave its losses out
  const shown = (stream: Stream) => held(unvalidated.includes(stream) ? {} : stream);
  return {
    training: streams.map((stream) => {
      const images = trainingImages(data, stream, split);
      const bare = split.rest && { bare: split.rest };
      return sampler(stream, { batch, seed, epoch, augmentation, images, ...bare });
    }),
    validation:
      unvalidated.length < streams.length
        ? streams.map((own) => sampler(own, { batch, epoch: 'sequential', images: shown(own) }))
        : null,
    warning: unvalidatedText(split, unvalidated),
  };
}
