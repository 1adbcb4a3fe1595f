/** @file Dropout by counter-based random bits: no mask is stored, the gradient draws the same bits again. */

import type { Tensor } from '../tensor/tensor.ts';
import { expectNumber, expectWhole } from './checks.ts';
import { elementAliases, expectFloat } from './elements.ts';
import { launch, linearGrid } from './launch/queue.ts';
import { shareOf } from './launch/share.ts';
import { call, expectShape, expectType, type Op } from './op.ts';
import * as shaders from './shaders.gen.ts';

export interface DropoutAttrs {
  /** Probability of an element to be dropped, in [0, 1]. */
  readonly p: number;
  /** Tells dropouts of one step apart: u32. */
  readonly stream: number;
}

const MOST_STREAM = 2 ** 32 - 1;

/** Where x's first element is in the whole batch, of which ranks may have some rows each. */
function firstOf({ device, size }: Tensor): number {
  const share = shareOf(device);
  return share ? (size / share.count) * share.first : 0;
}

/**
 * x with elements set to 0 (NaN where they are not finite) with probability p and the others divided by 1 − p. Inputs x
 * (f32 or f16) and `random`, u32 [seed, step]; element 4i + j is dropped where word j of philox([i, step, 0, stream],
 * [seed, 0]) is below p·2³². Of a batch that ranks share, elements are counted in all of it.
 */
export const dropout: Op<DropoutAttrs> = {
  name: 'dropout',
  inputs: ['x', 'random'],
  infer([x, random], { p, stream }) {
    expectNumber('dropout', 'p', p, { least: 0, most: 1 });
    expectWhole('dropout', 'stream', stream, 0, MOST_STREAM);
    expectType('dropout', 'random', expectShape('dropout', 'random', random!, [2]), 'u32');
    const { shape, dtype } = expectFloat('dropout', 'x', x!);
    return [{ shape, dtype }];
  },
  launch(device, [x, random], [y], { p, stream }) {
    if (y!.size === 0) return;
    const { workgroup } = device.caps;
    const quads = Math.ceil(x!.size / 4);
    const whole = p === 1;
    const threshold = whole ? MOST_STREAM : Math.floor(p * 2 ** 32);
    const params = {
      quads,
      first: firstOf(x!),
      stream,
      threshold,
      whole: Number(whole),
      scale: whole ? 0 : 1 / (1 - p),
    };
    const specialization = { overrides: { WORKGROUP: workgroup }, aliases: elementAliases(x!) };
    const tensors = { x: x!, random: random!, y: y! };
    launch(device, shaders.dropout, 'main', tensors, params, linearGrid(quads, workgroup), specialization);
  },
  grad: ({ inputs: [, random], dy, attrs }) => [call(dropout, [dy[0]!, random!], attrs), null],
};
