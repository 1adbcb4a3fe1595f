/** @file Cross entropy of logits with class numbers, with class weights and an index to ignore. */
import { ShapeError } from '../tensor/errors.ts';
import { formatShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { call, expectShape, expectType, type Op } from './op.ts';
import { launch, linearGrid } from './queue.ts';
import { lossOutputs, ratioOfStrips, stripsOf } from './ratio.ts';
import * as shaders from './shaders.gen.ts';

export interface CrossEntropyAttrs {
  /** Label of elements that do not count; so do labels that are no class. */
  readonly ignoreIndex: number;
}

/** Checks logits [.., C] and labels [..] and returns C. @throws ShapeError */
export function expectLabels(op: string, logits: Tensor, labels: Tensor): number {
  expectType(op, 'logits', logits, 'f32');
  expectShape(op, 'target', labels, logits.shape.slice(0, -1));
  const channels = logits.shape.at(-1);
  if (channels === undefined || (labels.dtype !== 'i32' && labels.dtype !== 'u32')) {
    const problem = `has dtype ${labels.dtype}, for logits ${formatShape(logits.shape)}`;
    throw new ShapeError(op, 'target', problem, 'Class numbers as i32 or u32 are needed.');
  }
  return channels;
}

function settings(logits: Tensor, classWeights: Tensor | null, { ignoreIndex }: CrossEntropyAttrs) {
  const channels = logits.shape.at(-1)!;
  const rows = logits.size / channels;
  const { workgroup } = logits.device.caps;
  const strips = stripsOf(logits.device, rows);
  const overrides = { WORKGROUP: workgroup, WEIGHTED: Number(classWeights !== null) };
  return { params: { rows, channels, strips, ignoreIndex }, workgroup, specialization: { overrides } };
}

/**
 * Σ w·(−log softmax(logits)[label]) / Σ w, w the class weight (1 where there are none); 0 when every label is ignored.
 * Inputs: logits [.., C], labels [..] i32 or u32, class weights [C] or null; only the logits get a gradient. Outputs:
 * the loss, of shape [], and Σ w.
 */
export const crossEntropy: Op<CrossEntropyAttrs> = {
  name: 'crossEntropy',
  infer([logits, labels, classWeights]) {
    const channels = expectLabels('crossEntropy', logits!, labels!);
    if (classWeights) expectShape('crossEntropy', 'classWeights', classWeights, [channels]);
    return lossOutputs;
  },
  launch(device, [logits, labels, classWeights = null], outputs, attrs) {
    const { params, workgroup, specialization } = settings(logits!, classWeights, attrs);
    const given = { logits: logits!, labels: labels!, classWeights: classWeights ?? logits! };
    const grid = linearGrid(params.strips, workgroup);
    ratioOfStrips(device, params.strips, outputs, (partials) => {
      launch(device, shaders.crossEntropy, 'forward', { ...given, partials }, params, grid, specialization);
    });
  },
  grad: ({ inputs: [logits, labels, classWeights = null], outputs, dy, attrs }) => [
    call(crossEntropyGrad, [logits!, labels!, classWeights, outputs[1]!, dy[0]!], attrs),
    null,
    null,
  ],
};

const crossEntropyGrad: Op<CrossEntropyAttrs> = {
  name: 'crossEntropyGrad',
  infer: ([logits]) => [{ shape: logits!.shape, dtype: 'f32' }],
  launch(device, [logits, labels, classWeights, weight, dy], [dx], attrs) {
    const { params, workgroup, specialization } = settings(logits!, classWeights!, attrs);
    const given = { logits: logits!, labels: labels!, classWeights: classWeights ?? logits! };
    const tensors = { ...given, weight: weight!, dy: dy!, dx: dx! };
    const grid = linearGrid(params.rows, workgroup);
    launch(device, shaders.crossEntropy, 'backward', tensors, params, grid, specialization);
  },
};
