/** @file Networks of one input and one output: of any layer, and of layers one after another. */
import * as ops from '../autograd/ops.ts';
import { ShapeError } from '../base/errors.ts';
import { describe, expectOneOf, expectWhole } from '../kernels/checks.ts';
import { expectOptions } from '../kernels/options.ts';
import { Device } from '../tensor/device.ts';
import { Tensor } from '../tensor/tensor.ts';
import { Declarations } from './declare.ts';
import { type Layer, type LayerMode, type LayerSpec, placed } from './layer.ts';
import { expectHalf, Module } from './module.ts';
import { type LayerList, sequential } from './specs.ts';

/** Of a network made of layers: first weights and precision. */
export interface NetworkOptions {
  /** Of the first weights; default 0. */
  readonly seed?: number;
  /**
   * `mixed`: what lies between input and output in f16, and convolutions and products with weights in f16; sums, norms
   * and the weights that are trained in f32. Train with a LossScaler. Default f32 throughout.
   */
  readonly precision?: 'f32' | 'mixed';
}

function expectDevice(device: Device, mixed: boolean): void {
  if (!(device instanceof Device))
    throw new ShapeError('Network', 'device', `is ${describe(device)}`, 'Pass a device of openDevice().');
  if (mixed) expectHalf(device);
}

/**
 * A network of a layer's parameters: `new Network(device, (at) => …)`. Its optimiser is
 * `new Optimizer(net.arena, …)`; `net.loadStateDict` takes the state dict of the torch.nn.Module that has the same names.
 * Dispose it, or hold it with `using`. For several inputs or outputs extend Module, as UNet does.
 * @throws ShapeError for what is no layer, or for a layer's arguments, naming it
 * @throws DeviceError for mixed precision on a device without shader-f16
 * @example
 * const net = new Network(device, (at) => new Linear(at, 2, 3));
 * const result = net.forward(zeros(device, [4, 2]), { training: false }).shape;
 * net.dispose();
 * result; // [4, 3]
 */
export class Network extends Module {
  readonly #layer: Layer;
  readonly #mixed: boolean;

  constructor(device: Device, spec: LayerSpec, options: NetworkOptions = {}) {
    expectOptions('Network', options, ['seed', 'precision']);
    const { seed = 0, precision = 'f32' } = options;
    expectWhole('Network', 'seed', seed, 0, 2 ** 32 - 1);
    const mixed = expectOneOf('Network', 'precision', precision, ['f32', 'mixed']) === 'mixed';
    expectDevice(device, mixed);
    const declarations = new Declarations();
    const layer = placed(spec, declarations);
    super(device, declarations, seed, { halves: mixed, undoable: mixed });
    this.#layer = layer;
    this.#mixed = mixed;
  }

  /**
   * The layers' output of x. In training batch norms move their running statistics, and dropouts draw from
   * `mode.random`, u32 [seed, step], written before each step.
   * @throws ShapeError naming the layer that a tensor does not fit
   */
  forward(x: Tensor, mode: LayerMode): Tensor {
    if (!(x instanceof Tensor))
      throw new ShapeError('forward', 'x', `is ${describe(x)}`, 'A tensor is needed.');
    expectOptions('forward', mode, ['training', 'random']);
    expectOneOf('forward', 'mode.training', mode.training, [true, false]);
    if (mode.training) this.countBatch();
    if (!this.#mixed) return this.#layer.forward(x, mode);
    this.arena.refreshHalves();
    return ops.cast(this.#layer.forward(ops.cast(x, 'f16'), mode), 'f32');
  }
}

/**
 * Layers one after another, as torch.nn.Sequential:
 *
 * ```ts
 * const { conv2d, batchNorm, relu, maxPool2d, flatten, linear } = layers;
 * const net = new Sequential(
 *   device,
 *   [conv2d({ channelsIn: 1, channelsOut: 8, kernel: 3, padding: 1 }), batchNorm(8), relu(), maxPool2d(2), flatten(), linear(8 * 14 * 14, 10)],
 *   { seed: 1 },
 * );
 * const logits = net.forward(images, { training: true });
 * ```
 *
 * Parameters have PyTorch's names: `0.weight`, `1.running_mean`. `layers.sequential` nests; own layers are LayerSpecs.
 * @example
 * const net = new Sequential(device, [layers.linear(2, 3), layers.relu()]);
 * const result = net.forward(zeros(device, [4, 2]), { training: false }).shape;
 * net.dispose();
 * result; // [4, 3]
 */
export class Sequential extends Network {
  constructor(device: Device, list: LayerList, options: NetworkOptions = {}) {
    super(device, sequential(list), options);
  }
}
