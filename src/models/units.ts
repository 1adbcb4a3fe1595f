/** @file What nnU-Net's networks are built from, of images and volumes alike: convolution, instance norm, leaky ReLU. */
import * as ops from '../autograd/ops.ts';
import type { Triple } from '../kernels/options.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { BodyMode } from './body.ts';
import type { Declarations, Declared } from './declare.ts';
import { Conv2d, ConvTranspose2d } from './layers.ts';
import { Conv3d, ConvTranspose3d } from './layers3d.ts';

/** Slope of the leaky ReLUs below 0. */
const SLOPE = 0.01;

type Pair = readonly [number, number];
type Three = readonly [number, number, number];

/** What a unit of a level is given. */
export interface UnitSizes {
  readonly channelsIn: number;
  readonly channelsOut: number;
  /** [z, y, x] or [y, x], odd. */
  readonly kernel: readonly number[];
  /** Of the same axes. */
  readonly stride: readonly number[];
  /** Whether the convolution has a bias, default yes. */
  readonly bias?: boolean;
}

/** A convolution of images or volumes, as its kernel has axes; padded so that a stride of 1 keeps the sides. */
export function convolution(at: Declarations, { kernel, stride, ...rest }: UnitSizes): Conv2d | Conv3d {
  const padding = kernel.map((side) => (side - 1) / 2);
  if (kernel.length === 2)
    return new Conv2d(at, {
      ...rest,
      ...{ kernel: kernel as Pair, stride: stride as Pair, padding: padding as unknown as Pair },
    });
  return new Conv3d(at, {
    ...rest,
    ...{ kernel: kernel as Three, stride: stride as Three, padding: padding as unknown as Three },
  });
}

/** The transposed convolution whose kernel is its stride. */
export function enlarging(
  at: Declarations,
  channelsIn: number,
  channelsOut: number,
  stride: readonly number[],
): ConvTranspose2d | ConvTranspose3d {
  const sizes = { channelsIn, channelsOut };
  if (stride.length === 2)
    return new ConvTranspose2d(at, { ...sizes, kernel: stride as Pair, stride: stride as Pair });
  return new ConvTranspose3d(at, { ...sizes, kernel: stride as Three, stride: stride as Three });
}

/** Means of windows that do not overlap, of images or volumes. */
export function pooled(x: Tensor, stride: readonly number[]): Tensor {
  return stride.length === 2
    ? ops.avgPool2d(x, { kernel: stride as Pair })
    : ops.avgPool3d(x, { kernel: stride as Triple });
}

export interface UnitOptions {
  /** Whether a leaky ReLU follows, default yes. */
  readonly activated?: boolean;
  /** First weight of the norm, default 1. */
  readonly gain?: number;
}

/** `conv`, `norm` (over the pixels of each image and channel, with weight and bias) and leaky ReLU. */
export class ConvUnit {
  readonly #conv: Conv2d | Conv3d;
  readonly #weight: Declared;
  readonly #bias: Declared;
  readonly #activated: boolean;

  constructor(at: Declarations, sizes: UnitSizes, { activated = true, gain = 1 }: UnitOptions = {}) {
    const norm = at.at('norm');
    const shape = [sizes.channelsOut];
    this.#conv = convolution(at.at('conv'), sizes);
    this.#weight = norm.parameter('weight', shape, { kind: 'constant', value: gain });
    this.#bias = norm.parameter('bias', shape, { kind: 'constant', value: 0 });
    this.#activated = activated;
  }

  forward(x: Tensor): Tensor {
    const y = ops.instanceNorm(this.#conv.forward(x), this.#weight.tensor, this.#bias.tensor);
    return this.#activated ? ops.leakyRelu(y, SLOPE) : y;
  }
}

/** What follows one after another; in backward computed again where the mode says so. */
export interface Block {
  forward(x: Tensor, mode: BodyMode): Tensor;
}

/** Units in a row, `convs.0` …; the first has the stride. */
export class ConvStack implements Block {
  readonly #units: readonly ConvUnit[];

  constructor(at: Declarations, { channelsIn, stride, ...sizes }: UnitSizes, count: number) {
    const ones = stride.map(() => 1);
    this.#units = Array.from({ length: count }, (_, i) => {
      const own = i === 0 ? { channelsIn, stride } : { channelsIn: sizes.channelsOut, stride: ones };
      return new ConvUnit(at.at('convs').at(`${i}`), { ...sizes, ...own });
    });
  }

  forward(x: Tensor, { recompute }: BodyMode): Tensor {
    const inside = (from: Tensor): Tensor => this.#units.reduce((y, unit) => unit.forward(y), from);
    return recompute ? ops.recompute(inside, x) : inside(x);
  }
}

/**
 * Two units `conv1` and `conv2`, added to the input, then leaky ReLU (ResNet-D: He, T. et al., CVPR 2019): where the sides
 * change the input is averaged over the stride, and where the channels do it goes through a 1×1 convolution with norm,
 * `skip.0` or behind an average `skip.1`. The second norm's first weight is 0, so that each block begins as its skip.
 */
class ResidualBlock implements Block {
  readonly #units: readonly ConvUnit[];
  readonly #stride: readonly number[] | null;
  readonly #projection: ConvUnit | null;

  constructor(at: Declarations, { channelsIn, stride, ...sizes }: UnitSizes) {
    const ones = stride.map(() => 1);
    const { channelsOut } = sizes;
    this.#stride = stride.some((by) => by !== 1) ? stride : null;
    const first = new ConvUnit(at.at('conv1'), { ...sizes, channelsIn, stride });
    const second = { ...sizes, channelsIn: channelsOut, stride: ones };
    this.#units = [first, new ConvUnit(at.at('conv2'), second, { activated: false, gain: 0 })];
    const projected = { channelsIn, channelsOut, kernel: ones, stride: ones, bias: false };
    const place = this.#stride ? '1' : '0';
    this.#projection =
      channelsIn === channelsOut
        ? null
        : new ConvUnit(at.at('skip').at(place), projected, { activated: false });
  }

  forward(x: Tensor, { recompute }: BodyMode): Tensor {
    const inside = (from: Tensor): Tensor => {
      const pool = this.#stride ? pooled(from, this.#stride) : from;
      const skip = this.#projection ? this.#projection.forward(pool) : pool;
      const way = this.#units.reduce((y, unit) => unit.forward(y), from);
      return ops.leakyRelu(ops.add(way, skip), SLOPE);
    };
    return recompute ? ops.recompute(inside, x) : inside(x);
  }
}

/** Residual blocks in a row, `blocks.0` …; the first has the stride. */
export class ResidualStack implements Block {
  readonly #blocks: readonly ResidualBlock[];

  constructor(at: Declarations, sizes: UnitSizes, count: number) {
    const rest = { ...sizes, channelsIn: sizes.channelsOut, stride: sizes.stride.map(() => 1) };
    this.#blocks = Array.from(
      { length: count },
      (_, i) => new ResidualBlock(at.at('blocks').at(`${i}`), i === 0 ? sizes : rest),
    );
  }

  forward(x: Tensor, mode: BodyMode): Tensor {
    return this.#blocks.reduce((y, block) => block.forward(y, mode), x);
  }
}
