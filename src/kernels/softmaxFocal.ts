/** @file Focal loss of logits with class numbers, of which one holds for each row. */
import type { Tensor } from '../tensor/tensor.ts';
import { expectNumber, expectOneOf } from './checks.ts';
import { elementAliases } from './elements.ts';
import { expectClassWeights, expectIgnoreIndex, expectLabels, labelFault } from './labels.ts';
import { launch, linearGrid } from './launch/queue.ts';
import { call, type Op } from './op.ts';
import { lossOutputs, type Reduction, ratioOfStrips, reductions, stripsOf } from './ratio.ts';
import * as shaders from './shaders.gen.ts';

export interface SoftmaxFocalAttrs {
  /** The power of the probability that is missing. */
  readonly gamma: number;
  /** Label of elements that do not count. */
  readonly ignoreIndex: number;
  /** Default mean. */
  readonly reduction?: Reduction | undefined;
}

function settings(logits: Tensor, labels: Tensor, alpha: Tensor | null, attrs: SoftmaxFocalAttrs) {
  const { device } = logits;
  const { ignoreIndex: ignored, gamma } = attrs;
  const channels = logits.shape.at(-1)!;
  const rows = logits.size / channels;
  const { workgroup } = device.caps;
  const overrides = { WORKGROUP: workgroup, WEIGHTED: Number(alpha !== null) };
  const { fault, faults } = labelFault(device, 'softmaxFocal', labels, channels);
  const params = { rows, channels, strips: stripsOf(device, rows), ignored, fault, gamma };
  return { params, faults, workgroup, specialization: { overrides, aliases: elementAliases(logits) } };
}

/**
 * Mean over the labels that count, 0 when none does, of −alpha[label]·(1 − p)^gamma·log p, p the softmax's probability
 * of the label; or the sum. A label that is no class makes it NaN, and is a fault. Inputs: logits [.., C] f32 or f16,
 * labels [..] i32 or u32, alpha [C] or null; only the logits get a gradient. Outputs: the loss, of shape [], and what it
 * was divided by, f32.
 */
export const softmaxFocal: Op<SoftmaxFocalAttrs> = {
  name: 'softmaxFocal',
  inputs: ['logits', 'labels', 'alpha'],
  infer([logits, labels, alpha], { gamma, ignoreIndex, reduction = 'mean' }) {
    const channels = expectLabels('softmaxFocal', logits!, labels!);
    expectClassWeights('softmaxFocal', 'alpha', alpha, channels);
    expectIgnoreIndex('softmaxFocal', ignoreIndex, labels!);
    expectNumber('softmaxFocal', 'gamma', gamma, { least: 0 });
    expectOneOf('softmaxFocal', 'reduction', reduction, reductions);
    return lossOutputs;
  },
  launch(device, [logits, labels, alpha = null], outputs, attrs) {
    const { params, faults, workgroup, specialization } = settings(logits!, labels!, alpha, attrs);
    const given = { logits: logits!, labels: labels!, alpha: alpha ?? logits!, faults };
    const grid = linearGrid(params.strips, workgroup);
    const fill = (partials: Tensor) =>
      launch(device, shaders.softmaxFocal, 'forward', { ...given, partials }, params, grid, specialization);
    ratioOfStrips(device, params.strips, outputs, fill, attrs.reduction);
  },
  grad: ({ inputs: [logits, labels, alpha = null], outputs, dy, attrs }) => [
    call(softmaxFocalGrad, [logits!, labels!, alpha, outputs[1]!, dy[0]!], attrs),
    null,
    null,
  ],
};

const softmaxFocalGrad: Op<SoftmaxFocalAttrs> = {
  name: 'softmaxFocalGrad',
  infer: ([logits]) => [{ shape: logits!.shape, dtype: logits!.dtype }],
  launch(device, [logits, labels, alpha, weight, dy], [dx], attrs) {
    if (dx!.size === 0) return;
    const { params, workgroup, specialization } = settings(logits!, labels!, alpha!, attrs);
    const given = { logits: logits!, labels: labels!, alpha: alpha ?? logits! };
    const tensors = { ...given, weight: weight!, dy: dy!, dx: dx! };
    const grid = linearGrid(params.rows, workgroup);
    launch(device, shaders.softmaxFocal, 'backward', tensors, params, grid, specialization);
  },
};
