/** @file Softmax and log-softmax over an axis. */
import { elementCount, type Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { elementAliases, expectFloat } from './elements.ts';
import { launch, linearGrid } from './launch/queue.ts';
import { call, type Op } from './op.ts';
import { expectAxis } from './options.ts';
import * as shaders from './shaders.gen.ts';

export interface SoftmaxAttrs {
  readonly log: boolean;
  /** Default the last. */
  readonly axis?: number | undefined;
}

const axisOf = (shape: Shape, { axis = -1 }: SoftmaxAttrs) => expectAxis('softmax', 'axis', axis, shape);

function settings(x: Tensor, attrs: SoftmaxAttrs) {
  const axis = axisOf(x.shape, attrs);
  const inner = elementCount(x.shape.slice(axis + 1));
  const rows = elementCount(x.shape.slice(0, axis)) * inner;
  const { workgroup } = x.device.caps;
  const overrides = { WORKGROUP: workgroup, LOG: Number(attrs.log) };
  return {
    params: { rows, channels: x.shape[axis]!, inner },
    grid: linearGrid(rows, workgroup),
    specialization: { overrides, aliases: elementAliases(x) },
  };
}

/**
 * exp(x)/Σ exp(x) over an axis, or its logarithm. f32 or f16, the same shape. Where the sum is over NaN or +∞, or over
 * −∞ alone, all of it is NaN. @throws ShapeError where there is no such axis
 */
export const softmax: Op<SoftmaxAttrs> = {
  name: 'softmax',
  inputs: ['x'],
  infer([x], attrs) {
    axisOf(x!.shape, attrs);
    return [{ shape: x!.shape, dtype: expectFloat('softmax', 'x', x!).dtype }];
  },
  launch(device, [x], [y], attrs) {
    if (y!.size === 0) return;
    const { params, grid, specialization } = settings(x!, attrs);
    launch(device, shaders.softmax, 'forward', { x: x!, y: y! }, params, grid, specialization);
  },
  grad: ({ outputs: [y], dy, attrs }) => [call(softmaxGrad, [y!, dy[0]!], attrs)],
};

const softmaxGrad: Op<SoftmaxAttrs> = {
  name: 'softmaxGrad',
  infer: ([y]) => [{ shape: y!.shape, dtype: y!.dtype }],
  launch(device, [y, dy], [dx], attrs) {
    if (dx!.size === 0) return;
    const { params, grid, specialization } = settings(y!, attrs);
    const tensors = { saved: y!, dy: dy!, dx: dx! };
    launch(device, shaders.softmax, 'backward', tensors, params, grid, specialization);
  },
};
