/** @file Deep supervision: a loss at every level of a U-Net, against labels as coarse as the level (Lee et al. 2015). */
import * as ops from '../autograd/ops.ts';
import { describe } from '../base/describe.ts';
import { ConfigError, ShapeError } from '../base/errors.ts';
import { expectWhole } from '../base/settings.ts';
import { formatShape, type Shape, sameShape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/** More halves than a number of f32 has bits are worth nothing. */
const MOST = 64;

/**
 * Of outputs, 1 to 64, finest first: 1, ½, ¼ … divided by their sum. @throws ConfigError for another number of them
 * @example
 * supervisionWeights(3); // [0.571429, 0.285714, 0.142857]
 */
export function supervisionWeights(outputs: number): number[] {
  expectWhole('outputs of supervisionWeights', outputs, 1);
  if (outputs > MOST)
    throw new ConfigError(`outputs of supervisionWeights is ${outputs}. There are ${MOST} at most.`);
  const weights = Array.from({ length: outputs }, (_, level) => 2 ** -level);
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** Along one axis of labels, of each `by` the one in the middle (the later of two). */
function every(labels: Tensor, axis: number, by: number): Tensor {
  const [before, after] = [labels.shape.slice(0, axis), labels.shape.slice(axis + 1)];
  const side = labels.shape[axis]! / by;
  const apart = ops.reshape(labels, [...before, side, by, ...after]);
  const middle = Math.floor(by / 2);
  return ops.reshape(ops.slice(apart, middle, middle + 1, axis + 1), [...before, side, ...after]);
}

/** Labels [N, …sides] at coarser sides, by nearest neighbour (`nearest-exact` of PyTorch). */
function labelsAt(labels: Tensor, sides: Shape): Tensor {
  return sides.reduce<Tensor>((from, side, axis) => {
    if (from.shape[axis + 1] === side) return from;
    return every(from, axis + 1, from.shape[axis + 1]! / side);
  }, labels);
}

/** The sides of an output that the labels can be brought to. @throws ShapeError for others */
function sidesOf(output: Tensor, labels: Tensor, i: number): Shape {
  const argument = `outputs[${i}]`;
  const call = 'deepSupervision';
  if (!(output instanceof Tensor))
    throw new ShapeError(
      call,
      argument,
      `is ${describe(output)}`,
      'A tensor [N, …sides, classes] is needed.',
    );
  const [batch, ...sides] = output.shape.slice(0, -1);
  const whole = sides.every((side, axis) => side > 0 && labels.shape[axis + 1]! % side === 0);
  if (whole && output.shape.length === labels.shape.length + 1 && batch === labels.shape[0]) return sides;
  const problem = `has shape ${formatShape(output.shape)}, labels ${formatShape(labels.shape)}`;
  throw new ShapeError(
    call,
    argument,
    problem,
    '[N, …sides, classes] is needed, of sides that divide the labels’.',
  );
}

/**
 * The losses at all levels, by their `supervisionWeights` added up: shape [], f32.
 *
 * ```ts
 * const loss = deepSupervision(net.supervised(x, { training: true }), labels, (logits, at) => ops.crossEntropy(logits, at));
 * ```
 *
 * nnU-Net leaves the coarsest out: `net.supervised(…).slice(0, -1)`.
 * @param outputs logits [N, …sides, classes], finest first
 * @param labels [N, …sides], i32 or u32, at the finest sides
 * @param loss of logits and labels of the same sides, shape []
 * @throws ShapeError for outputs whose sides do not divide the labels'
 * @example
 * const outputs = [zeros(device, [1, 4, 4, 4, 2]), zeros(device, [1, 2, 2, 2, 2])];
 * const labels = zeros(device, [1, 4, 4, 4], 'i32');
 * await deepSupervision(outputs, labels, (logits, at) => ops.crossEntropy(logits, at)).read(); // [0.693147]
 */
export function deepSupervision(
  outputs: readonly Tensor[],
  labels: Tensor,
  loss: (logits: Tensor, labels: Tensor) => Tensor,
): Tensor {
  const call = 'deepSupervision';
  if (!Array.isArray(outputs) || outputs.length === 0)
    throw new ShapeError(call, 'outputs', `are ${describe(outputs)}`, 'One tensor or more is needed.');
  if (!(labels instanceof Tensor))
    throw new ShapeError(call, 'labels', `is ${describe(labels)}`, 'A tensor [N, …sides] is needed.');
  if (typeof loss !== 'function')
    throw new ShapeError(
      call,
      'loss',
      `is ${describe(loss)}`,
      'Pass (logits, labels) => ops.crossEntropy(…).',
    );
  const weights = supervisionWeights(outputs.length);
  const losses = outputs.map((logits, i) => {
    const own = loss(logits, labelsAt(labels, sidesOf(logits, labels, i)));
    if (own instanceof Tensor && sameShape(own.shape, [])) return ops.multiply(own, weights[i]!);
    throw new ShapeError(call, 'loss', `gave ${describe(own)}`, 'A loss of shape [] is needed.');
  });
  return losses.reduce((sum, one) => ops.add(sum, one));
}
