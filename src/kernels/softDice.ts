/** @file Soft Dice loss of logits with class numbers. */

import { ShapeError } from '../base/errors.ts';
import { empty } from '../tensor/create.ts';
import type { Device } from '../tensor/device.ts';
import { formatShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { cast } from './cast.ts';
import { expectNumber, expectOneOf } from './checks.ts';
import { elementAliases } from './elements.ts';
import { expectIgnoreIndex, expectLabels, labelFault } from './labels.ts';
import { launch, linearGrid } from './launch/queue.ts';
import { expectWholeBatch, sumOverRanks } from './launch/share.ts';
import { call, type Op } from './op.ts';
import { stripsOf } from './ratio.ts';
import { sumColumns } from './reduce.ts';
import * as shaders from './shaders.gen.ts';
import { softmax } from './softmax.ts';

export interface SoftDiceAttrs {
  /** Keeps the score of an absent class finite. */
  readonly epsilon: number;
  /** Label of elements that do not count. */
  readonly ignoreIndex: number;
  /** Whether class 0 counts. */
  readonly background: boolean;
  /** Whether each image, along the first axis, has a score of its own. */
  readonly perImage: boolean;
}

function settings(probabilities: Tensor, labels: Tensor, attrs: SoftDiceAttrs, dx?: Tensor) {
  const { device, shape, size } = probabilities;
  const channels = shape.at(-1)!;
  const groups = attrs.perImage ? shape[0]! : 1;
  const rows = groups > 0 ? size / channels / groups : 0;
  const { workgroup, software } = device.caps;
  const { faults, fault } = labelFault(device, 'softDice', labels, channels);
  const params = {
    ...{ groups, rows, channels, strips: stripsOf(device, rows), fault },
    first: Number(!attrs.background),
    ignored: attrs.ignoreIndex,
    epsilon: attrs.epsilon,
  };
  const overrides = { WORKGROUP: workgroup };
  const specialization = { overrides, aliases: dx ? elementAliases(dx) : {} };
  return { params, faults, workgroup, specialization, lanes: software ? 1 : 64 };
}

function expectScores(logits: Tensor, channels: number, { background, perImage }: SoftDiceAttrs): void {
  const flags = [true, false];
  if (channels === 1 && !expectOneOf('softDice', 'background', background, flags)) {
    const problem = `have shape ${formatShape(logits.shape)}: class 0 only, which does not count`;
    throw new ShapeError('softDice', 'logits', problem, 'Pass background: true, or more classes.');
  }
  if (!expectOneOf('softDice', 'perImage', perImage, flags) || logits.shape.length > 1) return;
  const problem = `have shape ${formatShape(logits.shape)}: no axis of images`;
  throw new ShapeError('softDice', 'logits', problem, 'Reshape them to [N, .., C], or leave out perImage.');
}

/** Softmax in f32. */
function probabilitiesOf(device: Device, logits: Tensor, probabilities: Tensor): void {
  if (logits.dtype === 'f32') {
    softmax.launch(device, [logits], [probabilities], { log: false });
    return;
  }
  using wide = empty(device, { shape: logits.shape, dtype: 'f32' }, 'softDice logits');
  cast.launch(device, [logits], [wide], { dtype: 'f32' });
  softmax.launch(device, [wide], [probabilities], { log: false });
}

/**
 * 1 − mean over classes of (2·Σ p·t + ε)/(Σ p + Σ t + ε), p the softmax of the logits, t 1 where the label is the
 * class, sums over all but the last axis, or all but the last and the first. A label that is no class makes it NaN, and
 * is a fault. Inputs: logits [.., C] f32 or f16, labels [..] i32 or u32. Outputs: the loss, of shape [], p, and the
 * loss's derivatives [.., C, 2] by Σ p and −Σ p·t, f32.
 */
export const softDice: Op<SoftDiceAttrs> = {
  name: 'softDice',
  inputs: ['logits', 'labels'],
  infer([logits, labels], attrs) {
    const channels = expectLabels('softDice', logits!, labels!);
    expectIgnoreIndex('softDice', attrs.ignoreIndex, labels!);
    expectNumber('softDice', 'epsilon', attrs.epsilon, { least: 0 });
    expectOneOf('softDice', 'background', attrs.background, [true, false]);
    expectScores(logits!, channels, attrs);
    const groups = attrs.perImage ? logits!.shape[0]! : 1;
    return [[], logits!.shape, [groups, channels, 2]].map((shape) => ({ shape, dtype: 'f32' }));
  },
  launch(device, [logits, labels], [loss, probabilities, slopes], attrs) {
    probabilitiesOf(device, logits!, probabilities!);
    const all = settings(probabilities!, labels!, attrs);
    const { params, faults, workgroup, specialization } = all;
    const { groups, strips, channels } = params;
    using partials = empty(device, { shape: [groups, strips, channels, 3], dtype: 'f32' }, 'softDice strips');
    const given = { probabilities: probabilities!, labels: labels!, partials, faults };
    const grid = linearGrid(groups * strips * channels, workgroup);
    launch(device, shaders.softDice, 'overlap', given, params, grid, specialization);
    using sums = empty(device, { shape: [groups, channels, 3], dtype: 'f32' }, 'softDice sums');
    sumColumns(partials, sums, [{ outer: groups, reduced: strips, inner: 3 * channels }]);
    if (attrs.perImage) expectWholeBatch(device, 'softDice of each image');
    else sumOverRanks(sums);
    const results = { sums, loss: loss!, slopes: slopes! };
    launch(device, shaders.softDice, 'finish', results, params, [1], { overrides: { LANES: all.lanes } });
  },
  grad: ({ inputs: [logits, labels], outputs: [, probabilities, slopes], dy, attrs }) => [
    call(softDiceGrad, [probabilities!, labels!, slopes!, dy[0]!], { ...attrs, dtype: logits!.dtype }),
    null,
  ],
};

const softDiceGrad: Op<SoftDiceAttrs & Pick<Tensor, 'dtype'>> = {
  name: 'softDiceGrad',
  infer: ([probabilities], { dtype }) => [{ shape: probabilities!.shape, dtype }],
  launch(device, [probabilities, labels, slopes, dy], [dx], attrs) {
    if (dx!.size === 0) return;
    const { params, workgroup, specialization } = settings(probabilities!, labels!, attrs, dx!);
    const given = { probabilities: probabilities!, labels: labels!, saved: slopes! };
    const tensors = { ...given, dy: dy!, dx: dx! };
    const grid = linearGrid(params.groups * params.rows, workgroup);
    launch(device, shaders.softDice, 'backward', tensors, params, grid, specialization);
  },
};
