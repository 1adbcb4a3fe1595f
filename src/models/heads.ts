/** @file Heads: what turns a backbone's features into one output, a map over the pixels or numbers for the whole image. */
import * as ops from '../autograd/ops.ts';
import { describe } from '../base/describe.ts';
import { ConfigError } from '../base/errors.ts';
import { fnv1a } from '../base/hash.ts';
import { expectNumber, expectOneOf, expectSettings, expectWhole } from '../base/settings.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Tap } from './body.ts';
import type { Declarations } from './declare.ts';
import type { Layer, LayerMode } from './layer.ts';
import { Conv2d, Linear } from './layers.ts';

/** An output of a network; itself the key under which its output is found. */
export interface Head {
  /** Which features it reads. */
  readonly tap: Tap;
  /** Where its parameters are in the state dict. */
  readonly path: string;
  /** Numbers it gives for each pixel or image. */
  readonly channels: number;
  /** Declares its parameters; `features` channels come in. */
  build(at: Declarations, features: number): Layer;
}

function expectHead(call: string, path: unknown, channels: unknown): void {
  if (typeof path !== 'string' || path === '')
    throw new ConfigError(`${call} got ${describe(path)} for its path. Pass a name, such as 'final'.`);
  expectWhole(`channels of ${call}`, channels, 1);
}

export interface PixelHeadOptions {
  /**
   * Factor on the first weights, default 1. Below 1 the maps start near 0, which most of a heatmap is: from larger
   * ones a narrow decoder without batch norm may learn to be silent for good.
   */
  readonly gain?: number;
  /** Whether a sigmoid follows, default no. */
  readonly sigmoid?: boolean;
}

/** A 1×1 convolution over the pixels' features: [N, H, W, features] to [N, H, W, channels], linear unless told otherwise. */
export function pixelHead(path: string, channels: number, options: PixelHeadOptions = {}): Head {
  expectHead('pixelHead', path, channels);
  expectSettings('pixelHead', options, ['gain', 'sigmoid']);
  const { gain = 1, sigmoid = false } = options;
  expectNumber('pixelHead.gain', gain);
  expectOneOf('pixelHead.sigmoid', sigmoid, [true, false]);
  return {
    tap: 'pixels',
    path,
    channels,
    build(at, features) {
      const conv = new Conv2d(at, { channelsIn: features, channelsOut: channels, kernel: 1, gain });
      return sigmoid ? { forward: (x) => ops.sigmoid(conv.forward(x)) } : conv;
    },
  };
}

export interface PooledHeadOptions {
  /** Width of the hidden layer. */
  readonly hidden: number;
  /** Of the hidden layer in training: from 0, below 1. */
  readonly dropout: number;
}

/** The stream of a head's dropout follows from its name; that of the published network was counted. */
const streamOf = (path: string): number => (path === 'global_layers' ? 1 : fnv1a(path));

/** Maximum over the map, linear, dropout, ReLU, linear. */
class PooledLayers {
  readonly #hidden: Linear;
  readonly #out: Linear;
  readonly #dropout: number;
  readonly #stream: number;

  constructor(at: Declarations, features: number, channels: number, options: PooledHeadOptions) {
    this.#hidden = new Linear(at.at('0'), features, options.hidden);
    this.#out = new Linear(at.at('3'), options.hidden, channels);
    this.#dropout = options.dropout;
    this.#stream = streamOf(at.path);
  }

  forward(centre: Tensor, { training, random }: LayerMode): Tensor {
    const strongest = ops.globalMaxPool(centre);
    const features = this.#hidden.forward(centre.dtype === 'f16' ? ops.cast(strongest, 'f32') : strongest);
    const kept = training && this.#dropout > 0 ? this.#drop(features, random) : features;
    return this.#out.forward(ops.relu(kept));
  }

  #drop(features: Tensor, random: Tensor | undefined): Tensor {
    if (random) return ops.dropout(features, random, { p: this.#dropout, stream: this.#stream });
    throw new ConfigError(
      'forward in training needs `random` for dropout. Pass it, or build the network with dropout 0.',
    );
  }
}

/**
 * Numbers for the whole image from its deepest features: maximum over the map, linear, dropout, ReLU, linear ([Z]'s
 * global_layers): [N, h, w, features] to [N, channels], f32 in mixed precision too.
 */
export function pooledHead(path: string, channels: number, options: PooledHeadOptions): Head {
  expectHead('pooledHead', path, channels);
  expectSettings('pooledHead', options, ['hidden', 'dropout']);
  expectWhole('pooledHead.hidden', options.hidden, 1);
  expectNumber('pooledHead.dropout', options.dropout, { below: 1 });
  return {
    tap: 'centre',
    path,
    channels,
    build: (at, features) => new PooledLayers(at, features, channels, options),
  };
}
