/** @file Soft Dice loss of logits with class numbers. */
import { empty } from '../tensor/create.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { expectLabels } from './crossEntropy.ts';
import { call, type Op } from './op.ts';
import { launch, linearGrid } from './queue.ts';
import { stripsOf } from './ratio.ts';
import { sumColumns } from './reduce.ts';
import * as shaders from './shaders.gen.ts';
import { softmax } from './softmax.ts';

export interface SoftDiceAttrs {
  /** Keeps the score of an absent class finite. */
  readonly epsilon: number;
}

function settings(probabilities: Tensor, { epsilon }: SoftDiceAttrs) {
  const channels = probabilities.shape.at(-1)!;
  const rows = probabilities.size / channels;
  const { workgroup } = probabilities.device.caps;
  const params = { rows, channels, strips: stripsOf(probabilities.device, rows), epsilon };
  return { params, workgroup, specialization: { overrides: { WORKGROUP: workgroup } } };
}

/**
 * 1 − mean over classes of (2·Σ p·t + ε)/(Σ p + Σ t + ε), p the softmax of the logits, t 1 where the label is the
 * class, sums over all but the last axis. Inputs: logits [.., C], labels [..] i32 or u32. Outputs: the loss, of shape
 * [], p, and the loss's derivatives [C, 2] by Σ p and −Σ p·t.
 */
export const softDice: Op<SoftDiceAttrs> = {
  name: 'softDice',
  infer([logits, labels]) {
    const channels = expectLabels('softDice', logits!, labels!);
    return [[], logits!.shape, [channels, 2]].map((shape) => ({ shape, dtype: 'f32' }));
  },
  launch(device, [logits, labels], [loss, probabilities, slopes], attrs) {
    softmax.launch(device, [logits!], [probabilities!], { log: false });
    const { params, workgroup, specialization } = settings(probabilities!, attrs);
    const { strips, channels } = params;
    using partials = empty(device, { shape: [strips, channels, 3], dtype: 'f32' }, 'softDice strips');
    const given = { probabilities: probabilities!, labels: labels!, partials };
    const grid = linearGrid(strips * channels, workgroup);
    launch(device, shaders.softDice, 'overlap', given, params, grid, specialization);
    using sums = empty(device, { shape: [channels, 3], dtype: 'f32' }, 'softDice sums');
    sumColumns(partials, sums, [{ outer: 1, reduced: strips, inner: 3 * channels }]);
    launch(device, shaders.softDice, 'finish', { sums, loss: loss!, slopes: slopes! }, params, [1]);
  },
  grad: ({ inputs: [, labels], outputs: [, probabilities, slopes], dy, attrs }) => [
    call(softDiceGrad, [probabilities!, labels!, slopes!, dy[0]!], attrs),
    null,
  ],
};

const softDiceGrad: Op<SoftDiceAttrs> = {
  name: 'softDiceGrad',
  infer: ([probabilities]) => [{ shape: probabilities!.shape, dtype: 'f32' }],
  launch(device, [probabilities, labels, slopes, dy], [dx], attrs) {
    const { params, workgroup, specialization } = settings(probabilities!, attrs);
    const given = { probabilities: probabilities!, labels: labels!, saved: slopes! };
    const tensors = { ...given, dy: dy!, dx: dx! };
    const grid = linearGrid(params.rows, workgroup);
    launch(device, shaders.softDice, 'backward', tensors, params, grid, specialization);
  },
};
