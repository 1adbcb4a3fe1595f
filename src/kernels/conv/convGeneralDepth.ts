/** @file The launch of depthwise 3×3 convolutions with stride and dilation 1, and of their adjoint: most of what nets use. */
import type { Device } from '../../tensor/device.ts';
import { launch, linearGrid } from '../launch/queue.ts';
import * as shaders from '../shaders.gen.ts';
import {
  type GeneralGather,
  type GeneralTensors,
  type GeneralVariant,
  isDepthwise,
} from './convGeneralLayout.ts';
import { bindingsOf } from './gatherLayout.ts';

/** Tiles of an invocation, at most: what it finds out once is for all. */
const SPAN = 8;

function paramsOf(device: Device, g: GeneralGather, { bias, x, y }: GeneralTensors) {
  const [batch, outHeight, outWidth, channels] = y.shape as [number, number, number, number];
  const [, inHeight, inWidth] = x.shape as [number, number, number];
  const fours = Math.ceil(outWidth / 4);
  const span = device.caps.software ? Math.min(SPAN, Math.max(1, fours)) : 1;
  const [blocks, tiles, pairs] = [channels / 4, Math.ceil(fours / span), Math.ceil(outHeight / 2)];
  const [originY, originX] = [g.y, g.x].map(({ before }) => (g.adjoint ? before - 2 : -before));
  const flags = { hasBias: Number(bias !== null), relu: Number(g.relu) };
  return {
    ...{ count: batch * pairs * tiles * blocks, blocks, tiles, pairs, span },
    ...{ outHeight, outWidth, inHeight, inWidth, originY: originY!, originX: originX!, ...flags },
  };
}

export const depth3: GeneralVariant = {
  name: 'depth3',
  fits: (_, g) =>
    isDepthwise(g) && [g.y, g.x].every((a) => a.kernel === 3 && a.stride === 1 && a.dilation === 1),
  launch(device, g, tensors, label) {
    const params = paramsOf(device, g, tensors);
    const { workgroup } = device.caps;
    const overrides = { WORKGROUP: workgroup, FLIP: Number(g.adjoint) };
    const specialization = { overrides, aliases: { E4: `vec4<${g.dtype}>` } };
    const grid = linearGrid(params.count, workgroup);
    const shader = shaders.convGeneralDepth3;
    launch(device, shader, 'main', bindingsOf(tensors), params, grid, specialization, label);
  },
};
