/** @file Predictions over many images, block by block. */
import { type CapturedStep, capture } from '../autograd/step.ts';
import { noGrad } from '../autograd/tape.ts';
import { ConfigError } from '../base/errors.ts';
import type { Batch } from '../data/batch.ts';
import { oneImage } from '../data/input.ts';
import { sampleAt } from '../data/sample.ts';
import { createSampler } from '../data/sampler.ts';
import type { TrainingData } from '../data/types.ts';
import type { HeadedNetwork } from '../models/headed.ts';
import type { Head } from '../models/heads.ts';
import type { HostOutputs, InputImages, TaskInput } from '../tasks/task.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { outputsOf } from './mirror.ts';
import { Pace } from './pace.ts';
import { StreamInputs } from './streaminputs.ts';

/** Of `predict`. */
export interface PredictOptions {
  /** Images at a time. */
  readonly batch: number;
  readonly onProgress?: (done: number) => void;
  /** What an example looks at; default one image. */
  readonly input?: TaskInput;
  /** Heads that read the images, which those of other tasks may not fit; default all. By path, as everywhere here. */
  readonly heads?: readonly Head[];
  /** Heads whose outputs, scores of classes, are averaged over mirror images; default none. */
  readonly mirrored?: readonly Head[];
}

/**
 * Told of each block: outputs of the examples that the batch begins with, `batch.count` of them, and the images where
 * the input alters them, shows several or has tables.
 */
export type OnBlock = (outputs: HostOutputs, batch: Batch, images?: InputImages) => void;

type Outputs = Readonly<Record<string, Tensor>>;

/** Names among a step's outputs. */
const [CLEAN, SEEN] = ['clean images', 'seen images'];
const outputOf = ({ path }: Head): string => `head ${path}`;

/** By path, for another plan of the same network has heads of its own. */
function ownOf(heads: readonly Head[], { path }: Head): Head {
  const own = heads.find((head) => head.path === path);
  if (own) return own;
  throw new ConfigError(
    `The network was built without head ${path}. Build it for the tasks it is asked for.`,
  );
}

/** An output's values for the first `count` of the batch's examples. */
async function readExamples(
  step: CapturedStep<Outputs>,
  name: string,
  { count, layout }: Batch,
): Promise<Float32Array> {
  const values = (await step.outputs[name]!.read()) as Float32Array;
  return values.subarray(0, (count * values.length) / layout.sizes.examples);
}

/**
 * The network's outputs for the images `indices`, in that order, a few at a time, with running statistics and without
 * dropout.
 * @param input what an example looks at; it draws as in a validation
 * @example
 * const net = new UNet(device, { width: 1, depth: 2, heatmaps: 1 });
 * const manifest = { size: 16, images: [{ subject: 'A' }, { subject: 'B' }] };
 * const images = { manifest, pixels: new Float32Array(512) };
 * const lengths = [];
 * await predictImages(net, images, [0, 1], { batch: 1 }, (outputs) => lengths.push(outputs(net.heads[0]).length));
 * net.dispose();
 * lengths; // [256,256]
 */
export async function predictImages(
  network: HeadedNetwork,
  data: TrainingData,
  indices: readonly number[],
  { input = oneImage, mirrored = [], heads: asked, ...options }: PredictOptions,
  onBlock: OnBlock,
): Promise<void> {
  if (indices.length === 0) return;
  const { device } = network;
  const heads = asked?.map((head) => ownOf(network.heads, head)) ?? network.heads;
  const batch = Math.max(1, Math.min(options.batch, indices.length));
  const sampler = createSampler(data, { batch, epoch: 'sequential', images: indices, input });
  const inputs = new StreamInputs(device, { input, tasks: [] }, batch, data.manifest.size);
  // others are the samples' own
  const isLookedAt = input.alter !== undefined || input.tables !== undefined || input.views > 1;
  const step = await capture(device, () =>
    noGrad((): Outputs => {
      const { images, seen } = inputs.still();
      const looked = isLookedAt ? { [CLEAN]: images, ...(input.alter && { [SEEN]: seen }) } : {};
      const outputs = outputsOf(network, seen, heads, mirrored);
      return { ...Object.fromEntries(heads.map((head) => [outputOf(head), outputs[head.path]!])), ...looked };
    }),
  );
  const readImages = async (of: Batch): Promise<InputImages | undefined> => {
    if (!isLookedAt) return undefined;
    const clean = await readExamples(step, CLEAN, of);
    const views = Array.from({ length: of.count * input.views }, (_, i) => ({
      sample: sampleAt(data, of.indices[i]!),
      matrix: of.matrixOf(i),
    }));
    const seen = input.alter ? await readExamples(step, SEEN, of) : clean;
    return { clean, seen, views, at: (table) => of.values(table) };
  };
  try {
    const pace = new Pace();
    for (let i = 0, done = 0; i < sampler.stepsPerEpoch; i++) {
      const own = sampler.batch(i);
      inputs.write(own);
      pace.start();
      step.run();
      const outputs = await pace.settle(1, () =>
        Promise.all(heads.map((head) => readExamples(step, outputOf(head), own))),
      );
      onBlock((head) => outputs[heads.indexOf(ownOf(heads, head))]!, own, await readImages(own));
      done += own.count;
      options.onProgress?.(done);
    }
  } finally {
    step.dispose();
    inputs.dispose();
  }
}
