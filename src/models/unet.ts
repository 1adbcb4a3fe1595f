/** @file The U-Net of Zhang et al. 2024, of any width and depth, with a heatmap head and a slice-location head. */
import { ConfigError } from '../base/errors.ts';
import type { Device } from '../tensor/device.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { BodyMode } from './body.ts';
import { Declarations } from './declare.ts';
import { declareHeaded, type HeadedLayers, HeadedNetwork, type Precision } from './headed.ts';
import { type Head, pixelHead, pooledHead } from './heads.ts';
import { UNetBody } from './unetBody.ts';

/** Of a `UNet`: size and heads. */
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

/** Names of sizes. */
export type UNetPreset = keyof typeof unetPresets;

export type { Precision } from './headed.ts';
/** How a U-Net runs. */
export type ForwardMode = BodyMode;

/** What a forward pass gives. */
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

/** A U-Net’s options, none left out. */
export type Settings = Required<UNetOptions>;

/** The heads of a U-Net with these settings; null for one it has not. */
interface Heads {
  readonly heatmaps: Head | null;
  readonly location: Head | null;
}

function headsOf({ heatmaps, locationHead, headGain, hidden, dropout }: Settings): Heads {
  return {
    heatmaps: heatmaps > 0 ? pixelHead('final', heatmaps, { gain: headGain }) : null,
    location: locationHead ? pooledHead('global_layers', 1, { hidden, dropout }) : null,
  };
}

const present = ({ heatmaps, location }: Heads): Head[] =>
  [heatmaps, location].filter((head) => head !== null);

const declareLayers = (at: Declarations, settings: Settings, heads: Heads): HeadedLayers =>
  declareHeaded(at, (inside, wanted) => new UNetBody(inside, settings, wanted), present(heads));

/**
 * What a U-Net with these options is made of, without a device. Throws ConfigError as the constructor does.
 * @example
 * declareUNet({ width: 2, depth: 2, heatmaps: 1, locationHead: false }) instanceof Declarations; // true
 */
export function declareUNet(options: UNetOptions): Declarations {
  const declarations = new Declarations();
  const settings = settingsOf(options);
  declareLayers(declarations, settings, headsOf(settings));
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

/**
 * The published U-Net with its two heads, for use as a library; training builds the same network from its backbone and
 * the heads of its tasks. Dispose it, or hold it with `using`.
 * @throws ConfigError for options out of range
 * @throws DeviceError for mixed precision on a device without shader-f16
 * @example
 * const net = new UNet(device, { width: 2, depth: 2, heatmaps: 3, locationHead: false });
 * const result = net.forward(zeros(device, [1, 8, 8, 1]), { training: false }).heatmaps.shape;
 * net.dispose();
 * result; // [1, 8, 8, 3]
 */
export class UNet extends HeadedNetwork {
  readonly options: Settings;
  readonly #heads: Heads;

  constructor(device: Device, options: UNetOptions) {
    const settings = settingsOf(options);
    const heads = headsOf(settings);
    super(device, (at) => declareLayers(at, settings, heads), settings);
    this.options = settings;
    this.#heads = heads;
  }

  /**
   * Image [N, H, W, channelsIn] to heatmaps, location and centre.
   * @throws ShapeError unless H and W are multiples of 2^(depth−1)
   */
  forward(x: Tensor, mode: ForwardMode): UNetOutputs {
    const { heatmaps, location } = this.#heads;
    const { features, output } = this.run(x, mode);
    return {
      heatmaps: heatmaps && output(heatmaps),
      location: location && output(location),
      centre: features.centre!,
    };
  }
}
