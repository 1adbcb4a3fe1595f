/** @file Losses of logits with probabilities, element by element: binary cross entropy and the focal loss. */
import { ShapeError } from '../base/errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { expectNumber, expectOneOf } from './checks.ts';
import { expectAlike, lossAliases } from './elementLoss.ts';
import { launch, linearGrid } from './launch/queue.ts';
import { call, expectShape, expectType, type Op } from './op.ts';
import { lossOutputs, type Reduction, ratioOfStrips, reductions, stripsOf } from './ratio.ts';
import * as shaders from './shaders.gen.ts';

export interface LogitLossAttrs {
  readonly fn: 'bceWithLogits' | 'sigmoidFocal';
  /** bceWithLogits: weight of what is positive, where it is the same for all. */
  readonly posWeight: number;
  /** sigmoidFocal: weight of what is positive, 1 − alpha being that of what is not; null weighs both 1. */
  readonly alpha: number | null;
  /** sigmoidFocal: the power of the probability that is missing. */
  readonly gamma: number;
  /** Default mean. */
  readonly reduction?: Reduction | undefined;
}

/** Logits, targets, mask or null, weights of what is positive by class or null. */
type Given = readonly [logits: Tensor, targets: Tensor, mask: Tensor | null, positives: Tensor | null];

function settings([logits, , mask, positives]: Given, attrs: LogitLossAttrs, dx?: Tensor, ofTarget = false) {
  const { device, size } = logits;
  const quads = Math.ceil(size / 4);
  const { workgroup } = device.caps;
  const overrides = {
    WORKGROUP: workgroup,
    MASKED: Number(mask !== null),
    FOCAL: Number(attrs.fn === 'sigmoidFocal'),
    BY_CLASS: Number(positives !== null),
    OF_TARGET: Number(ofTarget),
  };
  const { posWeight: positive, alpha, gamma } = attrs;
  const params = {
    ...{ size, quads, strips: stripsOf(device, quads), channels: logits.shape.at(-1) ?? 1, positive, gamma },
    alpha: alpha === null ? 1 : 0.5,
    beta: alpha === null ? 0 : alpha - 0.5,
  };
  const specialization = { overrides, aliases: lossAliases(logits, dx) };
  return { params, workgroup, specialization };
}

const bindings = ([logits, targets, mask, positives]: Given) => ({
  logits,
  goal: targets,
  mask: mask ?? targets,
  positives: positives ?? targets,
});

function expectPositives(logits: Tensor, positives: Tensor): void {
  const classes = logits.shape.at(-1);
  if (classes === undefined)
    throw new ShapeError('logitLoss', 'posWeight', 'is a tensor, but logits have no axis', 'Pass a number.');
  expectType('logitLoss', 'posWeight', expectShape('logitLoss', 'posWeight', positives, [classes]), 'f32');
}

/**
 * Σ mask·f(logit, target) / Σ mask over all elements, or without the division; mask 1 where it is null; 0 when nothing
 * counts. What has mask 0 may hold anything. Inputs: logits (f32 or f16), targets, mask or null (f32), of one shape, and
 * the weights of what is positive by place in the last axis, [C], or null; mask and weights get no gradient. Outputs:
 * the loss, of shape [], and what it was divided by, f32.
 */
export const logitLoss: Op<LogitLossAttrs> = {
  name: 'logitLoss',
  inputs: ['logits', 'targets', 'mask', 'posWeight'],
  infer(inputs, { posWeight, alpha, gamma, reduction = 'mean' }) {
    expectAlike('logitLoss', ['logits', 'targets'], inputs);
    if (inputs[3]) expectPositives(inputs[0]!, inputs[3]);
    expectNumber('logitLoss', 'posWeight', posWeight, { least: 0 });
    if (alpha !== null) expectNumber('logitLoss', 'alpha', alpha, { least: 0, most: 1 });
    expectNumber('logitLoss', 'gamma', gamma, { least: 0 });
    expectOneOf('logitLoss', 'reduction', reduction, reductions);
    return lossOutputs;
  },
  launch(device, [logits, targets, mask = null, positives = null], outputs, attrs) {
    const given: Given = [logits!, targets!, mask, positives];
    const { params, workgroup, specialization } = settings(given, attrs);
    const grid = linearGrid(params.strips, workgroup);
    const fill = (partials: Tensor) => {
      const tensors = { ...bindings(given), partials };
      launch(device, shaders.logitLoss, 'forward', tensors, params, grid, specialization, attrs.fn);
    };
    ratioOfStrips(device, params.strips, outputs, fill, attrs.reduction);
  },
  grad({ inputs: [logits, targets, mask = null, positives = null], outputs, dy, attrs }) {
    const inputs = [logits!, targets!, mask, positives, outputs[1]!, dy[0]!];
    return [
      call(logitLossGrad, inputs, { ...attrs, ofTarget: false }),
      call(logitLossGrad, inputs, { ...attrs, ofTarget: true }),
      null,
      null,
    ];
  },
};

/** The gradient of the logits, or of the targets. */
const logitLossGrad: Op<LogitLossAttrs & { readonly ofTarget: boolean }> = {
  name: 'logitLossGrad',
  infer: ([logits, targets], { ofTarget }) => {
    const { shape, dtype } = ofTarget ? targets! : logits!;
    return [{ shape, dtype }];
  },
  launch(device, [logits, targets, mask, positives, weight, dy], [dx], attrs) {
    if (dx!.size === 0) return;
    const given: Given = [logits!, targets!, mask!, positives!];
    const { params, workgroup, specialization } = settings(given, attrs, dx!, attrs.ofTarget);
    const tensors = { ...bindings(given), weight: weight!, dy: dy!, dx: dx! };
    const grid = linearGrid(params.quads, workgroup);
    const label = `${attrs.fn}.backward`;
    launch(device, shaders.logitLoss, 'backward', tensors, params, grid, specialization, label);
  },
};
