/** @file The U-Net of Zhang et al. 2024, of any width and depth, with a heatmap head and a slice-location head. */
import * as ops from '../autograd/ops.ts';
import { ConfigError, DeviceError, ShapeError } from '../base/errors.ts';
import type { Device } from '../tensor/device.ts';
import { formatShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { DecoderBlock, EncoderBlock, type Skip } from './blocks.ts';
import { Declarations } from './declare.ts';
import { Conv2d, Linear } from './layers.ts';
import { Module } from './module.ts';

export type Precision = 'f32' | 'mixed';

export interface UNetOptions {
  /** Image channels, default 1. */
  readonly channelsIn?: number;
  /** Channels of the first level; each level below has twice as many. */
  readonly width: number;
  /** Levels, the centre included; default 5. */
  readonly depth?: number;
  /** Output maps: one a reference view, or one a class; with 0 there is no decoder. */
  readonly heatmaps: number;
  /** Whether the centre also predicts one number, the slice location. */
  readonly locationHead: boolean;
  /** Features of the location head's hidden layer, default 128. */
  readonly hidden?: number;
  /** Dropout of the location head, default 0.5. */
  readonly dropout?: number;
  /**
   * Factor on the first weights of the heatmaps' 1×1 convolution, default 1. Below 1 the maps start near 0, which most
   * of their target is: from larger ones a narrow decoder without batch norm may learn to be silent for good.
   */
  readonly headGain?: number;
  /** Whether to hold the authors' two layers that are never called, so that state dicts map one to one; default no. */
  readonly unusedLayers?: boolean;
  /** Of the first weights; default 0. */
  readonly seed?: number;
  /**
   * `mixed`: images and weights of the convolutions in f16, sums, norms, statistics, the location head and the weights
   * that are trained in f32. Default f32 throughout.
   */
  readonly precision?: Precision;
}

/** The published network ([Z], 32,349,828 parameters with two views), and one a sixteenth of its size. */
export const unetPresets = {
  zhang2024: { width: 64, depth: 5, locationHead: true, hidden: 128, dropout: 0.5, unusedLayers: true },
  small: { width: 16, depth: 5, locationHead: true, hidden: 128, dropout: 0.5, unusedLayers: false },
} as const satisfies Record<string, Omit<UNetOptions, 'heatmaps'>>;

export type UNetPreset = keyof typeof unetPresets;

export interface ForwardMode {
  /** Batch statistics and dropout (training), or running statistics. */
  readonly training: boolean;
  /** Seed and step for dropout; needed in training where dropout is above 0. */
  readonly random?: Tensor;
  /** Whether backward computes what is inside the blocks again, rather than have it kept (`ops.recompute`); default no. */
  readonly recompute?: boolean;
}

export interface UNetOutputs {
  /** [N, H, W, heatmaps], linear; null without a decoder. f16 in mixed precision. */
  readonly heatmaps: Tensor | null;
  /** [N, 1], or null without a location head. */
  readonly location: Tensor | null;
  /** The deepest features, [N, H/2^(depth−1), W/2^(depth−1), width·2^(depth−1)]. f16 in mixed precision. */
  readonly centre: Tensor;
}

const defaults = {
  ...{ channelsIn: 1, depth: 5, hidden: 128, dropout: 0.5, headGain: 1, unusedLayers: false, seed: 0 },
  precision: 'f32' as const,
};

export type Settings = Required<UNetOptions>;

const DROPOUT_STREAM = 1;

/** Maximum over the map, linear, dropout, ReLU, linear: [N, h, w, C] to [N, 1]. */
class LocationHead {
  readonly #hidden: Linear;
  readonly #out: Linear;
  readonly #dropout: number;

  constructor(at: Declarations, channels: number, hidden: number, dropout: number) {
    this.#hidden = new Linear(at.at('0'), channels, hidden);
    this.#out = new Linear(at.at('3'), hidden, 1);
    this.#dropout = dropout;
  }

  forward(centre: Tensor, { training, random }: ForwardMode): Tensor {
    const strongest = ops.globalMaxPool(centre);
    const features = this.#hidden.forward(centre.dtype === 'f16' ? ops.cast(strongest, 'f32') : strongest);
    const kept = training && this.#dropout > 0 ? this.#drop(features, random) : features;
    return this.#out.forward(ops.relu(kept));
  }

  #drop(features: Tensor, random: Tensor | undefined): Tensor {
    if (!random)
      throw new ConfigError(
        'UNet.forward in training needs `random` for dropout. Pass it, or build with dropout 0.',
      );
    return ops.dropout(features, random, { p: this.#dropout, stream: DROPOUT_STREAM });
  }
}

/** From the centre back to the image's size, and to the heatmaps by a 1×1 convolution. */
class Decoder {
  /** Deepest first. */
  readonly #blocks: readonly DecoderBlock[];
  readonly #final: Conv2d;

  constructor(at: Declarations, { width, depth, heatmaps, headGain }: Settings) {
    const levels = Array.from({ length: depth - 1 }, (_, i) => depth - 2 - i);
    this.#blocks = levels.map(
      (level) =>
        new DecoderBlock(at.at(`up_concat${level + 1}`), width * 2 ** (level + 1), width * 2 ** level),
    );
    const final = { channelsIn: width, channelsOut: heatmaps, kernel: 1, gain: headGain };
    this.#final = new Conv2d(at.at('final'), final);
  }

  /** `skips` shallowest first. */
  forward(centre: Tensor, skips: readonly Skip[], recompute?: boolean): Tensor {
    const deep = this.#blocks.reduce((y, block, i) => block.forward(y, skips.at(-1 - i)!, recompute), centre);
    return this.#final.forward(deep);
  }
}

interface Layers {
  readonly encoder: readonly EncoderBlock[];
  readonly centre: EncoderBlock;
  readonly decoder: Decoder | null;
  readonly head: LocationHead | null;
}

/** Declares the network in PyTorch's names; the layers never called come last, so that the used ones are one run. */
function declareLayers(at: Declarations, settings: Settings): Layers {
  const { channelsIn, width, depth, hidden, dropout } = settings;
  const channels = (level: number): number => (level < 0 ? channelsIn : width * 2 ** level);
  const block = (name: string, level: number) =>
    new EncoderBlock(at.at(name), channels(level - 1), channels(level));
  const encoder = Array.from({ length: depth - 1 }, (_, level) => block(`conv${level + 1}`, level));
  const centre = block('center', depth - 1);
  const decoder = settings.heatmaps > 0 ? new Decoder(at, settings) : null;
  const deepest = channels(depth - 1);
  const head = settings.locationHead
    ? new LocationHead(at.at('global_layers'), deepest, hidden, dropout)
    : null;
  if (settings.unusedLayers) declareUnused(at, deepest, channels(1));
  return { encoder, centre, decoder, head };
}

function declareUnused(at: Declarations, deepest: number, second: number): void {
  new Conv2d(at.at('conv1_label'), { channelsIn: deepest, channelsOut: second, kernel: 3, padding: 1 });
  new Conv2d(at.at('conv2_label'), { channelsIn: second, channelsOut: 1, kernel: 1 });
}

/** What a U-Net with these options is made of, without a device. Throws ConfigError as the constructor does. */
export function declareUNet(options: UNetOptions): Declarations {
  const declarations = new Declarations();
  declareLayers(declarations, settingsOf(options));
  return declarations;
}

function settingsOf(options: UNetOptions): Settings {
  const settings: Settings = { ...defaults, ...options };
  const least = { channelsIn: 1, width: 1, depth: 2, heatmaps: settings.locationHead ? 0 : 1, hidden: 1 };
  for (const [name, minimum] of Object.entries(least) as [keyof typeof least, number][]) {
    if (Number.isInteger(settings[name]) && settings[name] >= minimum) continue;
    throw new ConfigError(`UNet.${name} is ${settings[name]}. Use a whole number of at least ${minimum}.`);
  }
  if (!(settings.dropout >= 0 && settings.dropout < 1))
    throw new ConfigError(`UNet.dropout is ${settings.dropout}. Use a number in [0, 1).`);
  return settings;
}

/** Throws DeviceError unless the device computes in f16. */
function expectHalf({ caps }: Device): void {
  if (caps.f16) return;
  const fix = 'Use precision f32, or an adapter that has it: most GPUs, and Mesa’s lavapipe.';
  throw new DeviceError(`Mixed precision needs shader-f16, which ${caps.description} lacks. ${fix}`);
}

/**
 * Encoder and centre of 3×3 convolutions with batch norm, decoder without, as [Z] published it (paper §3).
 * Dispose it, or hold it with `using`.
 * @throws ConfigError for options out of range
 * @throws DeviceError for mixed precision on a device without shader-f16
 */
export class UNet extends Module {
  readonly options: Settings;
  readonly #layers: Layers;

  constructor(device: Device, options: UNetOptions) {
    const settings = settingsOf(options);
    const declarations = new Declarations();
    const layers = declareLayers(declarations, settings);
    const mixed = settings.precision === 'mixed';
    if (mixed) expectHalf(device);
    super(device, declarations, settings.seed, { halves: mixed, undoable: mixed });
    this.options = settings;
    this.#layers = layers;
  }

  /**
   * Image [N, H, W, channelsIn] to heatmaps, location and centre.
   * @throws ShapeError unless H and W are multiples of 2^(depth−1)
   */
  forward(x: Tensor, mode: ForwardMode): UNetOutputs {
    this.#check(x);
    const { encoder, decoder, head } = this.#layers;
    if (mode.training) this.countBatch();
    const skips: Skip[] = [];
    let y = this.#input(x);
    for (const [level, block] of encoder.entries()) {
      const channels = this.options.width * 2 ** level;
      const [place, into] = decoder
        ? ops.sideBySide(x.device, y.shape.slice(0, 3), [channels, channels], y.dtype)
        : [];
      const skip = block.forward(y, mode, into);
      skips.push({ skip, place });
      y = ops.maxPool2d(skip, { kernel: 2, stride: 2 });
    }
    const centre = this.#layers.centre.forward(y, mode);
    return {
      heatmaps: decoder?.forward(centre, skips, mode.recompute) ?? null,
      location: head?.forward(centre, mode) ?? null,
      centre,
    };
  }

  /** The image in the dtype the convolutions compute with, and their weights brought up to date in it. */
  #input(x: Tensor): Tensor {
    if (this.options.precision === 'f32') return x;
    this.arena.refreshHalves();
    return ops.cast(x, 'f16');
  }

  #check({ shape }: Tensor): void {
    const { channelsIn, depth } = this.options;
    const step = 2 ** (depth - 1);
    const [, height = 0, width = 0, channels] = shape;
    if (shape.length === 4 && channels === channelsIn && height % step === 0 && width % step === 0) return;
    throw new ShapeError(
      'UNet',
      'x',
      `has shape ${formatShape(shape)}`,
      `[N, H, W, ${channelsIn}] is needed, with H and W multiples of ${step}; crop or pad the image.`,
    );
  }
}
