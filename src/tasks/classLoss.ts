/** @file Cross entropy of an example's class where that is known. */
import * as ops from '../autograd/ops.ts';
import type { Field } from '../data/field.ts';
import type { Head } from '../models/heads.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Step } from './task.ts';

/**
 * Mean over the examples whose class is known, 0 where none is.
 * @param field of one number, u32: the class
 * @param classWeights [classes], f32; null: all 1
 */
export function classLoss(step: Step, head: Head, field: Field, classWeights: Tensor | null = null): Tensor {
  const ignoreIndex = head.channels;
  const known = ops.cast(step.mask(field), 'bool');
  const labels = ops.reshape(ops.where(known, step.at(field), ignoreIndex), [-1]);
  return ops.crossEntropy(step.out(head), labels, { ignoreIndex, ...(classWeights && { classWeights }) });
}
