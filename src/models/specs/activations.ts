/** @file Functions of each element or of a row, as networks list them. */
import * as ops from '../../autograd/ops.ts';
import { ShapeError } from '../../base/errors.ts';
import { describe, expectNumber, expectWhole } from '../../kernels/checks.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { expectDeclarations } from '../declare.ts';
import type { LayerSpec } from '../layer.ts';

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
