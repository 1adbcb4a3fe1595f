/** @file What resizing ops share: sizes of the output by scale or as given, and the launch over images. */

import { ShapeError } from '../base/errors.ts';
import type { Device } from '../tensor/device.ts';
import { formatShape, type Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { describe, expectNumber, expectWhole } from './checks.ts';
import { expectFloat } from './elements.ts';
import type { Grid } from './launch/queue.ts';
import type { Specialization } from './launch/shader.ts';
import { expectRank } from './op.ts';
import type { Pair } from './options.ts';
import { channelGroups, imageGrid, rowWorkgroup } from './pool.ts';

export interface ResizeAttrs {
  /** Of the output. */
  readonly size?: readonly [height: number, width: number] | undefined;
  /** Output pixels per input pixel, of both axes or as [y, x]; in place of `size`. */
  readonly scale?: Pair | undefined;
}

/** Scales by axis. */
export function scalesOf(op: string, scale: Pair): [y: number, x: number] {
  const scales = Array.isArray(scale) ? scale : [scale, scale];
  if (scales.length !== 2)
    throw new ShapeError(op, 'scale', `is ${describe(scale)}`, 'A number or [y, x] is needed.');
  return [
    expectNumber(op, 'scale', scales[0], { above: 0 }),
    expectNumber(op, 'scale', scales[1], { above: 0 }),
  ];
}

function givenSize(op: string, size: unknown): [number, number] {
  if (!Array.isArray(size) || size.length !== 2)
    throw new ShapeError(op, 'size', `is ${describe(size)}`, '[height, width] is needed.');
  return [expectWhole(op, 'height', size[0], 1), expectWhole(op, 'width', size[1], 1)];
}

/** Shape of x [N, H, W, C], f32 or f16, resized; `round` makes scaled sizes whole. */
export function resizedShape(
  op: string,
  x: Tensor | null,
  { size, scale }: ResizeAttrs,
  round: (size: number) => number,
): number[] {
  const { shape } = expectFloat(op, 'x', expectRank(op, 'x', x, 4, null));
  const [batch, height, width, channels] = shape as [number, number, number, number];
  if (Math.min(height, width) < 1)
    throw new ShapeError(
      op,
      'x',
      `has shape ${formatShape(shape)}`,
      'Images of at least one pixel are needed.',
    );
  if (size !== undefined && scale !== undefined)
    throw new ShapeError(op, 'size', 'and scale are both given', 'Pass one of them.');
  if (size !== undefined) return [batch, ...givenSize(op, size), channels];
  const [scaleY, scaleX] = scalesOf(op, scale ?? 2);
  const [rows, columns] = [round(height * scaleY), round(width * scaleX)];
  if (!(Number.isInteger(rows) && Number.isInteger(columns) && Math.min(rows, columns) > 0)) {
    const problem = `${describe(scale)} makes ${rows}×${columns} pixels of ${height}×${width}`;
    throw new ShapeError(op, 'scale', problem, 'Whole numbers above 0 are needed; size sets them.');
  }
  return [batch, expectWhole(op, 'height', rows), expectWhole(op, 'width', columns), channels];
}

/** Sizes, grid and types of a launch with an invocation per pixel and channel group of `to`. */
interface ImageLaunch {
  readonly params: Readonly<
    Record<'batch' | 'groups' | 'height' | 'width' | 'outHeight' | 'outWidth', number>
  >;
  readonly grid: Grid;
  readonly specialization: Specialization;
}

/** Of the resizing of images of shape `input` to `output`, or of its gradient; `to` is what is written. */
export function imageLaunch(device: Device, input: Shape, output: Shape, to: Tensor): ImageLaunch {
  const [batch, height, width] = input as [number, number, number];
  const [, outHeight, outWidth] = output as [number, number, number];
  const { groups, scalar } = channelGroups(to.shape);
  const WORKGROUP = rowWorkgroup({ device });
  const { grid, FOLDED } = imageGrid(WORKGROUP, batch, to.shape[1]!, to.shape[2]! * groups);
  const V = scalar ? 'f32' : 'vec4<f32>';
  return {
    params: { batch, groups, height, width, outHeight, outWidth },
    grid,
    specialization: { overrides: { WORKGROUP, FOLDED }, aliases: { V, X: V.replace('f32', to.dtype) } },
  };
}
