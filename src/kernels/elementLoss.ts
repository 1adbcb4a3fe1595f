/**
 * @file Losses of two numbers, element by element, with or without a mask: of their difference (squared, absolute, smooth
 * L1, Huber's, pairwise logistic), Kullback–Leibler of log-probabilities, contrastive of distances.
 */
import type { Tensor } from '../tensor/tensor.ts';
import { expectNumber, expectOneOf } from './checks.ts';
import { elementAliases, expectFloat } from './elements.ts';
import { launch, linearGrid } from './launch/queue.ts';
import { call, expectShape, expectType, type Inputs, type Op } from './op.ts';
import { lossOutputs, type Reduction, ratioOfStrips, reductions, stripsOf } from './ratio.ts';
import * as shaders from './shaders.gen.ts';

/** In the order of shaders/elementLoss.wgsl. */
const functions = [
  'mse',
  'smoothL1',
  'l1',
  'huber',
  'pairwiseLogistic',
  'klDivergence',
  'klDivergenceOfLog',
  'contrastiveMargin',
] as const;

export interface ElementLossAttrs {
  readonly fn: (typeof functions)[number];
  /** smoothL1, from 0, where it is l1; huber, above 0: where it turns from quadratic to linear; contrastive: the margin. */
  readonly beta: number;
  /** Default mean. */
  readonly reduction?: Reduction | undefined;
}

/** Checks prediction (f32 or f16), target and mask or null (f32), of one shape. @throws ShapeError */
export function expectAlike(
  op: string,
  [first, second]: readonly [string, string],
  [prediction, target, mask]: Inputs,
): void {
  const { shape } = expectFloat(op, first, prediction!);
  expectType(op, second, expectShape(op, second, target!, shape), 'f32');
  if (mask) expectType(op, 'mask', expectShape(op, 'mask', mask, shape), 'f32');
}

/** `alias` values of losses: what predictions are stored as, and `result`, their gradient. */
export function lossAliases(prediction: Tensor, result: Tensor | undefined): Record<string, string> {
  return result?.dtype === 'f16'
    ? { ...elementAliases(prediction), D4: 'vec4<f16>' }
    : elementAliases(prediction);
}

function settings(prediction: Tensor, mask: Tensor | null, attrs: ElementLossAttrs, dx?: Tensor, sign = 1) {
  const { device, size } = prediction;
  const { beta } = attrs;
  const fn = attrs.fn === 'smoothL1' && beta === 0 ? 'l1' : attrs.fn;
  const quads = Math.ceil(size / 4);
  const { workgroup } = device.caps;
  const overrides = {
    WORKGROUP: workgroup,
    FUNCTION: functions.indexOf(fn),
    MASKED: Number(mask !== null),
    SIGN: sign,
  };
  const specialization = { overrides, aliases: lossAliases(prediction, dx) };
  return { params: { size, quads, strips: stripsOf(device, quads), beta }, workgroup, specialization };
}

/** What options call `beta`, where it must be above 0. */
const above0: Partial<Record<ElementLossAttrs['fn'], string>> = {
  huber: 'delta',
  contrastiveMargin: 'margin',
};

/**
 * Σ mask·f(first, second) / Σ mask over all elements, or without the division; mask 1 where it is null; 0 when nothing
 * counts. What has mask 0 may hold anything. Inputs: first (f32 or f16), second, mask or null (f32), of one shape; the
 * mask gets no gradient. Outputs: the loss, of shape [], and what it was divided by, f32.
 */
const lossOf = (name: string, first: string, second: string): Op<ElementLossAttrs> => ({
  name,
  inputs: [first, second, 'mask'],
  infer(inputs, { fn, beta, reduction = 'mean' }) {
    expectAlike(name, [first, second], inputs);
    expectOneOf(name, 'reduction', reduction, reductions);
    const positive = above0[fn];
    if (positive) expectNumber(name, positive, beta, { above: 0 });
    else expectNumber(name, 'beta', beta, { least: 0 });
    return lossOutputs;
  },
  launch(device, [prediction, target, mask = null], outputs, attrs) {
    const { params, workgroup, specialization } = settings(prediction!, mask, attrs);
    const given = { prediction: prediction!, goal: target!, mask: mask ?? target! };
    const grid = linearGrid(params.strips, workgroup);
    const fill = (partials: Tensor) => {
      const tensors = { ...given, partials };
      launch(device, shaders.elementLoss, 'forward', tensors, params, grid, specialization, attrs.fn);
    };
    ratioOfStrips(device, params.strips, outputs, fill, attrs.reduction);
  },
  grad({ inputs: [prediction, target, mask = null], outputs, dy, attrs }) {
    const inputs = [prediction!, target!, mask, outputs[1]!, dy[0]!];
    return [
      call(elementLossGrad, inputs, { ...attrs, ofTarget: false }),
      call(elementLossGrad, inputs, { ...attrs, ofTarget: true }),
      null,
    ];
  },
});

/** Of a prediction and its target. */
export const elementLoss = lossOf('elementLoss', 'prediction', 'target');
/** Of two scores, the first of which should be higher. */
export const orderLoss = lossOf('orderLoss', 'higher', 'lower');
/** Of distances, and whether they are of like ones. */
export const distanceLoss = lossOf('distanceLoss', 'distance', 'same');

/** The gradient of the prediction, or of the target. */
const elementLossGrad: Op<ElementLossAttrs & { readonly ofTarget: boolean }> = {
  name: 'elementLossGrad',
  infer: ([prediction, target], { ofTarget }) => {
    const { shape, dtype } = ofTarget ? target! : prediction!;
    return [{ shape, dtype }];
  },
  launch(device, [prediction, target, mask, weight, dy], [dx], attrs) {
    if (dx!.size === 0) return;
    const sign = attrs.ofTarget ? -1 : 1;
    const { params, workgroup, specialization } = settings(prediction!, mask!, attrs, dx!, sign);
    const given = { prediction: prediction!, goal: target!, mask: mask ?? target! };
    const tensors = { ...given, weight: weight!, dy: dy!, dx: dx! };
    const grid = linearGrid(params.quads, workgroup);
    const label = `${attrs.fn}.backward`;
    launch(device, shaders.elementLoss, 'backward', tensors, params, grid, specialization, label);
  },
};
