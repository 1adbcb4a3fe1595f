/** @file Losses of a difference, element by element: mean squared error and smooth L1, with or without a mask. */
import type { Tensor } from '../tensor/tensor.ts';
import { elementAliases, expectFloat } from './elements.ts';
import { call, expectShape, expectType, type Inputs, type Op } from './op.ts';
import { launch, linearGrid } from './queue.ts';
import { lossOutputs, ratioOfStrips, stripsOf } from './ratio.ts';
import * as shaders from './shaders.gen.ts';

export interface ElementLossAttrs {
  readonly fn: 'mse' | 'smoothL1';
  /** smoothL1: where it turns from quadratic to linear. */
  readonly beta: number;
}

function expectAlike(fn: string, [prediction, target, mask]: Inputs): void {
  const { shape } = expectFloat(fn, 'prediction', prediction!);
  expectType(fn, 'target', expectShape(fn, 'target', target!, shape), 'f32');
  if (mask) expectType(fn, 'mask', expectShape(fn, 'mask', mask, shape), 'f32');
}

function settings(prediction: Tensor, mask: Tensor | null, { fn, beta }: ElementLossAttrs) {
  const { device, size } = prediction;
  const quads = Math.ceil(size / 4);
  const { workgroup } = device.caps;
  const overrides = {
    WORKGROUP: workgroup,
    FUNCTION: Number(fn === 'smoothL1'),
    MASKED: Number(mask !== null),
  };
  const specialization = { overrides, aliases: elementAliases(prediction) };
  return { params: { size, quads, strips: stripsOf(device, quads), beta }, workgroup, specialization };
}

/**
 * Σ mask·f(prediction − target) / Σ mask over all elements, mask 1 where it is null, 0 when nothing counts. Inputs:
 * prediction (f32 or f16), target, mask or null (f32), of one shape; only the prediction gets a gradient. Outputs: the
 * loss, of shape [], and Σ mask, f32.
 */
export const elementLoss: Op<ElementLossAttrs> = {
  name: 'elementLoss',
  infer(inputs, { fn }) {
    expectAlike(fn, inputs);
    return lossOutputs;
  },
  launch(device, [prediction, target, mask = null], outputs, attrs) {
    const { params, workgroup, specialization } = settings(prediction!, mask, attrs);
    const given = { prediction: prediction!, goal: target!, mask: mask ?? target! };
    const grid = linearGrid(params.strips, workgroup);
    ratioOfStrips(device, params.strips, outputs, (partials) => {
      const tensors = { ...given, partials };
      launch(device, shaders.elementLoss, 'forward', tensors, params, grid, specialization, attrs.fn);
    });
  },
  grad: ({ inputs: [prediction, target, mask = null], outputs, dy, attrs }) => [
    call(elementLossGrad, [prediction!, target!, mask, outputs[1]!, dy[0]!], attrs),
    null,
    null,
  ],
};

const elementLossGrad: Op<ElementLossAttrs> = {
  name: 'elementLossGrad',
  infer: ([prediction]) => [{ shape: prediction!.shape, dtype: prediction!.dtype }],
  launch(device, [prediction, target, mask, weight, dy], [dx], attrs) {
    const { params, workgroup, specialization } = settings(prediction!, mask!, attrs);
    const given = { prediction: prediction!, goal: target!, mask: mask ?? target! };
    const tensors = { ...given, weight: weight!, dy: dy!, dx: dx! };
    const grid = linearGrid(params.quads, workgroup);
    const label = `${attrs.fn}.backward`;
    launch(device, shaders.elementLoss, 'backward', tensors, params, grid, specialization, label);
  },
};
