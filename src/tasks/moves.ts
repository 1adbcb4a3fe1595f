/** @file How labels move with their images on the device, one line a kind. */
import * as ops from '../autograd/ops.ts';
import { ConfigError } from '../base/errors.ts';
import type { Field, Kind } from '../data/field.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** @param matrices [N, 6], output pixel → input pixel */
type Move = (values: Tensor, mask: Tensor, matrices: Tensor) => Tensor;

const moves: Readonly<Partial<Record<Kind, Move>>> = {
  lines: (values, mask, matrices) => ops.transformLines(values, mask, matrices),
  value: (values) => values,
};

/** A field's values as they lie in the moved images. */
export function moved(field: Field, values: Tensor, mask: Tensor, matrices: Tensor): Tensor {
  const move = moves[field.kind];
  if (move) return move(values, mask, matrices);
  throw new ConfigError(`Field ${field.name}: values of kind ${field.kind} cannot be moved.`);
}
