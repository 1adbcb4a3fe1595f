/** @file Cross entropy of logits with class numbers: class weights, an index to ignore, smoothed labels. */
import type { Tensor } from '../tensor/tensor.ts';
import { expectNumber, expectOneOf } from './checks.ts';
import { elementAliases } from './elements.ts';
import { expectClassWeights, expectIgnoreIndex, expectLabels, labelFault } from './labels.ts';
import { launch, linearGrid } from './launch/queue.ts';
import { call, type Op } from './op.ts';
import { lossOutputs, type Reduction, ratioOfStrips, stripsOf } from './ratio.ts';
import * as shaders from './shaders.gen.ts';

/** How labels are weighted and their losses summed. */
export interface CrossEntropyAttrs {
  /** Label of elements that do not count. */
  readonly ignoreIndex: number;
  /** Share of each label that is spread over all classes, 0 … 1; default 0. */
  readonly labelSmoothing?: number | undefined;
  /** none: one loss a label. Default mean. */
  readonly reduction?: Reduction | 'none' | undefined;
}

const allReductions = ['mean', 'sum', 'none'] as const;

function settings(logits: Tensor, labels: Tensor, classWeights: Tensor | null, attrs: CrossEntropyAttrs) {
  const { device } = logits;
  const { ignoreIndex: ignored, labelSmoothing: smoothing = 0, reduction } = attrs;
  const channels = logits.shape.at(-1)!;
  const rows = logits.size / channels;
  const { workgroup } = device.caps;
  const overrides = {
    WORKGROUP: workgroup,
    WEIGHTED: Number(classWeights !== null),
    SMOOTHED: Number(smoothing > 0),
    EACH: Number(reduction === 'none'),
  };
  const { fault, faults } = labelFault(device, 'crossEntropy', labels, channels);
  const params = { rows, channels, strips: stripsOf(device, rows), ignored, fault, smoothing };
  return { params, faults, workgroup, specialization: { overrides, aliases: elementAliases(logits) } };
}

/**
 * Σ w·(−log softmax(logits)[label]) / Σ w, w the label's class weight (1 where there are none), over the labels that
 * count: 0 when none does; or the sum, or each. Smoothing makes the loss (1 − s)·w·(−log p[label]) + s/C·Σ w[c]·(−log
 * p[c]). A label that is no class makes it NaN, and is a fault. Inputs: logits [.., C] f32 or f16, labels [..] i32 or
 * u32, class weights [C] or null; only the logits get a gradient. Outputs: the loss, of shape [] or [..], and what it
 * was divided by, f32.
 */
export const crossEntropy: Op<CrossEntropyAttrs> = {
  name: 'crossEntropy',
  inputs: ['logits', 'labels', 'classWeights'],
  infer([logits, labels, classWeights], { ignoreIndex, labelSmoothing = 0, reduction = 'mean' }) {
    const channels = expectLabels('crossEntropy', logits!, labels!);
    expectClassWeights('crossEntropy', 'classWeights', classWeights, channels);
    expectIgnoreIndex('crossEntropy', ignoreIndex, labels!);
    expectNumber('crossEntropy', 'labelSmoothing', labelSmoothing, { least: 0, most: 1 });
    expectOneOf('crossEntropy', 'reduction', reduction, allReductions);
    return reduction === 'none' ? [{ shape: labels!.shape, dtype: 'f32' }, lossOutputs[1]!] : lossOutputs;
  },
  launch(device, [logits, labels, classWeights = null], outputs, attrs) {
    const { params, faults, workgroup, specialization } = settings(logits!, labels!, classWeights, attrs);
    const given = { logits: logits!, labels: labels!, classWeights: classWeights ?? logits!, faults };
    if (attrs.reduction === 'none') {
      const tensors = { ...given, y: outputs[0]! };
      const grid = linearGrid(params.rows, workgroup);
      if (params.rows > 0)
        launch(device, shaders.crossEntropy, 'forwardEach', tensors, params, grid, specialization);
      return;
    }
    const grid = linearGrid(params.strips, workgroup);
    const fill = (partials: Tensor) =>
      launch(device, shaders.crossEntropy, 'forward', { ...given, partials }, params, grid, specialization);
    ratioOfStrips(device, params.strips, outputs, fill, attrs.reduction);
  },
  grad: ({ inputs: [logits, labels, classWeights = null], outputs, dy, attrs }) => [
    call(crossEntropyGrad, [logits!, labels!, classWeights, outputs[1]!, dy[0]!], attrs),
    null,
    null,
  ],
};

const crossEntropyGrad: Op<CrossEntropyAttrs> = {
  name: 'crossEntropyGrad',
  infer: ([logits]) => [{ shape: logits!.shape, dtype: logits!.dtype }],
  launch(device, [logits, labels, classWeights, weight, dy], [dx], attrs) {
    if (dx!.size === 0) return;
    const { params, workgroup, specialization } = settings(logits!, labels!, classWeights!, attrs);
    const given = { logits: logits!, labels: labels!, classWeights: classWeights ?? logits! };
    const tensors = { ...given, weight: weight!, dy: dy!, dx: dx! };
    const grid = linearGrid(params.rows, workgroup);
    launch(device, shaders.crossEntropy, 'backward', tensors, params, grid, specialization);
  },
};
