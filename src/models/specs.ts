/** @file Layers as networks list them: `layers.conv2d({ … })` is what declares the layer and gives it. */
import { expectTensor } from '../autograd/ops/operands.ts';
import * as ops from '../autograd/ops.ts';
import { ShapeError } from '../base/errors.ts';
import { describe, expectNumber, expectOneOf, expectWhole } from '../kernels/checks.ts';
import { expectOptions } from '../kernels/options.ts';
import { formatShape, type Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { expectDeclarations } from './declare.ts';
import { expectMode, type Layer, type LayerSpec, placed } from './layer.ts';
import { Conv2d, type ConvOptions, ConvTranspose2d, type ConvTransposeOptions, Linear } from './layers.ts';
import {
  Conv3d,
  type Conv3dLayerOptions,
  ConvTranspose3d,
  type ConvTranspose3dLayerOptions,
} from './layers3d.ts';
import {
  BatchNorm,
  type BatchNormLayerOptions,
  GroupNorm,
  InstanceNorm2d,
  LayerNorm,
  type NormOptions,
  RMSNorm,
} from './norms.ts';

/**
 * [N, H, W, channelsIn] to [N, H′, W′, channelsOut].
 * @example
 * const net = new Network(device, layers.conv2d({ channelsIn: 1, channelsOut: 2, kernel: 3 }));
 * const result = net.forward(zeros(device, [1, 8, 8, 1]), { training: false }).shape;
 * net.dispose();
 * result; // [1, 6, 6, 2]
 */
export const conv2d =
  (options: ConvOptions): LayerSpec =>
  (at) =>
    new Conv2d(at, options);

/**
 * [N, H, W, channelsIn] to [N, H′, W′, channelsOut].
 * @example
 * const net = new Network(device, layers.convTranspose2d({ channelsIn: 1, channelsOut: 2, kernel: 2, stride: 2 }));
 * const result = net.forward(zeros(device, [1, 4, 4, 1]), { training: false }).shape;
 * net.dispose();
 * result; // [1, 8, 8, 2]
 */
export const convTranspose2d =
  (options: ConvTransposeOptions): LayerSpec =>
  (at) => {
    const layer = new ConvTranspose2d(at, options);
    return { forward: (x) => layer.forward(x) };
  };

/**
 * [N, D, H, W, channelsIn] to [N, D′, H′, W′, channelsOut].
 * @example
 * const net = new Network(device, layers.conv3d({ channelsIn: 1, channelsOut: 2, kernel: 3 }));
 * const result = net.forward(zeros(device, [1, 4, 4, 4, 1]), { training: false }).shape;
 * net.dispose();
 * result; // [1, 2, 2, 2, 2]
 */
export const conv3d =
  (options: Conv3dLayerOptions): LayerSpec =>
  (at) =>
    new Conv3d(at, options);

/**
 * [N, D, H, W, channelsIn] to [N, D′, H′, W′, channelsOut].
 * @example
 * const net = new Network(device, layers.convTranspose3d({ channelsIn: 1, channelsOut: 2, kernel: 2, stride: 2 }));
 * const result = net.forward(zeros(device, [1, 2, 2, 2, 1]), { training: false }).shape;
 * net.dispose();
 * result; // [1, 4, 4, 4, 2]
 */
export const convTranspose3d =
  (options: ConvTranspose3dLayerOptions): LayerSpec =>
  (at) => {
    const layer = new ConvTranspose3d(at, options);
    return { forward: (x) => layer.forward(x) };
  };

/**
 * [.., channelsIn] to [.., channelsOut].
 * @example
 * const net = new Network(device, layers.linear(2, 3));
 * const result = net.forward(zeros(device, [4, 2]), { training: false }).shape;
 * net.dispose();
 * result; // [4, 3]
 */
export const linear =
  (channelsIn: number, channelsOut: number, options?: { readonly bias?: boolean }): LayerSpec =>
  (at) =>
    new Linear(at, channelsIn, channelsOut, options);

/**
 * Over all axes but the last.
 * @example
 * const net = new Network(device, layers.batchNorm(3));
 * const result = net.forward(zeros(device, [2, 4, 4, 3]), { training: false }).shape;
 * net.dispose();
 * result; // [2, 4, 4, 3]
 */
export const batchNorm =
  (channels: number, options?: BatchNormLayerOptions): LayerSpec =>
  (at) =>
    new BatchNorm(at, channels, options);

/**
 * Over the last axes, of sizes `shape`.
 * @example
 * const net = new Network(device, layers.layerNorm(3));
 * const result = net.forward(zeros(device, [4, 3]), { training: false }).shape;
 * net.dispose();
 * result; // [4, 3]
 */
export const layerNorm =
  (shape: number | Shape, options?: NormOptions): LayerSpec =>
  (at) =>
    new LayerNorm(at, shape, options);

/**
 * Over the last axes, of sizes `shape`.
 * @example
 * const net = new Network(device, layers.rmsNorm(3));
 * const result = net.forward(zeros(device, [4, 3]), { training: false }).shape;
 * net.dispose();
 * result; // [4, 3]
 */
export const rmsNorm =
  (shape: number | Shape, options?: NormOptions): LayerSpec =>
  (at) =>
    new RMSNorm(at, shape, options);

/**
 * Over the pixels and the channels of each group.
 * @example
 * const net = new Network(device, layers.groupNorm(2, 4));
 * const result = net.forward(zeros(device, [1, 2, 2, 4]), { training: false }).shape;
 * net.dispose();
 * result; // [1, 2, 2, 4]
 */
export const groupNorm =
  (groups: number, channels: number, options?: NormOptions): LayerSpec =>
  (at) =>
    new GroupNorm(at, groups, channels, options);

/**
 * Over the pixels of each image and channel.
 * @example
 * const net = new Network(device, layers.instanceNorm2d(2));
 * const result = net.forward(zeros(device, [1, 2, 2, 2]), { training: false }).shape;
 * net.dispose();
 * result; // [1, 2, 2, 2]
 */
export const instanceNorm2d =
  (channels: number, options?: NormOptions): LayerSpec =>
  (at) =>
    new InstanceNorm2d(at, channels, options);

/**
 * Any function of one tensor as a layer: `activation(ops.softplus)`.
 * @example
 * const net = new Network(device, layers.activation(ops.abs));
 * const result = await net.forward(tensor(device, [-1, 2], [1, 2]), { training: false }).read();
 * net.dispose();
 * result; // [1, 2]
 */
export function activation(fn: (x: Tensor) => Tensor): LayerSpec {
  if (typeof fn !== 'function') {
    const problem = `is ${describe(fn)}`;
    throw new ShapeError('activation', 'fn', problem, 'Pass a function of one tensor: ops.silu.');
  }
  return () => ({ forward: (x) => fn(x) });
}

/**
 * max(x, 0).
 * @example
 * const net = new Network(device, layers.relu());
 * const result = await net.forward(tensor(device, [-1, 2], [1, 2]), { training: false }).read();
 * net.dispose();
 * result; // [0, 2]
 */
export const relu = (): LayerSpec => activation(ops.relu);
/**
 * x · sigmoid(x).
 * @example
 * const net = new Network(device, layers.silu());
 * const result = await net.forward(tensor(device, [0], [1, 1]), { training: false }).read();
 * net.dispose();
 * result; // [0]
 */
export const silu = (): LayerSpec => activation(ops.silu);
/**
 * 1/(1 + exp(−x)).
 * @example
 * const net = new Network(device, layers.sigmoid());
 * const result = await net.forward(tensor(device, [0], [1, 1]), { training: false }).read();
 * net.dispose();
 * result; // [0.5]
 */
export const sigmoid = (): LayerSpec => activation(ops.sigmoid);
/**
 * Hyperbolic tangent.
 * @example
 * const net = new Network(device, layers.tanh());
 * const result = await net.forward(tensor(device, [0], [1, 1]), { training: false }).read();
 * net.dispose();
 * result; // [0]
 */
export const tanh = (): LayerSpec => activation(ops.tanh);
/**
 * x where it is positive, slope·x elsewhere.
 * @example
 * const net = new Network(device, layers.leakyRelu(0.1));
 * const result = await net.forward(tensor(device, [-10, 2], [1, 2]), { training: false }).read();
 * net.dispose();
 * result; // [-1, 2]
 */
export const leakyRelu = (slope = 0.01): LayerSpec => activation((x) => ops.leakyRelu(x, slope));
/**
 * x where it is positive, else slope·x, with a slope that is learnt, of each channel or (default) one for all.
 * @example
 * const net = new Network(device, layers.prelu());
 * const result = await net.forward(tensor(device, [-4, 2], [1, 2]), { training: false }).read();
 * net.dispose();
 * result; // [-1, 2]
 */
export const prelu =
  (channels = 1, first = 0.25): LayerSpec =>
  (at) => {
    expectDeclarations('prelu', at);
    expectWhole('prelu', 'channels', channels, 1);
    expectNumber('prelu', 'first', first);
    const slope = at.parameter('weight', [channels], { kind: 'constant', value: first });
    return { forward: (x) => ops.prelu(x, slope.beside(x)) };
  };

/**
 * x · Φ(x), Φ the normal distribution, or its approximation by tanh.
 * @example
 * const net = new Network(device, layers.gelu());
 * const result = await net.forward(tensor(device, [0], [1, 1]), { training: false }).read();
 * net.dispose();
 * result; // [0]
 */
export const gelu = (options: ops.GeluOptions = {}): LayerSpec => activation((x) => ops.gelu(x, options));
/**
 * Over the last axis.
 * @example
 * const net = new Network(device, layers.softmax());
 * const result = await net.forward(tensor(device, [1, 1], [1, 2]), { training: false }).read();
 * net.dispose();
 * result; // [0.5, 0.5]
 */
export const softmax = (): LayerSpec => activation((x) => ops.softmax(x));
/**
 * Over the last axis.
 * @example
 * const net = new Network(device, layers.logSoftmax());
 * const result = await net.forward(tensor(device, [0, 0], [1, 2]), { training: false }).read();
 * net.dispose();
 * result; // [-0.693147, -0.693147]
 */
export const logSoftmax = (): LayerSpec => activation((x) => ops.logSoftmax(x));

/**
 * In training sets elements to 0 with probability p and divides the others by 1 − p; draws from the mode's `random`,
 * each dropout of a step a mask of its own.
 * @example
 * const net = new Network(device, layers.dropout(0.5));
 * const result = await net.forward(tensor(device, [1, 2], [1, 2]), { training: false }).read();
 * net.dispose();
 * result; // [1, 2]
 */
export function dropout(p = 0.5): LayerSpec {
  expectNumber('dropout', 'p', p, { least: 0, most: 1 });
  return () => ({
    forward(x, mode) {
      const { training, random } = expectMode('dropout', mode);
      if (!training || p === 0) return x;
      if (random) return ops.dropout(x, random, { p });
      const fix = 'Pass { training: true, random }, a u32 tensor [seed, step].';
      throw new ShapeError('dropout', 'random', 'is missing', fix);
    },
  });
}

/**
 * Maxima of windows; the stride is the kernel's size by default.
 * @example
 * const net = new Network(device, layers.maxPool2d(2));
 * const result = net.forward(zeros(device, [1, 8, 8, 1]), { training: false }).shape;
 * net.dispose();
 * result; // [1, 4, 4, 1]
 */
export const maxPool2d = (
  kernel: ops.PoolOptions['kernel'],
  options: Omit<ops.PoolOptions, 'kernel'> = {},
): LayerSpec => {
  expectOptions('maxPool2d', options, ['stride', 'padding']);
  return activation((x) => ops.maxPool2d(x, { kernel, ...options }));
};

/**
 * Means of windows; the stride is the kernel's size by default.
 * @example
 * const net = new Network(device, layers.avgPool2d(2));
 * const result = net.forward(zeros(device, [1, 8, 8, 1]), { training: false }).shape;
 * net.dispose();
 * result; // [1, 4, 4, 1]
 */
export const avgPool2d = (
  kernel: ops.PoolOptions['kernel'],
  options: Omit<ops.AvgPoolOptions, 'kernel'> = {},
): LayerSpec => {
  expectOptions('avgPool2d', options, ['stride', 'padding', 'countIncludePad']);
  return activation((x) => ops.avgPool2d(x, { kernel, ...options }));
};

/**
 * Maxima of windows of volumes; the stride is the kernel's size by default.
 * @example
 * const net = new Network(device, layers.maxPool3d(2));
 * const result = net.forward(zeros(device, [1, 4, 4, 4, 1]), { training: false }).shape;
 * net.dispose();
 * result; // [1, 2, 2, 2, 1]
 */
export const maxPool3d = (
  kernel: ops.Pool3dOptions['kernel'],
  options: Omit<ops.Pool3dOptions, 'kernel'> = {},
): LayerSpec => {
  expectOptions('maxPool3d', options, ['stride', 'padding']);
  return activation((x) => ops.maxPool3d(x, { kernel, ...options }));
};

/**
 * [N, …, C] to [N, C].
 * @example
 * const net = new Network(device, layers.globalAvgPool());
 * const result = net.forward(zeros(device, [1, 8, 8, 3]), { training: false }).shape;
 * net.dispose();
 * result; // [1, 3]
 */
export const globalAvgPool = (): LayerSpec => activation(ops.globalAvgPool);
/**
 * [N, …, C] to [N, C].
 * @example
 * const net = new Network(device, layers.globalMaxPool());
 * const result = net.forward(zeros(device, [1, 8, 8, 3]), { training: false }).shape;
 * net.dispose();
 * result; // [1, 3]
 */
export const globalMaxPool = (): LayerSpec => activation(ops.globalMaxPool);

/**
 * [N, …, C] to [N, C·…], a channel after another as in PyTorch, so that weights of the layer behind mean the same.
 * @example
 * const net = new Network(device, layers.flatten());
 * const result = net.forward(zeros(device, [2, 4, 4, 3]), { training: false }).shape;
 * net.dispose();
 * result; // [2, 48]
 */
export const flatten = (): LayerSpec =>
  activation((x) => {
    const { length } = expectTensor('flatten', 'x', x).shape;
    if (length < 2) {
      const problem = `has shape ${formatShape(x.shape)}`;
      throw new ShapeError('flatten', 'x', problem, '[N, …, C] is needed.');
    }
    const within = Array.from({ length: length - 2 }, (_, i) => i + 1);
    return ops.flatten(length > 2 ? ops.permute(x, [0, length - 1, ...within]) : x, 1);
  });

/** Of the layer `upsample`. */
export interface UpsampleLayerOptions extends ops.UpsampleOptions {
  /** Default nearest; alignCorners is of bilinear. */
  readonly mode?: 'nearest' | 'bilinear';
}

/**
 * Resizes images, by default to twice their height and width.
 * @example
 * const net = new Network(device, layers.upsample({ scale: 2 }));
 * const result = net.forward(zeros(device, [1, 4, 4, 3]), { training: false }).shape;
 * net.dispose();
 * result; // [1, 8, 8, 3]
 */
export function upsample(given: UpsampleLayerOptions = {}): LayerSpec {
  expectOptions('upsample', given, ['mode', 'scale', 'size', 'alignCorners']);
  const { mode = 'nearest', ...options } = given;
  expectOneOf('upsample', 'mode', mode, ['nearest', 'bilinear']);
  expectOptions('upsample', options, ['scale', 'size', ...(mode === 'bilinear' ? ['alignCorners'] : [])]);
  if (mode === 'bilinear') return activation((x) => ops.upsampleBilinear2d(x, options));
  return activation((x) => ops.upsampleNearest2d(x, options));
}

/** Layers by name, or in order: their names are then `0`, `1`, …, as in PyTorch. */
export type LayerList = readonly LayerSpec[] | Readonly<Record<string, LayerSpec>>;

/**
 * Layers one after another as one layer.
 * @example
 * const net = new Network(device, layers.sequential([layers.linear(2, 8), layers.linear(8, 3)]));
 * const result = net.forward(zeros(device, [4, 2]), { training: false }).shape;
 * net.dispose();
 * result; // [4, 3]
 */
export function sequential(list: LayerList): LayerSpec {
  if (typeof list !== 'object' || list === null) {
    const fix = 'A list of layers is needed, or an object of them by name.';
    throw new ShapeError('sequential', 'layers', `is ${describe(list)}`, fix);
  }
  return (at) => {
    expectDeclarations('sequential', at);
    const chain: Layer[] = Object.entries(list).map(([name, spec]) => placed(spec, at.at(name)));
    return { forward: (x, mode) => chain.reduce((y, layer) => layer.forward(y, mode), x) };
  };
}
