/** @file Dropout by counter-based random bits: no mask is stored, the gradient draws the same bits again. */
import { ShapeError } from '../tensor/errors.ts';
import { elementAliases, expectFloat } from './elements.ts';
import { call, expectShape, expectType, type Op } from './op.ts';
import { launch, linearGrid } from './queue.ts';
import * as shaders from './shaders.gen.ts';

export interface DropoutAttrs {
  /** Probability of an element to be dropped, in [0, 1). */
  readonly p: number;
  /** Tells dropouts of one step apart: u32. */
  readonly stream: number;
}

/**
 * x with elements set to 0 with probability p and the others divided by 1 − p. Inputs x (f32 or f16) and `random`, u32 [seed,
 * step]; element 4i + j is dropped where word j of philox([i, step, 0, stream], [seed, 0]) is below p·2³².
 */
export const dropout: Op<DropoutAttrs> = {
  name: 'dropout',
  infer([x, random], { p }) {
    if (!(p >= 0 && p < 1)) throw new ShapeError('dropout', 'p', `is ${p}`, 'Use a number in [0, 1).');
    expectType('dropout', 'random', expectShape('dropout', 'random', random!, [2]), 'u32');
    return [expectFloat('dropout', 'x', x!)];
  },
  launch(device, [x, random], [y], { p, stream }) {
    const { workgroup } = device.caps;
    const quads = Math.ceil(x!.size / 4);
    const params = { quads, stream, threshold: Math.floor(p * 2 ** 32), scale: 1 / (1 - p) };
    const specialization = { overrides: { WORKGROUP: workgroup }, aliases: elementAliases(x!) };
    const tensors = { x: x!, random: random!, y: y! };
    launch(device, shaders.dropout, 'main', tensors, params, linearGrid(quads, workgroup), specialization);
  },
  grad: ({ inputs: [, random], dy, attrs }) => [call(dropout, [dy[0]!, random!], attrs), null],
};
