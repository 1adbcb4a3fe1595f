/** @file Group norm and instance norm of channels-last images of any rank. */
import { ShapeError } from '../base/errors.ts';
import { elementCount, formatShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { expectNumber, expectWhole } from './checks.ts';
import type { NormForm } from './normForm.ts';
import { normOp } from './normOp.ts';
import type { Op } from './op.ts';

export interface GroupNormAttrs {
  /** Of neighbouring channels; divides their number. */
  readonly groups: number;
  readonly epsilon: number;
}

function formOf(call: string, { shape }: Tensor, groups: number, epsilon: number) {
  const [outer = 0] = shape;
  const channels = shape.at(-1)!;
  expectNumber(call, 'epsilon', epsilon, { least: 0 });
  const rows = elementCount(shape.slice(1, -1));
  const each = channels / groups;
  const form: NormForm = { kind: 'centred', outer, rows, groups, each, byRow: false, epsilon };
  return { form, affine: [channels] };
}

function expectImages(call: string, { shape }: Tensor, least: number, needed: string): void {
  if (shape.length >= least) return;
  throw new ShapeError(call, 'x', `has shape ${formatShape(shape)}`, `${needed} is needed.`);
}

/**
 * As layer norm, but over the pixels and the channels of each of `groups` groups of neighbouring channels (Wu and He
 * 2018). x [N, …, C], f32 or f16; weight and bias [C], f32, or null.
 */
export const groupNorm: Op<GroupNormAttrs> = normOp('groupNorm', (x, { groups, epsilon }) => {
  expectImages('groupNorm', x, 2, '[N, …, C]');
  expectWhole('groupNorm', 'groups', groups, 1);
  const channels = x.shape.at(-1)!;
  if (channels % groups !== 0) {
    const problem = `are ${groups}, which do not divide the ${channels} channels of x`;
    throw new ShapeError('groupNorm', 'groups', problem, 'Use a divisor of the channels.');
  }
  return formOf('groupNorm', x, groups, epsilon);
});

/**
 * As layer norm, but over the pixels of each image and channel (Ulyanov, Vedaldi and Lempitsky 2016). x [N, …, C] with
 * two pixels or more, f32 or f16; weight and bias [C], f32, or null.
 */
export const instanceNorm: Op<{ readonly epsilon: number }> = normOp('instanceNorm', (x, { epsilon }) => {
  expectImages('instanceNorm', x, 3, '[N, …pixels, C]');
  if (elementCount(x.shape.slice(1, -1)) === 1) {
    const problem = `of shape ${formatShape(x.shape)} has one pixel, which normalises to 0`;
    throw new ShapeError('instanceNorm', 'x', problem, 'Two or more are needed, or use layerNorm.');
  }
  return formOf('instanceNorm', x, x.shape.at(-1)!, epsilon);
});
