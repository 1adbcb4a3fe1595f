/** @file Predictions over many images, block by block. */
import { type CapturedStep, capture } from '../autograd/step.ts';
import { noGrad } from '../autograd/tape.ts';
import type { PreparedData } from '../data/types.ts';
import type { HeadedNetwork } from '../models/headed.ts';
import type { Head } from '../models/heads.ts';
import type { HostOutputs } from '../tasks/task.ts';
import { zeros } from '../tensor/create.ts';
import { disown } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Pace } from './pace.ts';

export interface PredictOptions {
  /** Images at a time. */
  readonly batch: number;
  readonly onProgress?: (done: number) => void;
}

/** Told of each block: outputs of the images `indices`, in their order. */
export type OnBlock = (outputs: HostOutputs, indices: readonly number[]) => void;

type HeadOutputs = Readonly<Record<string, Tensor>>;

/** A head's first `rows` outputs. */
async function readHead(
  step: CapturedStep<HeadOutputs>,
  { path }: Head,
  rows: number,
): Promise<Float32Array> {
  const output = step.outputs[path]!;
  const values = (await output.read()) as Float32Array;
  return values.subarray(0, (rows * output.size) / output.shape[0]!);
}

/**
 * The network's outputs for the images `indices`, in that order, a few at a time, with running statistics and without
 * dropout.
 */
export async function predictImages(
  network: HeadedNetwork,
  data: PreparedData,
  indices: readonly number[],
  options: PredictOptions,
  onBlock: OnBlock,
): Promise<void> {
  const { size } = data.manifest;
  const { heads } = network;
  const batch = Math.max(1, Math.min(options.batch, indices.length));
  const area = size * size;
  const images = disown(zeros(network.device, [batch, size, size, 1], 'f32', 'images'));
  const step = await capture(network.device, () =>
    noGrad((): HeadOutputs => {
      const { output } = network.run(images, { training: false });
      return Object.fromEntries(heads.map((head) => [head.path, output(head)]));
    }),
  );
  try {
    const pace = new Pace();
    const host = new Float32Array(batch * area);
    for (let first = 0; first < indices.length; first += batch) {
      const rows = indices.slice(first, first + batch);
      for (const [row, index] of rows.entries())
        host.set(data.pixels.subarray(index * area, (index + 1) * area), row * area);
      images.write(host);
      pace.start();
      step.run();
      const read = () => Promise.all(heads.map((head) => readHead(step, head, rows.length)));
      const outputs = await pace.settle(1, read);
      onBlock((head) => outputs[heads.indexOf(head)]!, rows);
      options.onProgress?.(first + rows.length);
    }
  } finally {
    step.dispose();
    images.dispose();
  }
}
