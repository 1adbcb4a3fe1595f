/** @file What ops of class labels share: checks of their arguments, and the fault of a label that is no class. */

import { LabelError, ShapeError } from '../base/errors.ts';
import type { Device } from '../tensor/device.ts';
import type { FaultPlace } from '../tensor/faults.ts';
import { formatShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { expectWhole } from './checks.ts';
import { expectFloat } from './elements.ts';
import { expectShape, expectType } from './op.ts';

/** PyTorch's label of what does not count. */
export const IGNORED = -100;

/** Checks logits [.., C] (f32 or f16) and labels [..] (i32 or u32) and returns C. @throws ShapeError */
export function expectLabels(call: string, logits: Tensor, labels: Tensor): number {
  const { shape } = expectFloat(call, 'logits', logits);
  if (!labels) throw new ShapeError(call, 'labels', 'are missing', 'Pass class numbers as i32 or u32.');
  const channels = shape.at(-1);
  if (!channels) {
    const problem = `have shape ${formatShape(shape)}`;
    throw new ShapeError(call, 'logits', problem, 'The last axis must hold the classes.');
  }
  if (labels.dtype !== 'i32' && labels.dtype !== 'u32') {
    const problem = `have dtype ${labels.dtype}`;
    throw new ShapeError(
      call,
      'labels',
      problem,
      "Class numbers as i32 or u32 are needed; use cast(labels, 'i32').",
    );
  }
  expectShape(call, 'labels', labels, shape.slice(0, -1));
  return channels;
}

/** Throws unless `ignoreIndex` is a number that labels can hold; of u32 ones a negative is the one of the same bits. */
export function expectIgnoreIndex(call: string, ignoreIndex: number, { dtype }: Tensor): void {
  expectWhole(call, 'ignoreIndex', ignoreIndex, -(2 ** 31), dtype === 'u32' ? 2 ** 32 - 1 : 2 ** 31 - 1);
}

/** Throws unless the weights of the classes, where there are any, are one each. */
export function expectClassWeights(
  call: string,
  argument: string,
  weights: Tensor | null | undefined,
  classes: number,
): void {
  if (weights) expectType(call, argument, expectShape(call, argument, weights, [classes]), 'f32');
}

/**
 * Where a kernel of the device reports (shaders/include/faults.wgsl) a label that is none of `classes`, by its bits; the
 * next sync point throws a LabelError that names `call`, and ends in `fix`.
 */
export function labelFault(
  device: Device,
  call: string,
  labels: Tensor,
  classes: number,
  fix = 'Pass ignoreIndex for labels that do not count.',
): FaultPlace {
  const { dtype } = labels;
  return device.faults.placeOf({
    key: `${call} ${dtype} ${classes} ${fix}`,
    explain: (bits) => new LabelError(call, dtype === 'i32' ? bits | 0 : bits, classes, fix),
  });
}
