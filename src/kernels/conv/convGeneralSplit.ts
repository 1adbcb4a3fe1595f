/**
 * @file Groups of many channels one after the other, by the kernels of convolutions without groups: those read and write
 * a group's channels in place.
 */
import { empty } from '../../tensor/create.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { copyInto, denseOf } from '../runs.ts';
import { adjointGather, forwardGather } from './conv2dLayout.ts';
import type { General, GeneralAxis, GeneralGradVariant, GeneralVariant } from './convGeneralLayout.ts';
import { correlate } from './correlate.ts';
import { gather } from './gather.ts';

/** Products a group from which on it is worth launches of its own. */
const ENOUGH = 1 << 21;

/** Whether this is faster than the general kernels where groups have at least `channels`. */
function pays({ batch, y, x, a, b }: General, channels: number): boolean {
  const products = batch * y.small * x.small * y.kernel * x.kernel * a * b;
  return Math.min(a, b) >= channels && products >= ENOUGH;
}

/** Whether a side is as large as with equal padding at both its ends. */
function isEven({ large, small, kernel, stride, dilation, before }: GeneralAxis): boolean {
  return Math.floor((large + 2 * before - dilation * (kernel - 1) - 1) / stride) + 1 === small;
}

function fits({ y, x, groups, a, b }: General): boolean {
  const equal = y.stride === x.stride && y.dilation === x.dilation && y.before === x.before;
  return groups > 1 && a > 0 && b > 0 && equal && isEven(y) && isEven(x);
}

/** Runs `action` on the i-th group's channels of each tensor. */
function onGroup(tensors: readonly Tensor[], groups: number, i: number, action: (views: Tensor[]) => void) {
  const views = tensors.map((tensor) => {
    const channels = tensor.shape.at(-1)! / groups;
    return tensor.viewChannels(i * channels, (i + 1) * channels);
  });
  action(views);
  for (const view of views) view.dispose();
}

/** The steps of both axes. */
const stepsOf = ({ x: { stride, dilation, before } }: General) => ({ stride, dilation, padding: before });

export const splitGather: GeneralVariant = {
  name: 'split',
  fits: (_, g) => fits(g),
  preferred: ({ software }, g) => pays(g, software ? 16 : 32),
  launch(device, g, { x, weight, bias, y }) {
    const [op, sizes] = g.adjoint
      ? (['conv2dTranspose', adjointGather] as const)
      : (['conv2d', forwardGather] as const);
    for (let i = 0; i < g.groups; i++) {
      onGroup([x, y, weight, ...(bias ? [bias] : [])], g.groups, i, ([from, to, w, b]) => {
        const [weightOf, biasOf] = [denseOf(w!), b ? denseOf(b) : null];
        const tensors = { x: from!, weight: weightOf, bias: biasOf, y: to! };
        gather(device, op, sizes(from!, to!, weightOf, stepsOf(g), g.relu), tensors);
        for (const copy of [weightOf, biasOf]) if (copy !== w && copy !== b) copy?.dispose();
      });
    }
  },
};

export const splitGrad: GeneralGradVariant = {
  name: 'split',
  fits: (_, g) => fits(g),
  preferred: (_, g) => pays(g, 32),
  whole: true,
  parts: () => 1,
  launch(device, g, { large, small, partial: dw }) {
    const kernel = { kernelHeight: g.y.kernel, kernelWidth: g.x.kernel };
    const images = {
      largeHeight: g.y.large,
      largeWidth: g.x.large,
      smallHeight: g.y.small,
      smallWidth: g.x.small,
    };
    const { dtype, batch, a, b } = g;
    const c = { dtype, batch, a, b, ...images, ...kernel, ...stepsOf(g) };
    for (let i = 0; i < g.groups; i++) {
      onGroup([large, small, dw], g.groups, i, ([from, to, into]) => {
        using one = empty(device, into!, 'one group');
        correlate(device, 'conv2dWeightGrad', c, { large: from!, small: to!, dw: one });
        copyInto(one, into!);
      });
    }
  },
};
