/** @file The parts of self-loop uncertainty: permuted images, the pseudo-label of what they say, and its loss. */
import * as ops from '../../autograd/ops.ts';
import { zeros } from '../../tensor/create.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Order } from '../tiles/permutations.ts';

/** Tiles along each side. */
export const CELLS = 3;

/** Added to probabilities, whose logarithm is taken. */
const LEAST = 1e-7;

/** [size, size]: the pixel that each pixel of the image comes from when tile order[p] lies in place p. */
export function permutedPlaces(order: Order, size: number): Uint32Array {
  const cell = size / CELLS;
  return Uint32Array.from({ length: size * size }, (_, i) => {
    const [x, y] = [i % size, Math.floor(i / size)];
    const own = order[CELLS * Math.floor(y / cell) + Math.floor(x / cell)]!;
    return (Math.floor(own / CELLS) * cell + (y % cell)) * size + (own % CELLS) * cell + (x % cell);
  });
}

/** [size, size]: where each pixel of the image lies in the permuted one. */
export function returningPlaces(places: Uint32Array): Uint32Array {
  const back = new Uint32Array(places.length);
  for (const [to, from] of places.entries()) back[from] = to;
  return back;
}

/**
 * What Q permuted images say, put back: the mean of their class probabilities at each pixel. No gradient reaches them.
 * @param scores [N·(1 + Q), size, size, classes], of each example the image first
 * @param back [N, Q·size, size], u32: where each pixel lies, in 1 + Q images one below another
 * @returns [N, size, size, classes]
 */
export function pseudoLabels(scores: Tensor, back: Tensor): Tensor {
  const [images, size, , classes] = scores.shape as [number, number, number, number];
  const [examples, length] = back.shape as [number, number];
  const constant = ops.detach(scores);
  const chances = ops.softmax(constant.dtype === 'f16' ? ops.cast(constant, 'f32') : constant);
  const stacked = ops.reshape(chances, [examples, (images / examples) * size, size, classes]);
  const apart = ops.reshape(ops.gatherPixels(stacked, back), [
    examples,
    length / size,
    size * size * classes,
  ]);
  return ops.reshape(ops.mean(apart, { axes: [1] }), [examples, size, size, classes]);
}

/**
 * Cross entropy to the pseudo-labels, at each pixel times 1 − entropy / ln classes of these, so that what the permutations
 * disagree on counts little: the mean over the pixels of examples that count, 0 where none does.
 * @param scores [N, size, size, classes] of the images as they are
 * @param labels [N, size, size, classes], of `pseudoLabels`
 * @param counts [N, 1], f32
 */
export function uncertaintyLoss(scores: Tensor, labels: Tensor, counts: Tensor): Tensor {
  const [examples, size, , classes] = scores.shape as [number, number, number, number];
  const own = scores.dtype === 'f16' ? ops.cast(scores, 'f32') : scores;
  const over = { axes: [-1] };
  const negentropy = ops.sum(ops.multiply(labels, ops.log(ops.affine(labels, 1, LEAST))), over);
  const sure = ops.affine(negentropy, 1 / Math.log(classes), 1);
  const cross = ops.sum(ops.multiply(labels, ops.logSoftmax(own)), over);
  const each = ops.mean(ops.reshape(ops.multiply(sure, cross), [examples, size * size]), { axes: [1] });
  // none is above 0; as a loss it is that of a whole batch which ranks share
  return ops.l1(each, zeros(scores.device, [examples]), { mask: ops.reshape(counts, [examples]) });
}

/** exp(−5·(1 − step/length)²) up to step `length`, 1 from there (Laine and Aila 2017). @param number [1], f32 */
export const rampOf = (number: Tensor, length: number): Tensor =>
  ops.exp(
    ops.affine(ops.square(ops.affine(ops.clamp(ops.affine(number, 1 / length), { max: 1 }), -1, 1)), -5),
  );
