/** @file The loss of tasks that restore images: squared error to the image as it was before the input altered it. */
import * as ops from '../../autograd/ops.ts';
import type { Field } from '../../data/field.ts';
import type { Head } from '../../models/heads.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Step } from '../task.ts';

/**
 * Mean squared error of a head of one channel to the images, over the examples that count.
 * @param table of the input: its mask says which do
 * @param where [N, size, size, 1], f32: pixels that count by this weight; default all alike
 */
export function restoredMse(step: Step, head: Head, table: Field, where?: Tensor): Tensor {
  const { images } = step;
  const known = step.mask(table);
  const each = ops.reshape(known, [known.shape[0]!, 1, 1, 1]);
  const mask = where ? ops.multiply(where, each) : ops.expand(each, images.shape);
  return ops.mse(step.out(head), images, { mask });
}
