/** @file How labels move with their images on the device, one line a kind. */
import * as ops from '../autograd/ops.ts';
import { ShapeError } from '../base/errors.ts';
import type { Field, Kind } from '../data/field.ts';
import { tensor } from '../tensor/create.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** How the images of a batch are moved. */
export interface Movement {
  /** [N, 6], output pixel → input pixel. */
  readonly matrices: Tensor;
  /** [N, size, size, 2]: how far from there each output pixel reads; null: not at all. */
  readonly displacement: Tensor | null;
}

type Move = (values: Tensor, mask: Tensor, movement: Movement) => Tensor;

/** The values in another shape while they are moved. @param like of the values' shape */
function shaped(values: Tensor, like: (shape: Shape) => Shape, move: (values: Tensor) => Tensor): Tensor {
  return ops.reshape(move(ops.reshape(values, like(values.shape))), values.shape);
}

/** Intensities as they are, but for where they lie; 0 outside. */
function movedPixels(values: Tensor, { matrices, displacement }: Movement): Tensor {
  const images = matrices.shape[0]!;
  const same = tensor(
    values.device,
    Array.from({ length: 2 * images }, (_, i) => 1 - (i % 2)),
    [images, 2],
  );
  const like = ([n, height, width, channels = 1]: Shape): Shape => [n!, height!, width!, channels];
  return shaped(values, like, (pixels) => ops.warp(pixels, matrices, same, { displacement }));
}

const moves: Readonly<Record<Kind, Move>> = {
  image: (values, _mask, movement) => movedPixels(values, movement),
  // what comes in from outside the image is background, as its pixels show no structure
  mask: (values, _mask, { matrices, displacement }) => ops.warpLabels(values, matrices, { displacement }),
  // neither is ever displaced: train/dataset.ts sees to that
  lines: (values, mask, { matrices }) => ops.transformLines(values, mask, matrices),
  placed: (values) => values,
  value: (values) => values,
};

/** What a field's values must be for its kind. */
const shapes: Readonly<Record<Kind, string | null>> = {
  image: '[size, size] or [size, size, channels]',
  mask: '[size, size]',
  lines: '[lines, 3]',
  placed: null,
  value: null,
};

/**
 * A field's values as they lie in the moved images.
 * @throws ShapeError where they are not of the shape and type that their kind moves
 */
export function moved(field: Field, values: Tensor, mask: Tensor, movement: Movement): Tensor {
  try {
    return moves[field.kind](values, mask, movement);
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    const needed = `A field of kind ${field.kind} has shape ${shapes[field.kind]}.`;
    throw new ShapeError(`field ${field.name}`, error.argument, error.problem, needed);
  }
}
