/** @file Layers: convolutions, batch norm and linear, each declaring its parameters with PyTorch's names and [Z]'s init. */
import * as ops from '../autograd/ops.ts';
import { ShapeError } from '../base/errors.ts';
import { describe, expectNumber, expectOneOf, expectWhole } from '../kernels/checks.ts';
import { expectOptions } from '../kernels/options.ts';
import { formatShape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { type Declarations, type Declared, expectDeclarations, type Init } from './declare.ts';

/** Kaiming normal for ReLU: std √(2/fan-in). */
export const kaiming = (fanIn: number, gain = 1): Init => ({
  kind: 'normal',
  mean: 0,
  std: gain * Math.sqrt(2 / fanIn),
});
/** PyTorch's for biases. */
export const uniform = (fanIn: number, gain = 1): Init => ({
  kind: 'uniform',
  bound: gain / Math.sqrt(fanIn),
});

/** What both convolutions are built from. */
export interface ConvSizes {
  readonly channelsIn: number;
  readonly channelsOut: number;
  /** Side of the square kernel, or [height, width]. */
  readonly kernel: number | readonly [height: number, width: number];
  /** Channels fall into this many groups, each convolved by itself; default 1. */
  readonly groups?: number;
  /** Whether there is a bias, default yes. */
  readonly bias?: boolean;
}

/** The rest as in ops.conv2d. */
export interface ConvOptions extends ConvSizes, ops.Conv2dOptions {
  readonly groups?: number;
  /** Factor on the first weight and bias, default 1. */
  readonly gain?: number;
}

/** The rest as in ops.conv2dTranspose. */
export interface ConvTransposeOptions extends ConvSizes, ops.Conv2dTransposeOptions {
  readonly groups?: number;
}

const sizeNames = ['channelsIn', 'channelsOut', 'kernel', 'groups', 'bias'];

/** Throws unless a layer was given declarations and an object of options that are known. */
function expectGiven(layer: string, at: Declarations, options: ConvSizes, rest: readonly string[]): void {
  expectDeclarations(layer, at);
  expectOptions(layer, options, [...sizeNames, 'stride', 'padding', 'dilation', 'relu', ...rest]);
  expectOneOf(layer, 'bias', options.bias, [true, false, undefined]);
}

/** The kernel's sides, and the channels a group. @throws ShapeError for sizes that are none, or groups that do not divide */
function sizesOf(layer: string, { channelsIn, channelsOut, kernel, groups = 1 }: ConvSizes) {
  const sides = typeof kernel === 'number' ? [kernel, kernel] : kernel;
  if (!Array.isArray(sides) || sides.length !== 2)
    throw new ShapeError(layer, 'kernel', `is ${describe(kernel)}`, 'A number or [height, width] is needed.');
  const [height, width] = [0, 1].map((i) => expectWhole(layer, 'kernel', sides[i]!, 1)) as [number, number];
  for (const [name, channels] of Object.entries({ channelsIn, channelsOut })) {
    expectWhole(layer, name, channels, 1);
    if (channels % expectWhole(layer, 'groups', groups, 1) === 0) continue;
    const problem = `is ${groups}, which does not divide ${name} ${channels}`;
    throw new ShapeError(layer, 'groups', problem, 'It must divide the channels in and out.');
  }
  return { height, width, within: channelsIn / groups, without: channelsOut / groups };
}

/**
 * 2-D convolution: [N, H, W, channelsIn] to [N, H', W', channelsOut].
 * @example
 * const net = new Network(device, (at) => new Conv2d(at, { channelsIn: 1, channelsOut: 2, kernel: 3, padding: 1 }));
 * const result = net.forward(zeros(device, [1, 8, 8, 1]), { training: false }).shape;
 * net.dispose();
 * result; // [1, 8, 8, 2]
 */
export class Conv2d {
  /** [kernelHeight, kernelWidth, channelsIn/groups, channelsOut] */
  readonly weight: Declared;
  readonly bias: Declared | null;
  readonly #options: ops.Conv2dOptions;

  /** @throws ShapeError for sizes that are none, or groups that do not divide the channels */
  constructor(at: Declarations, options: ConvOptions) {
    expectGiven('Conv2d', at, options, ['gain']);
    const { channelsIn: _in, channelsOut, kernel: _kernel, bias = true, gain, ...rest } = options;
    const { height, width, within } = sizesOf('Conv2d', options);
    if (gain !== undefined) expectNumber('Conv2d', 'gain', gain, { least: 0 });
    this.#options = rest;
    const fanIn = within * height * width;
    this.weight = at.parameter('weight', [height, width, within, channelsOut], kaiming(fanIn, gain));
    this.bias = bias ? at.parameter('bias', [channelsOut], uniform(fanIn, gain)) : null;
  }

  forward(x: Tensor): Tensor {
    return ops.conv2d(x, this.weight.beside(x), this.bias?.tensor ?? null, this.#options);
  }

  /** As forward; a batch norm in training comes next. */
  forwardForNorm(x: Tensor): Tensor {
    return ops.conv2dForNorm(x, this.weight.beside(x), this.bias?.tensor ?? null, this.#options);
  }
}

/**
 * Transposed 2-D convolution: [N, H, W, channelsIn] to [N, H', W', channelsOut].
 * @example
 * const up = (at) => new ConvTranspose2d(at, { channelsIn: 1, channelsOut: 2, kernel: 2, stride: 2 });
 * const net = new Network(device, (at) => { const own = up(at); return { forward: (x) => own.forward(x) }; });
 * const result = net.forward(zeros(device, [1, 4, 4, 1]), { training: false }).shape;
 * net.dispose();
 * result; // [1, 8, 8, 2]
 */
export class ConvTranspose2d {
  /** [kernelHeight, kernelWidth, channelsOut/groups, channelsIn] */
  readonly weight: Declared;
  readonly bias: Declared | null;
  readonly #options: ops.Conv2dTransposeOptions;

  /** @throws ShapeError for sizes that are none, or groups that do not divide the channels */
  constructor(at: Declarations, options: ConvTransposeOptions) {
    expectGiven('ConvTranspose2d', at, options, ['outputPadding']);
    const { channelsIn, channelsOut, kernel: _kernel, bias = true, ...rest } = options;
    const { height, width, without } = sizesOf('ConvTranspose2d', options);
    this.#options = rest;
    // PyTorch counts the fan-in of a transposed convolution over its output channels.
    const fanIn = without * height * width;
    this.weight = at.parameter('weight', [height, width, without, channelsIn], kaiming(fanIn));
    this.bias = bias ? at.parameter('bias', [channelsOut], uniform(fanIn)) : null;
  }

  /** Into `into`, where given. */
  forward(x: Tensor, into?: Tensor): Tensor {
    return ops.conv2dTranspose(x, this.weight.beside(x), this.bias?.tensor ?? null, this.#options, into);
  }
}

/** Of `BatchNorm2d`; PyTorch’s names and defaults. */
export interface BatchNorm2dOptions {
  /** Whether there are a weight and a bias, default yes. */
  readonly affine?: boolean;
  /** Whether a ReLU follows, default yes. */
  readonly relu?: boolean;
  /** Share of a batch's statistics in the running ones, default 0.1. */
  readonly momentum?: number;
}

/**
 * Batch norm over [N, H, W], followed by ReLU unless told otherwise; epsilon 1e-5.
 * @example
 * const build = (at) => { const norm = new BatchNorm2d(at, 3); return { forward: (x, { training }) => norm.forward(x, training) }; };
 * const net = new Network(device, build);
 * const result = net.forward(zeros(device, [1, 4, 4, 3]), { training: false }).shape;
 * net.dispose();
 * result; // [1, 4, 4, 3]
 */
export class BatchNorm2d {
  readonly weight: Declared | null;
  readonly bias: Declared | null;
  readonly runningMean: Declared;
  readonly runningVariance: Declared;
  readonly #relu: boolean;
  readonly #momentum: number | undefined;

  /** @throws ShapeError for channels that are none, or an unknown option */
  constructor(at: Declarations, channels: number, options: BatchNorm2dOptions = {}) {
    expectDeclarations('BatchNorm2d', at);
    expectWhole('BatchNorm2d', 'channels', channels, 1);
    expectOptions('BatchNorm2d', options, ['affine', 'relu', 'momentum']);
    const { affine = true, relu = true, momentum } = options;
    expectOneOf('BatchNorm2d', 'affine', affine, [true, false]);
    expectOneOf('BatchNorm2d', 'relu', relu, [true, false]);
    if (momentum !== undefined) expectNumber('BatchNorm2d', 'momentum', momentum, { least: 0, most: 1 });
    this.#relu = relu;
    this.#momentum = momentum;
    const declare = (name: string, init: Init) => (affine ? at.parameter(name, [channels], init) : null);
    this.weight = declare('weight', { kind: 'normal', mean: 1, std: 0.02 });
    this.bias = declare('bias', { kind: 'constant', value: 0 });
    this.runningMean = at.statistic('running_mean', [channels], 0);
    this.runningVariance = at.statistic('running_var', [channels], 1);
    at.counter('num_batches_tracked');
  }

  /**
   * In training by the batch's own statistics, which also move the running ones; else, and where these are frozen, by
   * the running ones. Into `into`, where given.
   */
  forward(x: Tensor, training: boolean, into?: Tensor): Tensor {
    return ops.batchNorm(x, ...this.#affine(), this.#optionsOf(training, into));
  }

  /** As forward, and the maxima of its windows of 2×2 pixels. */
  forwardPooled(x: Tensor, training: boolean, into?: Tensor): ops.NormAndMaxima {
    return ops.batchNormPool(x, ...this.#affine(), this.#optionsOf(training, into));
  }

  #affine(): [weight: Tensor | null, bias: Tensor | null] {
    return [this.weight?.tensor ?? null, this.bias?.tensor ?? null];
  }

  #optionsOf(training: boolean, into: Tensor | undefined): ops.BatchNormOptions {
    return {
      runningMean: this.runningMean.tensor,
      runningVariance: this.runningVariance.tensor,
      training: training && !this.runningMean.frozen,
      ...(this.#momentum !== undefined && { momentum: this.#momentum }),
      relu: this.#relu,
      into,
    };
  }
}

/**
 * Fully connected layer: [.., channelsIn] to [.., channelsOut].
 * @example
 * const net = new Network(device, (at) => new Linear(at, 2, 3));
 * const result = net.forward(zeros(device, [4, 2]), { training: false }).shape;
 * net.dispose();
 * result; // [4, 3]
 */
export class Linear {
  /** [channelsIn, channelsOut] */
  readonly weight: Declared;
  readonly bias: Declared | null;

  /** @throws ShapeError for sizes that are none */
  constructor(
    at: Declarations,
    channelsIn: number,
    channelsOut: number,
    options: { readonly bias?: boolean } = {},
  ) {
    expectDeclarations('Linear', at);
    expectOptions('Linear', options, ['bias']);
    const { bias = true } = options;
    expectOneOf('Linear', 'bias', bias, [true, false]);
    expectWhole('Linear', 'channelsIn', channelsIn, 1);
    expectWhole('Linear', 'channelsOut', channelsOut, 1);
    this.weight = at.parameter('weight', [channelsIn, channelsOut], uniform(channelsIn));
    this.bias = bias ? at.parameter('bias', [channelsOut], uniform(channelsIn)) : null;
  }

  /** @throws ShapeError where the last axis of x is not channelsIn */
  forward(x: Tensor): Tensor {
    if (!(x instanceof Tensor))
      throw new ShapeError('linear', 'x', `is ${describe(x)}`, 'A tensor is needed.');
    const [channelsIn, channels] = [this.weight.shape[0]!, x.shape.at(-1)];
    if (channels !== channelsIn) {
      const problem = `has ${channels ?? 'no'} channels, shape ${formatShape(x.shape)}`;
      throw new ShapeError('linear', 'x', problem, `${channelsIn} are needed along the last axis.`);
    }
    return ops.linear(x, this.weight.beside(x), this.bias?.tensor ?? null);
  }
}
