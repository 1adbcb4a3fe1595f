/** @file Softmax and log-softmax over the last axis. */
import { ShapeError } from '../tensor/errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { call, expectType, type Op } from './op.ts';
import { launch, linearGrid } from './queue.ts';
import * as shaders from './shaders.gen.ts';

export interface SoftmaxAttrs {
  readonly log: boolean;
}

function settings(x: Tensor, { log }: SoftmaxAttrs) {
  const channels = x.shape.at(-1)!;
  const rows = x.size / channels;
  const { workgroup } = x.device.caps;
  const overrides = { WORKGROUP: workgroup, LOG: Number(log) };
  return { params: { rows, channels }, grid: linearGrid(rows, workgroup), specialization: { overrides } };
}

/** exp(x)/Σ exp(x) over the last axis, or its logarithm. f32, the same shape. */
export const softmax: Op<SoftmaxAttrs> = {
  name: 'softmax',
  infer([x]) {
    if (x!.shape.length === 0) throw new ShapeError('softmax', 'x', 'has no axis', 'Reshape it to [1].');
    return [{ shape: x!.shape, dtype: expectType('softmax', 'x', x!, 'f32').dtype }];
  },
  launch(device, [x], [y], attrs) {
    const { params, grid, specialization } = settings(x!, attrs);
    launch(device, shaders.softmax, 'forward', { x: x!, y: y! }, params, grid, specialization);
  },
  grad: ({ outputs: [y], dy, attrs }) => [call(softmaxGrad, [y!, dy[0]!], attrs)],
};

const softmaxGrad: Op<SoftmaxAttrs> = {
  name: 'softmaxGrad',
  infer: ([y]) => [{ shape: y!.shape, dtype: 'f32' }],
  launch(device, [y, dy], [dx], attrs) {
    const { params, grid, specialization } = settings(dx!, attrs);
    const tensors = { saved: y!, dy: dy!, dx: dx! };
    launch(device, shaders.softmax, 'backward', tensors, params, grid, specialization);
  },
};
