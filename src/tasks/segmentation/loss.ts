/** @file The loss of class maps: cross entropy and soft Dice over the pixels whose class is known. */
import * as ops from '../../autograd/ops.ts';
import type { Field } from '../../data/field.ts';
import { UNKNOWN } from '../../data/types.ts';
import { tensor } from '../../tensor/create.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Step } from '../task.ts';

/** Of the two parts of the loss; not both 0. */
export interface LossWeights {
  readonly crossEntropy: number;
  readonly dice: number;
}

/** Class numbers of the batch, UNKNOWN where they are not known: in places, or of a whole image. */
export function labelsOf(step: Step, mask: Field): Tensor {
  const flags = step.mask(mask);
  const known = ops.cast(ops.reshape(flags, [flags.shape[0]!, 1, 1]), 'bool');
  return ops.where(known, step.at(mask), UNKNOWN);
}

/**
 * The weighted sum of both parts. Dice is that of the batch, not of each image: a slice near base or apex may lack a
 * class, of which an image's own Dice says nothing but how little was found where nothing is.
 */
export function lossOf(
  logits: Tensor,
  labels: Tensor,
  { crossEntropy, dice }: LossWeights,
  weights: readonly number[] | null,
): Tensor {
  const ignoreIndex = UNKNOWN;
  const classWeights = weights ? tensor(logits.device, weights, [weights.length]) : undefined;
  const parts = [
    { weight: crossEntropy, of: () => ops.crossEntropy(logits, labels, { ignoreIndex, classWeights }) },
    { weight: dice, of: () => ops.softDice(logits, labels, { ignoreIndex, background: false }) },
  ].filter(({ weight }) => weight > 0);
  return parts
    .map(({ weight, of }) => (weight === 1 ? of() : ops.affine(of(), weight)))
    .reduce((sum, part) => ops.add(sum, part));
}
