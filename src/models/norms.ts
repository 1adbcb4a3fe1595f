/** @file Norms as layers, each declaring its parameters with PyTorch's names and first values: ones and zeros. */
import * as ops from '../autograd/ops.ts';
import { ShapeError } from '../base/errors.ts';
import { describe, expectNumber, expectOneOf, expectWhole } from '../kernels/checks.ts';
import { expectOptions } from '../kernels/options.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Declarations, type Declared, expectDeclarations } from './declare.ts';
import { expectMode, type LayerMode } from './layer.ts';

/** What norms have in common. */
export interface NormOptions {
  /** Added to the variance (default 1e-5). */
  readonly epsilon?: number;
  /** Whether there are a weight and a bias. */
  readonly affine?: boolean;
}

/** Weight and bias of a norm, or neither. */
interface Affine {
  readonly weight: Declared | null;
  readonly bias: Declared | null;
}

function affineOf(at: Declarations, shape: Shape, affine: boolean, torchAxes?: readonly number[]): Affine {
  const one = (name: string, value: number) =>
    affine ? at.parameter(name, shape, { kind: 'constant', value }, torchAxes) : null;
  return { weight: one('weight', 1), bias: one('bias', 0) };
}

const tensorsOf = ({ weight, bias }: Affine): [weight: Tensor | null, bias: Tensor | null] => [
  weight?.tensor ?? null,
  bias?.tensor ?? null,
];

/** Of the layer `batchNorm`; PyTorch’s names and defaults. */
export interface BatchNormLayerOptions {
  /** Added to the variance (default 1e-5). */
  readonly epsilon?: number;
  /** Weight of the batch in the running statistics (default 0.1). */
  readonly momentum?: number;
  /** Applies ReLU in the same launch (default false). */
  readonly relu?: boolean;
  /** Whether there are a weight and a bias (default true). */
  readonly affine?: boolean;
}

/**
 * Batch norm over all axes but the last, of any rank.
 * @example
 * const net = new Network(device, (at) => new BatchNorm(at, 3));
 * const result = net.forward(zeros(device, [4, 3]), { training: false }).shape;
 * net.dispose();
 * result; // [4, 3]
 */
export class BatchNorm {
  readonly weight: Declared | null;
  readonly bias: Declared | null;
  readonly runningMean: Declared;
  readonly runningVariance: Declared;
  readonly #options: Required<Omit<BatchNormLayerOptions, 'affine'>>;

