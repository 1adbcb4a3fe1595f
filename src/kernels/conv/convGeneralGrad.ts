/** @file Gradients of general convolutions: of the input by the adjoint, of the weight in strips that are added in order. */
import { empty } from '../../tensor/create.ts';
import type { Device } from '../../tensor/device.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { elementAliases } from '../elements.ts';
import { launch, linearGrid } from '../launch/queue.ts';
import { chooseVariant } from '../launch/variant.ts';
import type { Op } from '../op.ts';
import * as shaders from '../shaders.gen.ts';
import { gatherGeneral } from './convGeneralGather.ts';
import {
  type General,
  type GeneralGradVariant,
  type GradImages,
  generalOf,
  hasQuadGroups,
  isDepthwise,
  type Steps,
} from './convGeneralLayout.ts';
import { splitGrad } from './convGeneralSplit.ts';
import { type BiasSum, finishGrad } from './finishGrad.ts';

/** Taps of an invocation: a row of the kernel in even shares. */
function tapsOf({ x }: General): number {
  return Math.ceil(x.kernel / Math.ceil(x.kernel / 4));
}

/** Invocations that one strip gives. */
function workOf(variant: GeneralGradVariant, g: General): number {
  const blocks = Math.ceil((g.groups * g.b) / 4);
  return blocks * variant.parts(g) * Math.ceil(g.x.kernel / tapsOf(g)) * g.y.kernel;
}

function planOf(device: Device, variant: GeneralGradVariant, g: General, splits: number) {
  const { workgroup } = device.caps;
  const taps = tapsOf(g);
  const rows = g.batch * g.y.small;
  const invocations = workOf(variant, g) * splits;
  const images = {
    smallHeight: g.y.small,
    smallWidth: g.x.small,
    largeHeight: g.y.large,
    largeWidth: g.x.large,
  };
  const channels = { a: g.a, b: g.b, groups: g.groups };
  const kernel = { kernelHeight: g.y.kernel, kernelWidth: g.x.kernel };
  const steps = {
    strideY: g.y.stride,
    strideX: g.x.stride,
    dilationY: g.y.dilation,
    dilationX: g.x.dilation,
  };
  const params = {
    count: g.y.kernel * g.x.kernel * g.a * g.groups * g.b,
    invocations,
    blocks: Math.ceil((g.groups * g.b) / 4),
    parts: variant.parts(g),
    chunks: Math.ceil(g.x.kernel / taps),
    rows,
    rowsEach: Math.ceil(rows / splits),
    ...{ ...images, ...channels, ...kernel, ...steps },
    top: g.y.before,
    left: g.x.before,
  };
  const overrides = { WORKGROUP: workgroup, SLIDE: Number(g.x.stride === g.x.dilation), TAPS: taps };
  return { params, overrides, grid: linearGrid(invocations, workgroup) };
}

const depth: GeneralGradVariant = {
  name: 'depth',
  fits: (_, g) => isDepthwise(g),
  parts: () => 1,
  launch(device, g, images, splits, label) {
    const { params, overrides, grid } = planOf(device, depth, g, splits);
    const specialization = { overrides, aliases: { E4: `vec4<${g.dtype}>` } };
    launch(device, shaders.convGeneralGradDepth, 'main', { ...images }, params, grid, specialization, label);
  },
};

const group: GeneralGradVariant = {
  name: 'group',
  fits: (_, g) => hasQuadGroups(g),
  parts: ({ a }) => a / 4,
  launch(device, g, images, splits, label) {
    const { params, overrides, grid } = planOf(device, group, g, splits);
    const specialization = { overrides, aliases: { E4: `vec4<${g.dtype}>` } };
    launch(device, shaders.convGeneralGradGroup, 'main', { ...images }, params, grid, specialization, label);
  },
};

const any: GeneralGradVariant = {
  name: 'any',
  fits: () => true,
  parts: ({ a }) => a,
  launch(device, g, images, splits, label) {
    const { params, overrides, grid } = planOf(device, any, g, splits);
    const one = Number(g.b % 4 === 0 || g.groups === 1);
    const specialization = { overrides: { ...overrides, ONE_GROUP: one }, aliases: elementAliases(g) };
    launch(device, shaders.convGeneralGradAny, 'main', { ...images }, params, grid, specialization, label);
  },
};

/** Preferred first. */
const generalGradVariants: readonly GeneralGradVariant[] = [depth, splitGrad, group, any];

/** Invocations that keep the device busy. */
const wanted = ({ caps }: Device): number => (caps.software ? 512 : 1 << 15);

/** Writes dw, and the bias's gradient. */
function gradGeneral(
  device: Device,
  op: string,
  g: General,
  images: Omit<GradImages, 'partial'>,
  sums: Sums,
): void {
  const variant = chooseVariant(device, op, generalGradVariants, g) as GeneralGradVariant;
  const label = `${op}[${variant.name}]`;
  const { dw, bias } = sums;
  const rows = Math.max(1, g.batch * g.y.small);
  const enough = Math.ceil(wanted(device) / Math.max(1, workOf(variant, g)));
  const splits = variant.whole ? 1 : Math.min(rows, enough);
  if (splits === 1) {
    variant.launch(device, g, { ...images, partial: dw }, 1, label);
    finishGrad(device, undefined, bias, op);
    return;
  }
  using partial = empty(device, { shape: [splits, ...dw.shape], dtype: 'f32' }, `${op} strips`);
  variant.launch(device, g, { ...images, partial }, splits, label);
  finishGrad(device, { strips: partial, dw }, bias, op);
}

interface Sums {
  readonly dw: Tensor;
  readonly bias: BiasSum | undefined;
}

/** `transposed`: of a transposed convolution, whose output is the large image. */
interface GeneralGradAttrs extends Steps {
  readonly transposed: boolean;
  /** Of the gradient that is computed. */
  readonly shape: Shape;
}

/** Gradient of the input from (dy, weight). */
export const convGeneralInputGrad: Op<GeneralGradAttrs> = {
  name: 'convGeneralInputGrad',
  infer: ([dy], { shape }) => [{ shape, dtype: dy!.dtype }],
  launch(device, [dy, weight], [dx], attrs) {
    const { transposed } = attrs;
    const [large, small] = transposed ? [dy!, dx!] : [dx!, dy!];
    const g = { ...generalOf(large, small, weight!, attrs), adjoint: !transposed, relu: false };
    const tensors = { x: dy!, weight: weight!, bias: null, y: dx! };
    gatherGeneral(device, 'convGeneralInputGrad', g, tensors);
  },
};

interface GeneralWeightGradAttrs extends GeneralGradAttrs {
  readonly bias: boolean;
}

/** Gradients of weight and bias, f32, from (x, dy). */
export const convGeneralWeightGrad: Op<GeneralWeightGradAttrs> = {
  name: 'convGeneralWeightGrad',
  infer([, dy], { shape, bias }) {
    const dw = { shape, dtype: 'f32' as const };
    return bias ? [dw, { shape: [dy!.shape[3]!], dtype: 'f32' }] : [dw];
  },
  launch(device, [x, dy], [dw, db], attrs) {
    const [large, small] = attrs.transposed ? [dy!, x!] : [x!, dy!];
    const g = generalOf(large, small, dw!, attrs);
    const sums = { dw: dw!, bias: db && { dy: dy!, db } };
    gradGeneral(device, 'convGeneralWeightGrad', g, { large, small }, sums);
  },
};
