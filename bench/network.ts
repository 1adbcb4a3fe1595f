/** @file The network that steps are timed on, its sizes S and M, its data and its training step. */
import * as ops from '../src/autograd/ops.ts';
import { Optimizer } from '../src/autograd/optim.ts';
import { problemsOf } from '../src/autograd/problems.ts';
import { LossScaler } from '../src/autograd/scaler.ts';
import { type CapturedStep, capture } from '../src/autograd/step.ts';
import { Tape } from '../src/autograd/tape.ts';
import { choicesBy, tune } from '../src/autograd/tune.ts';
import { uniforms } from '../src/base/random.ts';
import { setChoices } from '../src/kernels/launch/variant.ts';
import { initialValues } from '../src/models/declare.ts';
import { declareUNet, type Precision, UNet, type UNetOptions } from '../src/models/unet.ts';
import { tensor } from '../src/tensor/create.ts';
import type { Device } from '../src/tensor/device.ts';
import type { Tensor } from '../src/tensor/tensor.ts';

export interface NetworkSizes {
  readonly batch: number;
  /** Rows and columns of an image. */
  readonly side: number;
  /** Channels of the first level; four more levels, each of twice as many. */
  readonly width: number;
}

/** S: 1.9 million parameters; M: 7.8 million; zhang2024, the published size: 31 million. */
export const configs = {
  S: { batch: 4, side: 64, width: 16 },
  M: { batch: 2, side: 128, width: 32 },
  zhang2024: { batch: 20, side: 224, width: 64 },
} as const satisfies Record<string, NetworkSizes>;

export type ConfigName = keyof typeof configs;

/**
 * Sizes to try, the published one first, for adapters with less memory. A software adapter takes minutes for a batch
 * of the largest, and gets a single image.
 */
export function sizesOf(config: ConfigName, software: boolean): NetworkSizes[] {
  const sizes = configs[config];
  if (config !== 'zhang2024') return [sizes];
  return (software ? [1] : [20, 10, 5, 2, 1]).map((batch) => ({ ...sizes, batch }));
}

/** Adam's, the same for every engine. */
export const adam = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

/** One channel in, two maps out, no location head: batch norm in the encoder, none in the decoder. */
export function optionsOf({ width }: NetworkSizes): UNetOptions {
  return { width, depth: 5, heatmaps: 2, locationHead: false, dropout: 0 };
}

export interface Batch {
  /** [batch, side, side, 1] */
  readonly images: Float32Array;
  /** [batch, side, side, 2] */
  readonly targets: Float32Array;
}

export function batchOf({ batch, side }: NetworkSizes): Batch {
  const pixels = batch * side * side;
  return {
    images: Float32Array.from(uniforms(pixels, 11)),
    targets: Float32Array.from(uniforms(2 * pixels, 12)),
  };
}

export interface NamedWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** The weights every engine starts from: convolutions [height, width, in, out], transposed ones [height, width, out, in]. */
export function firstWeights(sizes: NetworkSizes): NamedWeight[] {
  const declared = declareUNet(optionsOf(sizes)).parameters;
  return declared.map((one) => ({ name: one.name, shape: one.shape, values: initialValues(one, 0) }));
}

export interface TrainStep {
  readonly captured: CapturedStep<{ loss: Tensor }>;
  readonly parameters: number;
  /** Launches step `index` (from 1); returns without waiting for the device. */
  run(index: number): void;
  dispose(): void;
}

/** The captured step on a device: forward, mean squared error, backward, Adam; tuned before, where there is time for it. */
export async function trainStep(
  device: Device,
  sizes: NetworkSizes,
  precision: Precision = 'f32',
  tuneMs = 0,
): Promise<TrainStep> {
  const { batch, side } = sizes;
  const { learningRate, ...rule } = adam;
  const data = batchOf(sizes);
  const images = tensor(device, data.images, [batch, side, side, 1]);
  const targets = tensor(device, data.targets, [batch, side, side, 2]);
  const unet = new UNet(device, { ...optionsOf(sizes), precision });
  const scaler = precision === 'mixed' ? new LossScaler(device, { undo: unet.undo }) : undefined;
  const optimizer = new Optimizer(unet.arena, { kind: 'adam', ...rule }, scaler);
  const step = () => {
    unet.arena.zeroGrad();
    using tape = new Tape();
    const loss = ops.mse(unet.forward(images, { training: true }).heatmaps!, targets);
    tape.backward(loss, scaler?.scale);
    optimizer.apply(loss);
    return { loss };
  };
  if (tuneMs > 0)
    setChoices(device, choicesBy(await tune(device, problemsOf(device, step), { limitMs: tuneMs })));
  const captured = await capture(device, step);
  return {
    captured,
    parameters: unet.parameterCount,
    run(index) {
      optimizer.prepare(index, learningRate);
      captured.run();
    },
    dispose() {
      for (const owned of [captured, optimizer, scaler, unet, images, targets]) owned?.dispose();
    },
  };
}
