/**
 * @file Heads: what turns a backbone's features into one output, a map over the pixels or numbers for the whole image, or
 * for a group of images.
 */
import * as ops from '../autograd/ops.ts';
import { describe } from '../base/describe.ts';
import { ConfigError, ShapeError } from '../base/errors.ts';
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
  /** Numbers it gives for each pixel, image or group of images. */
  readonly channels: number;
  /** Of a head that makes a map of its own from features of another size: its side, pixels. */
  readonly side?: number;
  /** Of a head that reads images together: how many. The batch is as many times that as it has outputs. */
  readonly group?: number;
  /** Declares its parameters; `features` channels come in. */
  build(at: Declarations, features: number): Layer;
}

/** @throws ConfigError for a path or a number of channels that is none */
export function expectHead(call: string, path: unknown, channels: unknown): void {
  if (typeof path !== 'string' || path === '')
    throw new ConfigError(`${call} got ${describe(path)} for its path. Pass a name, such as 'final'.`);
  expectWhole(`channels of ${call}`, channels, 1);
}

/** Of `pixelHead`. */
export interface PixelHeadOptions {
  /**
   * Factor on the first weights, default 1. Below 1 the maps start near 0, which most of a heatmap is: from larger
   * ones a narrow decoder without batch norm may learn to be silent for good.
   */
  readonly gain?: number;
  /** Whether a sigmoid follows, default no. */
  readonly sigmoid?: boolean;
}

/**
 * A 1×1 convolution over the pixels' features: [N, H, W, features] to [N, H, W, channels], linear unless told otherwise.
 * @example
 * pixelHead('maps', 2).tap; // "pixels"
 */
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

/** Of `pooledHead`. */
export interface PooledHeadOptions {
  /** Width of the hidden layer. */
  readonly hidden: number;
  /** Of the hidden layer in training: from 0, below 1. */
  readonly dropout: number;
}

/** The stream of a head's dropout follows from its name; that of the published network was counted. */
const streamOf = (path: string): number => (path === 'global_layers' ? 1 : fnv1a(path));

/** Linear, dropout, ReLU, linear. */
class HiddenLayers {
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

  forward(x: Tensor, { training, random }: LayerMode): Tensor {
    const features = this.#hidden.forward(x);
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

/** Maxima over the maps [N, h, w, C], [N, C], f32. */
function strongest(centre: Tensor): Tensor {
  const most = ops.globalMaxPool(centre);
  return centre.dtype === 'f16' ? ops.cast(most, 'f32') : most;
}

function expectHidden(call: string, { hidden, dropout }: PooledHeadOptions): void {
  expectWhole(`${call}.hidden`, hidden, 1);
  expectNumber(`${call}.dropout`, dropout, { below: 1 });
}

/**
 * Numbers for the whole image from its deepest features: maximum over the map, linear, dropout, ReLU, linear ([Z]'s
 * global_layers): [N, h, w, features] to [N, channels], f32 in mixed precision too.
 * @example
 * pooledHead('group', 5, { hidden: 16, dropout: 0 }).path; // "group"
 */
export function pooledHead(path: string, channels: number, options: PooledHeadOptions): Head {
  expectHead('pooledHead', path, channels);
  expectSettings('pooledHead', options, ['hidden', 'dropout']);
  expectHidden('pooledHead', options);
  return {
    tap: 'centre',
    path,
    channels,
    build(at, features) {
      const layers = new HiddenLayers(at, features, channels, options);
      return { forward: (centre, mode) => layers.forward(strongest(centre), mode) };
    },
  };
}

/** Of `groupedHead`. */
export interface GroupedHeadOptions extends PooledHeadOptions {
  /** Tiles of an example. */
  readonly tiles: number;
  /** Images of a tile, one after another in the batch: slices, say. Default 1. */
  readonly slices?: number;
  /** Numbers that each tile is brought to, by one layer for all. */
  readonly width: number;
}

/**
 * Numbers for a group of images from their deepest features (Noroozi and Favaro 2016): of each the maximum over the map;
 * those of a tile's slices side by side; linear and ReLU, the same for every tile; the tiles side by side; linear,
 * dropout, ReLU, linear. [N·tiles·slices, h, w, features] to [N, channels], f32 in mixed precision too.
 * @example
 * groupedHead('order', 100, { tiles: 9, width: 8, hidden: 16, dropout: 0 }).path; // "order"
 */
export function groupedHead(path: string, channels: number, options: GroupedHeadOptions): Head {
  expectHead('groupedHead', path, channels);
  expectSettings('groupedHead', options, ['tiles', 'slices', 'width', 'hidden', 'dropout']);
  const { tiles, slices = 1, width } = options;
  for (const [name, value] of Object.entries({ tiles, slices, width }))
    expectWhole(`groupedHead.${name}`, value, 1);
  expectHidden('groupedHead', options);
  const group = tiles * slices;
  return {
    tap: 'centre',
    path,
    channels,
    group,
    build(at, features) {
      const each = new Linear(at.at('tile'), slices * features, width);
      const layers = new HiddenLayers(at, tiles * width, channels, options);
      return {
        forward(centre, mode) {
          const images = centre.shape[0]!;
          if (images % group !== 0)
            throw new ShapeError(
              'groupedHead',
              'x',
              `has ${images} images`,
              `Head ${path} reads groups of ${group}.`,
            );
          const own = ops.reshape(strongest(centre), [images / slices, slices * features]);
          const narrow = ops.relu(each.forward(own));
          return layers.forward(ops.reshape(narrow, [images / group, tiles * width]), mode);
        },
      };
    },
  };
}

/** Of `gridHead`. */
export interface GridHeadOptions extends PooledHeadOptions {
  /** Cells along each side of the map. */
  readonly cells: number;
  /** Numbers that each cell is brought to, by one layer for all. */
  readonly width: number;
}

/**
 * Numbers for an image of cells from its deepest features: of each cell the maximum over its part of the map; linear and
 * ReLU, the same for every cell; the cells side by side, row by row; linear, dropout, ReLU, linear. [N, h, w, features] to
 * [N, channels], f32 in mixed precision too.
 * @example
 * gridHead('order', 100, { cells: 3, width: 8, hidden: 16, dropout: 0 }).path; // "order"
 */
export function gridHead(path: string, channels: number, options: GridHeadOptions): Head {
  expectHead('gridHead', path, channels);
  expectSettings('gridHead', options, ['cells', 'width', 'hidden', 'dropout']);
  const { cells, width } = options;
  for (const [name, value] of Object.entries({ cells, width })) expectWhole(`gridHead.${name}`, value, 1);
  expectHidden('gridHead', options);
  return {
    tap: 'centre',
    path,
    channels,
    build(at, features) {
      const each = new Linear(at.at('cell'), features, width);
      const layers = new HiddenLayers(at, cells ** 2 * width, channels, options);
      return {
        forward(centre, mode) {
          const [images, height, side] = centre.shape as [number, number, number];
          if (height !== side || side % cells !== 0)
            throw new ShapeError(
              'gridHead',
              'x',
              `has features of ${height}×${side} px`,
              `Head ${path} reads squares that ${cells} cells divide.`,
            );
          const kernel = side / cells;
          const most = ops.maxPool2d(centre, { kernel, stride: kernel });
          const own = ops.reshape(most, [images * cells ** 2, features]);
          const narrow = ops.relu(each.forward(own.dtype === 'f16' ? ops.cast(own, 'f32') : own));
          return layers.forward(ops.reshape(narrow, [images, cells ** 2 * width]), mode);
        },
      };
    },
  };
}
