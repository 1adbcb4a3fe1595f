/** @file Layers: convolutions, batch norm and linear, each declaring its parameters with PyTorch's names and [Z]'s init. */
import * as ops from '../autograd/ops.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Declarations, Declared, Init } from './declare.ts';

/** Kaiming normal for ReLU: std √(2/fan-in). */
const kaiming = (fanIn: number, gain = 1): Init => ({
  kind: 'normal',
  mean: 0,
  std: gain * Math.sqrt(2 / fanIn),
});
const uniform = (fanIn: number, gain = 1): Init => ({ kind: 'uniform', bound: gain / Math.sqrt(fanIn) });

export interface ConvOptions {
  readonly channelsIn: number;
  readonly channelsOut: number;
  /** Side of the square kernel. */
  readonly kernel: number;
  readonly stride?: number;
  readonly padding?: number;
  readonly dilation?: number;
  /** Applies ReLU to the output, in the same launch. */
  readonly relu?: boolean;
  /** Factor on the first weight and bias, default 1. */
  readonly gain?: number;
}

/** 2-D convolution with bias: [N, H, W, channelsIn] to [N, H', W', channelsOut]. */
export class Conv2d {
  readonly weight: Declared;
  readonly bias: Declared;
  readonly #options: Required<Omit<ConvOptions, 'gain'>>;

  constructor(at: Declarations, options: ConvOptions) {
    this.#options = { stride: 1, padding: 0, dilation: 1, relu: false, ...options };
    const { channelsIn, channelsOut, kernel, gain } = options;
    const fanIn = channelsIn * kernel * kernel;
    this.weight = at.parameter('weight', [kernel, kernel, channelsIn, channelsOut], kaiming(fanIn, gain));
    this.bias = at.parameter('bias', [channelsOut], uniform(fanIn, gain));
  }

  forward(x: Tensor): Tensor {
    const { stride, padding, dilation, relu } = this.#options;
    return ops.conv2d(x, this.weight.beside(x), this.bias.tensor, { stride, padding, dilation, relu });
  }
}

/** Transposed 2-D convolution with bias: [N, H, W, channelsIn] to [N, H', W', channelsOut]. */
export class ConvTranspose2d {
  readonly weight: Declared;
  readonly bias: Declared;
  readonly #stride: number;
  readonly #padding: number;

  constructor(at: Declarations, options: Omit<ConvOptions, 'dilation' | 'relu' | 'gain'>) {
    const { channelsIn, channelsOut, kernel, stride = 1, padding = 0 } = options;
    this.#stride = stride;
    this.#padding = padding;
    // PyTorch counts the fan-in of a transposed convolution over its output channels.
    const fanIn = channelsOut * kernel * kernel;
    this.weight = at.parameter('weight', [kernel, kernel, channelsOut, channelsIn], kaiming(fanIn));
    this.bias = at.parameter('bias', [channelsOut], uniform(fanIn));
  }

  /** Into `into`, where given. */
  forward(x: Tensor, into?: Tensor): Tensor {
    const options = { stride: this.#stride, padding: this.#padding };
    return ops.conv2dTranspose(x, this.weight.beside(x), this.bias.tensor, options, into);
  }
}

/** Batch norm over [N, H, W] followed by ReLU, momentum 0.1, epsilon 1e-5. */
export class BatchNorm2d {
  readonly weight: Declared;
  readonly bias: Declared;
  readonly runningMean: Declared;
  readonly runningVariance: Declared;

  constructor(at: Declarations, channels: number) {
    this.weight = at.parameter('weight', [channels], { kind: 'normal', mean: 1, std: 0.02 });
    this.bias = at.parameter('bias', [channels], { kind: 'constant', value: 0 });
    this.runningMean = at.statistic('running_mean', [channels], 0);
    this.runningVariance = at.statistic('running_var', [channels], 1);
    at.counter('num_batches_tracked');
  }

  /** In training by the batch's own statistics, which also move the running ones; else by the running ones. Into `into`, where given. */
  forward(x: Tensor, training: boolean, into?: Tensor): Tensor {
    return ops.batchNorm(x, this.weight.tensor, this.bias.tensor, {
      runningMean: this.runningMean.tensor,
      runningVariance: this.runningVariance.tensor,
      training,
      relu: true,
      into,
    });
  }
}

/** Fully connected layer with bias: [N, channelsIn] to [N, channelsOut]. */
export class Linear {
  readonly weight: Declared;
  readonly bias: Declared;

  constructor(at: Declarations, channelsIn: number, channelsOut: number) {
    this.weight = at.parameter('weight', [channelsIn, channelsOut], uniform(channelsIn));
    this.bias = at.parameter('bias', [channelsOut], uniform(channelsIn));
  }

  forward(x: Tensor): Tensor {
    return ops.linear(x, this.weight.beside(x), this.bias.tensor);
  }
}
