/** @file Pooling, resizing, reshaping and dropout, as networks list them. */
import { expectTensor } from '../../autograd/ops/operands.ts';
import * as ops from '../../autograd/ops.ts';
import { ShapeError } from '../../base/errors.ts';
import { expectNumber, expectOneOf } from '../../kernels/checks.ts';
import { expectOptions } from '../../kernels/options.ts';
import { formatShape } from '../../tensor/shape.ts';
import { expectMode, type LayerSpec } from '../layer.ts';
import { activation } from './activations.ts';

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
