/** @file The launch of a general convolution and of its adjoint: every output pixel gathers from the input. */
import { gcd } from '../../base/divisor.ts';
import type { Device } from '../../tensor/device.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { elementAliases } from '../elements.ts';
import { type Grid, launch, linearGrid } from '../launch/queue.ts';
import { chooseVariant } from '../launch/variant.ts';
import * as shaders from '../shaders.gen.ts';
import { depth3 } from './convGeneralDepth.ts';
import {
  type GeneralAxis,
  type GeneralGather,
  type GeneralTensors,
  type GeneralVariant,
  hasQuadGroups,
  isDepthwise,
} from './convGeneralLayout.ts';
import { splitGather } from './convGeneralSplit.ts';
import { bindingsOf } from './gatherLayout.ts';

/** Pixels that an invocation computes at once. */
const PIXELS = 4;
/** Fours of pixels of an invocation on software adapters, at most: what it finds out once is for all. */
const SPAN = 8;

/** An axis as the shaders know it: output pixel o = up·j + r reads j·stride + (r + tap·dilation + offset) / up. */
function readsOf(axis: GeneralAxis, adjoint: boolean) {
  const { stride, dilation, before } = axis;
  return adjoint
    ? { stride: 1, dilation: -dilation, offset: before, up: stride, out: axis.large, in: axis.small }
    : { stride, dilation, offset: -before, up: 1, out: axis.small, in: axis.large };
}

/**
 * How an invocation's pixels lie along a row: `apart` columns in the output, `pixelStep` in the input. Where the row has
 * room for it they are so far apart that, of every `step`-th tap, each reads what the last one read one pixel on.
 */
function columnsOf({ kernel, stride, dilation, large, small }: GeneralAxis, adjoint: boolean) {
  const common = gcd(stride, dilation);
  const [up, reach] = [stride / common, dilation / common];
  const apart = adjoint ? stride * reach : reach;
  if ((adjoint ? large : small) < 2 * apart && reach > 1) {
    const near = adjoint
      ? { apart: stride, pixelStep: 1, step: up }
      : { apart: 1, pixelStep: stride, step: 1 };
    return { ...near, phases: 1, slide: 0 };
  }
  const phases = adjoint ? 1 : Math.min(up, kernel);
  return { apart, pixelStep: adjoint ? reach : reach * stride, step: up, phases, slide: 1 };
}

function planOf({ caps: { software } }: Device, g: GeneralGather, bias: Tensor | null) {
  const [y, x] = [readsOf(g.y, g.adjoint), readsOf(g.x, g.adjoint)];
  const { apart, pixelStep, step, phases, slide } = columnsOf(g.x, g.adjoint);
  const [k, m] = g.adjoint ? [g.b, g.a] : [g.a, g.b];
  const blocks = Math.ceil((g.groups * m) / 4);
  const classes = Math.min(apart, x.out);
  const fours = Math.ceil(Math.ceil(x.out / apart) / PIXELS);
  const span = software ? Math.min(SPAN, Math.max(1, fours)) : 1;
  const tiles = Math.ceil(fours / span);
  const sizes = { outHeight: y.out, outWidth: x.out, inHeight: y.in, inWidth: x.in, k, m, groups: g.groups };
  const kernel = { kernelHeight: g.y.kernel, kernelWidth: g.x.kernel };
  const down = { strideY: y.stride, dilationY: y.dilation, offsetY: y.offset, upY: y.up };
  const along = { strideX: x.stride, dilationX: x.dilation, offsetX: x.offset, upX: x.up };
  const count = g.batch * y.out * classes * tiles * blocks;
  const steps = { stepY: g.adjoint ? g.y.stride / gcd(g.y.stride, g.y.dilation) : 1, stepX: step, phases };
  const flags = { hasBias: Number(bias !== null), relu: Number(g.relu) };
  const params = {
    ...{ count, blocks, tiles, classes, span, apart, pixelStep },
    ...{ ...sizes, ...kernel, ...down, ...along, ...steps, ...flags },
  };
  return { params, slide, transposed: Number(g.adjoint) };
}

const gridOf = ({ caps }: Device, count: number): Grid => linearGrid(count, caps.workgroup);

const depth: GeneralVariant = {
  name: 'depth',
  fits: (_, g) => isDepthwise(g),
  launch(device, g, tensors, label) {
    const { params, slide } = planOf(device, g, tensors.bias);
    const overrides = { WORKGROUP: device.caps.workgroup, SLIDE: slide };
    const specialization = { overrides, aliases: { E4: `vec4<${g.dtype}>` } };
    const grid = gridOf(device, params.count);
    launch(
      device,
      shaders.convGeneralDepth,
      'main',
      bindingsOf(tensors),
      params,
      grid,
      specialization,
      label,
    );
  },
};

const group: GeneralVariant = {
  name: 'group',
  fits: (_, g) => hasQuadGroups(g),
  launch(device, g, tensors, label) {
    const { params, slide, transposed } = planOf(device, g, tensors.bias);
    const overrides = { WORKGROUP: device.caps.workgroup, SLIDE: slide, TRANSPOSED: transposed };
    const specialization = { overrides, aliases: { E4: `vec4<${g.dtype}>` } };
    const grid = gridOf(device, params.count);
    launch(
      device,
      shaders.convGeneralGroup,
      'main',
      bindingsOf(tensors),
      params,
      grid,
      specialization,
      label,
    );
  },
};

const any: GeneralVariant = {
  name: 'any',
  fits: () => true,
  launch(device, g, tensors, label) {
    const { params, slide, transposed } = planOf(device, g, tensors.bias);
    const one = Number(params.m % 4 === 0 || g.groups === 1);
    const flags = { SLIDE: slide, TRANSPOSED: transposed, ONE_GROUP: one };
    const overrides = { WORKGROUP: device.caps.workgroup, ...flags };
    const specialization = { overrides, aliases: elementAliases(g) };
    const grid = gridOf(device, params.count);
    launch(device, shaders.convGeneralAny, 'main', bindingsOf(tensors), params, grid, specialization, label);
  },
};

/** Preferred first. */
const generalVariants: readonly GeneralVariant[] = [depth3, depth, splitGather, group, any];

/** Computes y from x and the weight, under the op's name. */
export function gatherGeneral(device: Device, op: string, g: GeneralGather, tensors: GeneralTensors): void {
  const variant = chooseVariant(device, op, generalVariants, g);
  variant.launch(device, g, tensors, `${op}[${variant.name}]`);
}