  /** @throws ShapeError for sizes that are none, or options out of range */
  constructor(at: Declarations, channels: number, options: BatchNormLayerOptions = {}) {
    expectDeclarations('BatchNorm', at);
    expectWhole('BatchNorm', 'channels', channels, 1);
    expectOptions('BatchNorm', options, ['epsilon', 'momentum', 'relu', 'affine']);
    const { affine = true, ...rest } = options;
    this.#options = { epsilon: 1e-5, momentum: 0.1, relu: false, ...rest };
    expectNumber('BatchNorm', 'epsilon', this.#options.epsilon, { least: 0 });
    expectNumber('BatchNorm', 'momentum', this.#options.momentum, { least: 0, most: 1 });
    expectOneOf('BatchNorm', 'affine', affine, [true, false]);
    expectOneOf('BatchNorm', 'relu', this.#options.relu, [true, false]);
    ({ weight: this.weight, bias: this.bias } = affineOf(at, [channels], affine));
    this.runningMean = at.statistic('running_mean', [channels], 0);
    this.runningVariance = at.statistic('running_var', [channels], 1);
    at.counter('num_batches_tracked');
  }

  /**
   * In training by the batch's own statistics, which also move the running ones; else, and where these are frozen, by
   * the running ones.
   */
  forward(x: Tensor, mode: LayerMode): Tensor {
    const training = expectMode('BatchNorm', mode).training && !this.runningMean.frozen;
    const [runningMean, runningVariance] = [this.runningMean.tensor, this.runningVariance.tensor];
    const options = { ...this.#options, runningMean, runningVariance, training };
    return ops.batchNorm(x, ...tensorsOf(this), options);
  }
}

/** Axes of a norm's weight in PyTorch's order: of images [H, W, C] to [C, H, W], of [T, D] as they are. */
function torchAxesOf({ length }: Shape): number[] {
  const axes = Array.from({ length }, (_, axis) => axis);
  return length < 3 ? axes : [length - 1, ...axes.slice(0, -1)];
}

function expectSizes(layer: string, shape: number | Shape): Shape {
  const sizes = typeof shape === 'number' ? [shape] : shape;
  if (!Array.isArray(sizes) || sizes.length === 0)
    throw new ShapeError(layer, 'shape', `is ${describe(shape)}`, 'The sizes of the last axes are needed.');
  return sizes.map((size: number) => expectWhole(layer, 'shape', size, 1));
}

/**
 * Layer norm over the last axes, of sizes `shape`. From three axes on PyTorch has the channels first.
 * @example
 * const net = new Network(device, (at) => new LayerNorm(at, 3));
 * const result = net.forward(zeros(device, [4, 3]), { training: false }).shape;
 * net.dispose();
 * result; // [4, 3]
 */
export class LayerNorm {
  readonly weight: Declared | null;
  readonly bias: Declared | null;
  readonly #options: ops.LayerNormOptions;

  /** @throws ShapeError for sizes that are none, or options out of range */
  constructor(at: Declarations, shape: number | Shape, options: NormOptions = {}) {
    expectDeclarations('LayerNorm', at);
    const sizes = expectSizes('LayerNorm', shape);
    const { epsilon = 1e-5, affine = true } = checked('LayerNorm', options);
    this.#options = { axes: sizes.map((_, i) => -1 - i), epsilon };
    ({ weight: this.weight, bias: this.bias } = affineOf(at, sizes, affine, torchAxesOf(sizes)));
  }

  forward(x: Tensor): Tensor {
    return ops.layerNorm(x, ...tensorsOf(this), this.#options);
  }
}

/**
 * Root-mean-square norm over the last axes, of sizes `shape`; epsilon 2⁻²³ by default, as PyTorch's.
 * @example
 * const net = new Network(device, (at) => new RMSNorm(at, 3));
 * const result = net.forward(zeros(device, [4, 3]), { training: false }).shape;
 * net.dispose();
 * result; // [4, 3]
 */
export class RMSNorm {
  readonly weight: Declared | null;
  readonly #options: ops.LayerNormOptions;

  /** @throws ShapeError for sizes that are none, or options out of range */
  constructor(at: Declarations, shape: number | Shape, options: NormOptions = {}) {
    expectDeclarations('RMSNorm', at);
    const sizes = expectSizes('RMSNorm', shape);
    const { epsilon = 2 ** -23, affine = true } = checked('RMSNorm', options);
    this.#options = { axes: sizes.map((_, i) => -1 - i), epsilon };
    const ones = { kind: 'constant', value: 1 } as const;
    this.weight = affine ? at.parameter('weight', sizes, ones, torchAxesOf(sizes)) : null;
  }

  forward(x: Tensor): Tensor {
    return ops.rmsNorm(x, this.weight?.tensor ?? null, this.#options);
  }
}

/**
 * Group norm of [N, …, channels].
 * @example
 * const net = new Network(device, (at) => new GroupNorm(at, 2, 4));
 * const result = net.forward(zeros(device, [1, 2, 2, 4]), { training: false }).shape;
 * net.dispose();
 * result; // [1, 2, 2, 4]
 */
export class GroupNorm {
  readonly weight: Declared | null;
  readonly bias: Declared | null;
  readonly #groups: number;
  readonly #epsilon: number;

  /** @throws ShapeError for groups that do not divide the channels, or options out of range */
  constructor(at: Declarations, groups: number, channels: number, options: NormOptions = {}) {
    expectDeclarations('GroupNorm', at);
    expectWhole('GroupNorm', 'channels', channels, 1);
    if (channels % expectWhole('GroupNorm', 'groups', groups, 1) !== 0) {
      const problem = `is ${groups}, which does not divide ${channels} channels`;
      throw new ShapeError('GroupNorm', 'groups', problem, 'Use a divisor of the channels.');
    }
    const { epsilon = 1e-5, affine = true } = checked('GroupNorm', options);
    [this.#groups, this.#epsilon] = [groups, epsilon];
    ({ weight: this.weight, bias: this.bias } = affineOf(at, [channels], affine));
  }

  forward(x: Tensor): Tensor {
    return ops.groupNorm(x, this.#groups, ...tensorsOf(this), { epsilon: this.#epsilon });
  }
}

/**
 * Instance norm of [N, …, channels], of any rank; as PyTorch's by default without weight and bias.
 * @example
 * const net = new Network(device, (at) => new InstanceNorm2d(at, 2));
 * const result = net.forward(zeros(device, [1, 2, 2, 2]), { training: false }).shape;
 * net.dispose();
 * result; // [1, 2, 2, 2]
 */
export class InstanceNorm2d {
  readonly weight: Declared | null;
  readonly bias: Declared | null;
  readonly #epsilon: number;

  /** @throws ShapeError for sizes that are none, or options out of range */
  constructor(at: Declarations, channels: number, options: NormOptions = {}) {
    expectDeclarations('InstanceNorm2d', at);
    expectWhole('InstanceNorm2d', 'channels', channels, 1);
    const { epsilon = 1e-5, affine = false } = checked('InstanceNorm2d', options);
    this.#epsilon = epsilon;
    ({ weight: this.weight, bias: this.bias } = affineOf(at, [channels], affine));
  }

  forward(x: Tensor): Tensor {
    return ops.instanceNorm(x, ...tensorsOf(this), { epsilon: this.#epsilon });
  }
}

function checked(layer: string, options: NormOptions): NormOptions {
  expectOptions(layer, options, ['epsilon', 'affine']);
  if (options.epsilon !== undefined) expectNumber(layer, 'epsilon', options.epsilon, { least: 0 });
  expectOneOf(layer, 'affine', options.affine, [true, false, undefined]);
  return options;
}
