/** @file A network of one backbone and any heads. */
import * as ops from '../autograd/ops.ts';
import { describe } from '../base/describe.ts';
import { ConfigError, ShapeError } from '../base/errors.ts';
import { expectOneOf } from '../base/settings.ts';
import { Device } from '../tensor/device.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { Body, BodyMode, Tap } from './body.ts';
import { Declarations, expectDeclarations } from './declare.ts';
import type { Head } from './heads.ts';
import { expectMode, type Layer } from './layer.ts';
import { expectHalf, Module } from './module.ts';

/** What convolutions are computed in: f32, or f16 with sums in f32. */
export type Precision = 'f32' | 'mixed';

/** Declares a backbone that gives these taps. */
export type BodySpec = (at: Declarations, wanted: ReadonlySet<Tap>) => Body;

/** A backbone and heads, declared. */
export interface HeadedLayers {
  readonly body: Body;
  readonly heads: ReadonlyMap<Head, Layer>;
}

function expectParts(at: unknown, spec: unknown, heads: unknown, also: unknown): void {
  expectDeclarations('declareHeaded', at);
  const isHead = (head: Head | null | undefined) => typeof head?.build === 'function';
  if (typeof spec !== 'function' || !Array.isArray(heads) || !heads.every(isHead) || !Array.isArray(also))
    throw new ConfigError(
      'declareHeaded: pass declarations, a function that gives the backbone, and its heads.',
    );
}

/**
 * Declares the backbone, then the heads, then what is never called. @throws ConfigError without a head
 * @example
 * const maps = pixelHead('maps', 2);
 * const sizes = { channelsIn: 1, width: 2, depth: 2 };
 * const declare = (at) => declareHeaded(at, (from, taps) => new UNetBody(from, sizes, taps), [maps]);
 * [...declare(new Declarations()).heads.keys()].map(({ path }) => path); // ["maps"]
 */
export function declareHeaded(
  at: Declarations,
  spec: BodySpec,
  heads: readonly Head[],
  also: readonly Tap[] = [],
): HeadedLayers {
  expectParts(at, spec, heads, also);
  const body = spec(at, new Set([...heads.map(({ tap }) => tap), ...also]));
  if (typeof body?.channels !== 'object' || typeof body.forward !== 'function')
    throw new ConfigError(
      `declareHeaded: the backbone is ${describe(body)}. Return one: { channels, check, forward }.`,
    );
  const built = heads.map((head) => {
    const features = body.channels[head.tap];
    if (features === undefined)
      throw new ConfigError(
        `Head ${head.path} reads the ${head.tap} features, which this network does not have.`,
      );
    return [head, head.build(at.at(head.path), features)] as const;
  });
  body.declareUnused?.();
  return { body, heads: new Map(built) };
}

/** Of a network with heads: first weights and precision. */
export interface HeadedOptions {
  /** Of the first weights; default 0. */
  readonly seed?: number;
  /**
   * `mixed`: images and weights of the convolutions in f16, sums, norms, statistics, pooled heads and the weights that
   * are trained in f32. Default f32 throughout.
   */
  readonly precision?: Precision;
}

/** The options. @throws ConfigError for arguments of a network that are none */
function expectNetwork(device: unknown, declare: unknown, options: HeadedOptions): HeadedOptions {
  if (!(device instanceof Device) || typeof declare !== 'function')
    throw new ConfigError(
      `A network got ${describe(device)} and ${describe(declare)}. Pass a device of openDevice() and what declares its layers.`,
    );
  if (typeof options !== 'object' || options === null)
    throw new ConfigError(`options of a network are ${describe(options)}. Pass { seed, precision }.`);
  expectOneOf('precision of a network', options.precision, ['f32', 'mixed', undefined]);
  return options;
}

/** What one forward pass gives: each head's output, by the head. */
export type Outputs = (head: Head) => Tensor;

const withoutHead = ({ path }: Head): ConfigError =>
  new ConfigError(`The network was built without head ${path}. Build it with the heads it is asked for.`);

function outputOf(outputs: ReadonlyMap<Head, Tensor>, head: Head): Tensor {
  const output = outputs.get(head);
  if (output) return output;
  throw withoutHead(head);
}

/**
 * A backbone with heads. Dispose it, or hold it with `using`.
 * @throws DeviceError for mixed precision on a device without shader-f16
 * @example
 * const maps = pixelHead('maps', 2);
 * const sizes = { channelsIn: 1, width: 2, depth: 2 };
 * const declare = (at) => declareHeaded(at, (from, taps) => new UNetBody(from, sizes, taps), [maps]);
 * const net = new HeadedNetwork(device, declare);
 * const result = net.run(zeros(device, [1, 8, 8, 1]), { training: false }).output(maps).shape;
 * net.dispose();
 * result; // [1, 8, 8, 2]
 */
export class HeadedNetwork extends Module {
  readonly heads: readonly Head[];
  readonly #layers: HeadedLayers;
  readonly #mixed: boolean;

  constructor(device: Device, declare: (at: Declarations) => HeadedLayers, options: HeadedOptions = {}) {
    const { seed = 0, precision = 'f32' } = expectNetwork(device, declare, options);
    const declarations = new Declarations();
    const layers = declare(declarations);
    if (!(layers?.heads instanceof Map))
      throw new ConfigError(`A network's layers are ${describe(layers)}. Return what declareHeaded() gives.`);
    const mixed = precision === 'mixed';
    if (mixed) expectHalf(device);
    super(device, declarations, seed, { halves: mixed, undoable: mixed });
    this.heads = [...layers.heads.keys()];
    this.#layers = layers;
    this.#mixed = mixed;
  }

  /**
   * The features and the outputs of heads, for images [N, H, W, channels].
   * @param heads those whose outputs are wanted; default all
   * @throws ShapeError for images that do not fit
   */
  run(
    x: Tensor,
    mode: BodyMode,
    heads: readonly Head[] = this.heads,
  ): { features: ReturnType<Body['forward']>; output: Outputs } {
    const { body } = this.#layers;
    if (!(x instanceof Tensor))
      throw new ShapeError('forward', 'x', `is ${describe(x)}`, 'A tensor is needed.');
    expectMode('forward', mode);
    body.check(x);
    if (mode.training) this.countBatch(mode.again);
    if (this.#mixed) this.arena.refreshHalves();
    const features = body.forward(this.#mixed ? ops.cast(x, 'f16') : x, mode);
    const outputs = new Map(
      heads.map((head) => {
        const output = this.#layerOf(head).forward(features[head.tap]!, mode);
        return [head, head.tap === 'pixels' && body.enlarge ? body.enlarge(output, x) : output] as const;
      }),
    );
    return { features, output: (head) => outputOf(outputs, head) };
  }

  #layerOf(head: Head): Layer {
    const layer = this.#layers.heads.get(head);
    if (layer) return layer;
    throw withoutHead(head);
  }
}
