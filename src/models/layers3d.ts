/** @file Convolutions of volumes as layers, each declaring its parameters with PyTorch's names and [Z]'s init. */
import * as ops from '../autograd/ops.ts';
import { expectNumber, expectOneOf, expectWhole } from '../kernels/checks.ts';
import { expectOptions, expectTriple } from '../kernels/options.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Declarations, type Declared, expectDeclarations } from './declare.ts';
import { kaiming, uniform } from './layers.ts';

/** What both convolutions are built from. */
export interface Conv3dSizes {
  readonly channelsIn: number;
  readonly channelsOut: number;
  /** Side of the kernel, or [depth, height, width]; 1 deep it convolves slices. */
  readonly kernel: ops.PerAxis3d;
  /** Whether there is a bias, default yes. */
  readonly bias?: boolean;
}

/** The rest as in ops.conv3d. */
export interface Conv3dLayerOptions extends Conv3dSizes, ops.Conv3dOptions {
  /** Factor on the first weight and bias, default 1. */
  readonly gain?: number;
}

/** The rest as in ops.conv3dTranspose. */
export interface ConvTranspose3dLayerOptions extends Conv3dSizes, ops.Conv3dTransposeOptions {}

const known = ['channelsIn', 'channelsOut', 'kernel', 'bias', 'stride', 'padding', 'dilation', 'relu'];

/** The kernel's sides. @throws ShapeError for sizes that are none, or unknown options */
function sidesOf(layer: string, at: Declarations, options: Conv3dSizes, rest: string) {
  expectDeclarations(layer, at);
  expectOptions(layer, options, [...known, rest]);
  expectOneOf(layer, 'bias', options.bias, [true, false, undefined]);
  for (const name of ['channelsIn', 'channelsOut'] as const) expectWhole(layer, name, options[name], 1);
  return expectTriple(layer, 'kernel', options.kernel, 1);
}

/**
 * 3-D convolution: [N, D, H, W, channelsIn] to [N, D′, H′, W′, channelsOut].
 * @example
 * const net = new Network(device, (at) => new Conv3d(at, { channelsIn: 1, channelsOut: 2, kernel: 3, padding: 1 }));
 * const result = net.forward(zeros(device, [1, 4, 4, 4, 1]), { training: false }).shape;
 * net.dispose();
 * result; // [1, 4, 4, 4, 2]
 */
export class Conv3d {
  /** [kernelDepth, kernelHeight, kernelWidth, channelsIn, channelsOut] */
  readonly weight: Declared;
  readonly bias: Declared | null;
  readonly #options: ops.Conv3dOptions;

  /** @throws ShapeError for sizes that are none, or unknown options */
  constructor(at: Declarations, options: Conv3dLayerOptions) {
    const sides = sidesOf('Conv3d', at, options, 'gain');
    const { channelsIn, channelsOut, kernel: _kernel, bias = true, gain, ...rest } = options;
    if (gain !== undefined) expectNumber('Conv3d', 'gain', gain, { least: 0 });
    this.#options = rest;
    const fanIn = sides.reduce((product, side) => product * side, channelsIn);
    this.weight = at.parameter('weight', [...sides, channelsIn, channelsOut], kaiming(fanIn, gain));
    this.bias = bias ? at.parameter('bias', [channelsOut], uniform(fanIn, gain)) : null;
  }

  forward(x: Tensor): Tensor {
    return ops.conv3d(x, this.weight.beside(x), this.bias?.tensor ?? null, this.#options);
  }
}

/**
 * Transposed 3-D convolution: [N, D, H, W, channelsIn] to [N, D′, H′, W′, channelsOut].
 * @example
 * const up = (at) => new ConvTranspose3d(at, { channelsIn: 1, channelsOut: 2, kernel: 2, stride: 2 });
 * const net = new Network(device, (at) => { const own = up(at); return { forward: (x) => own.forward(x) }; });
 * const result = net.forward(zeros(device, [1, 2, 2, 2, 1]), { training: false }).shape;
 * net.dispose();
 * result; // [1, 4, 4, 4, 2]
 */
export class ConvTranspose3d {
  /** [kernelDepth, kernelHeight, kernelWidth, channelsOut, channelsIn] */
  readonly weight: Declared;
  readonly bias: Declared | null;
  readonly #options: ops.Conv3dTransposeOptions;

  /** @throws ShapeError for sizes that are none, or unknown options */
  constructor(at: Declarations, options: ConvTranspose3dLayerOptions) {
    const sides = sidesOf('ConvTranspose3d', at, options, 'outputPadding');
    const { channelsIn, channelsOut, kernel: _kernel, bias = true, ...rest } = options;
    this.#options = rest;
    // PyTorch counts the fan-in of a transposed convolution over its output channels.
    const fanIn = sides.reduce((product, side) => product * side, channelsOut);
    this.weight = at.parameter('weight', [...sides, channelsOut, channelsIn], kaiming(fanIn));
    this.bias = bias ? at.parameter('bias', [channelsOut], uniform(fanIn)) : null;
  }

  /** Into `into`, where given. */
  forward(x: Tensor, into?: Tensor): Tensor {
    return ops.conv3dTranspose(x, this.weight.beside(x), this.bias?.tensor ?? null, this.#options, into);
  }
}
