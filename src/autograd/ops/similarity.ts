/** @file How alike vectors are: cosines and distances, along one axis. All throw ShapeError for what does not broadcast. */

import { ShapeError } from '../../base/errors.ts';
import { expectNumber } from '../../kernels/checks.ts';
import * as kernels from '../../kernels/index.ts';
import { expectAxis, expectOptions } from '../../kernels/options.ts';
import { scope } from '../../tensor/scope.ts';
import { broadcastShapes, formatShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { apply, applyFirst } from '../apply.ts';
import { expectTensor } from './operands.ts';

/** Of `cosineSimilarity` and `pairwiseDistance`. */
export interface SimilarityOptions {
  /** Of the vectors; default the last, negative ones count from the last. */
  readonly axis?: number;
  /** cosineSimilarity: the least norm to divide by (default 1e-8); distance: added to differences (default 1e-6). */
  readonly epsilon?: number;
}

/**
 * Cosine of the angle between vectors along an axis: a and b, f32 or f16, of one shape or broadcast → that shape without
 * the axis. Of a vector 0 it is 0.
 * @example
 * await ops.cosineSimilarity(tensor(device, [1, 0], [2]), tensor(device, [1, 1], [2])).item(); // 0.707107
 */
export function cosineSimilarity(a: Tensor, b: Tensor, options: SimilarityOptions = {}): Tensor {
  const named = { as: 'cosineSimilarity' };
  expectOptions(named.as, options, ['axis', 'epsilon']);
  const { axis = -1, epsilon = 1e-8 } = options;
  expectTensor(named.as, 'a', a);
  expectTensor(named.as, 'b', b);
  const whole = broadcastShapes(named.as, a.shape, b.shape);
  // From the end, where axes of both are the same.
  const along = expectAxis(named.as, 'axis', axis, whole) - whole.length;
  if (a.shape.at(along) !== b.shape.at(along)) {
    const problem = `is ${axis} of a ${formatShape(a.shape)} and b ${formatShape(b.shape)}`;
    throw new ShapeError(named.as, 'axis', problem, 'The vectors must be of one length.');
  }
  using inside = scope();
  const [left, right] = [a, b].map((x) =>
    applyFirst(kernels.normalize, [x, null, null], { p: 2, axis: along, epsilon }, named),
  );
  const products = apply(kernels.binary, [left!, right!], { fn: 'multiply' }, named);
  return inside.keep(applyFirst(kernels.reduce, [products], { fn: 'sum', axes: [along] }, named));
}

/**
 * Euclidean distance of vectors along an axis, ‖a − b + epsilon‖ as in PyTorch, so that equal ones have a gradient: a and
 * b, f32 or f16, of one shape or broadcast → that shape without the axis.
 * @example
 * await ops.pairwiseDistance(zeros(device, [1, 2]), tensor(device, [3, 4], [1, 2])).read(); // [5]
 */
export function pairwiseDistance(a: Tensor, b: Tensor, options: SimilarityOptions = {}): Tensor {
  const named = { as: 'pairwiseDistance' };
  expectOptions(named.as, options, ['axis', 'epsilon']);
  const { axis = -1, epsilon = 1e-6 } = options;
  expectNumber(named.as, 'epsilon', epsilon, { least: 0 });
  using inside = scope();
  const apart = apply(kernels.binary, [a, b], { fn: 'subtract' }, named);
  const moved = apply(kernels.unary, [apart], { fn: 'affine', alpha: 1, beta: epsilon }, named);
  const squares = apply(kernels.unary, [moved], { fn: 'square' }, named);
  const sums = applyFirst(kernels.reduce, [squares], { fn: 'sum', axes: [axis] }, named);
  return inside.keep(apply(kernels.unary, [sums], { fn: 'sqrt' }, named));
}
