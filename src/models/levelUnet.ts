/** @file nnU-Net's two networks, of volumes and of images: plain and residual encoder, deep supervision (Isensee et al. 2021, 2024). */
import * as ops from '../autograd/ops.ts';
import { describe } from '../base/describe.ts';
import { ConfigError, ShapeError } from '../base/errors.ts';
import { Device } from '../tensor/device.ts';
import { formatShape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { BodyMode } from './body.ts';
import { Declarations } from './declare.ts';
import { expectMode } from './layer.ts';
import {
  type LevelSettings,
  type PlainConvUNetOptions,
  type ResidualEncoderUNetOptions,
  settingsOf,
} from './levelSettings.ts';
import { multiplesOf, type UNetLevel } from './levels.ts';
import { expectHalf, Module } from './module.ts';
import { type Block, ConvStack, convolution, enlarging, ResidualStack, type UnitSizes } from './units.ts';

/** Declares the encoder's levels at `encoder`. */
export type EncoderSpec = (
  at: Declarations,
  sizes: readonly UnitSizes[],
  counts: readonly number[],
) => Encoder;

/** The way down of a U-Net: its levels, finest first. */
export interface Encoder {
  /** In front of the first level. */
  readonly stem?: Block;
  readonly stages: readonly Block[];
}

/** One level of the way up: what brings the level below to its sides, what joins it to the skip, and its output. */
interface Step {
  readonly up: ReturnType<typeof enlarging>;
  readonly join: Block;
  readonly output: ReturnType<typeof convolution>;
}

/** The way up at `decoder`, deepest first. */
function decoderOf(at: Declarations, { levels, channels, classes, decoder }: LevelSettings): Step[] {
  const ones = levels[0]!.kernel.map(() => 1);
  return decoder.map((_, i) => {
    const level = levels.length - 2 - i;
    const [own, below] = [channels[level]!, channels[level + 1]!];
    const joined = { channelsIn: 2 * own, channelsOut: own, kernel: levels[level]!.kernel, stride: ones };
    const output = { channelsIn: own, channelsOut: classes, kernel: ones, stride: ones };
    return {
      up: enlarging(at.at('transpconvs').at(`${i}`), below, own, levels[level + 1]!.stride),
      join: new ConvStack(at.at('stages').at(`${i}`), joined, decoder[level]!),
      output: convolution(at.at('seg_layers').at(`${i}`), output),
    };
  });
}

/**
 * A U-Net of levels that shrink as their strides say, with an output at every level but the deepest. Parameters have the
 * names of nnU-Net's networks (`encoder.stages`, `decoder.transpconvs`, `decoder.stages`, `decoder.seg_layers`), each once.
 * @example
 * const { levels } = planLevels([1, 1, 1], [8, 8, 8]);
 * const net = new PlainConvUNet(device, { channelsIn: 1, classes: 2, levels, channels: levels.map((_, i) => 2 << i) });
 * const result = net.levels.length === levels.length;
 * net.dispose();
 * result; // true
 */
export class LevelUNet extends Module {
  /** Finest first. */
  readonly levels: readonly UNetLevel[];
  /** Of each level. */
  readonly channels: readonly number[];
  readonly #settings: LevelSettings;
  readonly #call: string;
  readonly #encoder: Encoder;
  readonly #decoder: readonly Step[];
  readonly #multiples: readonly number[];

  constructor(device: Device, call: string, settings: LevelSettings, spec: EncoderSpec) {
    const mixed = settings.precision === 'mixed';
    if (!(device instanceof Device))
      throw new ConfigError(`${call} got ${describe(device)} for its device. Pass one of openDevice().`);
    if (mixed) expectHalf(device);
    const at = new Declarations();
    const { levels, channels, channelsIn } = settings;
    const sizes = levels.map((level, i) => ({
      ...level,
      channelsIn: channels[i - 1] ?? channelsIn,
      channelsOut: channels[i]!,
    }));
    const encoder = spec(at.at('encoder'), sizes, settings.encoder);
    const decoder = decoderOf(at.at('decoder'), settings);
    super(device, at, settings.seed, { halves: mixed, undoable: mixed });
    this.levels = levels;
    this.channels = channels;
    this.#settings = settings;
    this.#call = call;
    this.#encoder = encoder;
    this.#decoder = decoder;
    this.#multiples = multiplesOf(levels);
  }

  /**
   * Logits [N, …sides, classes] of images [N, …sides, channelsIn], f32.
   * @throws ShapeError unless the sides are multiples of the strides' products
   */
  forward(x: Tensor, mode: BodyMode): Tensor {
    const features = this.#features(x, mode);
    return this.#outputs([features.at(-1)!], this.#decoder.slice(-1))[0]!;
  }

  /**
   * Logits of every level but the deepest, finest first, each as the level's sides: for `deepSupervision`.
   * @throws ShapeError as forward
   */
  supervised(x: Tensor, mode: BodyMode): Tensor[] {
    return this.#outputs(this.#features(x, mode), this.#decoder).reverse();
  }

  #outputs(features: readonly Tensor[], steps: readonly Step[]): Tensor[] {
    return steps.map(({ output }, i) => {
      const logits = output.forward(features[i]!);
      return logits.dtype === 'f16' ? ops.cast(logits, 'f32') : logits;
    });
  }

  /** What each level of the way up makes, deepest first. */
  #features(x: Tensor, mode: BodyMode): Tensor[] {
    this.#expectImages(x);
    expectMode(this.#call, mode);
    if (mode.training) this.countBatch(mode.again);
    const mixed = this.#settings.precision === 'mixed';
    if (mixed) this.arena.refreshHalves();
    const { stem, stages } = this.#encoder;
    const image = mixed ? ops.cast(x, 'f16') : x;
    let y = stem ? stem.forward(image, mode) : image;
    const skips = stages.map((stage) => {
      y = stage.forward(y, mode);
      return y;
    });
    return this.#decoder.map(({ up, join }, i) => {
      y = join.forward(ops.concat([up.forward(y), skips.at(-2 - i)!]), mode);
      return y;
    });
  }

  #expectImages(x: Tensor): void {
    if (!(x instanceof Tensor))
      throw new ShapeError(this.#call, 'x', `is ${describe(x)}`, 'A tensor is needed.');
    const { channelsIn } = this.#settings;
    const [, ...sides] = x.shape.slice(0, -1);
    const fits = this.#multiples.every((by, axis) => sides[axis]! > 0 && sides[axis]! % by === 0);
    if (fits && x.shape.length === this.#multiples.length + 2 && x.shape.at(-1) === channelsIn) return;
    const names = ['D', 'H', 'W'].slice(-this.#multiples.length);
    const multiples = this.#multiples.map((by, axis) => `${names[axis]} a multiple of ${by}`).join(', ');
    const fix = `[N, ${names.join(', ')}, ${channelsIn}] is needed, ${multiples}; pad it, or use planLevels' patch.`;
    throw new ShapeError(this.#call, 'x', `has shape ${formatShape(x.shape)}`, fix);
  }
}

/**
 * nnU-Net's U-Net (Isensee et al., Nature Methods 2021) of volumes or images: levels of convolutions with instance norm and
 * leaky ReLU, the first of a level with its stride; transposed convolutions on the way up. Dispose it, or hold it with
 * `using`.
 * @throws ConfigError for options that are none
 * @throws DeviceError for mixed precision on a device without shader-f16
 * @example
 * const { levels } = planLevels([1, 1, 1], [8, 8, 8]);
 * const net = new PlainConvUNet(device, { channelsIn: 1, classes: 2, levels, channels: levels.map((_, i) => 2 << i) });
 * const result = net.forward(zeros(device, [1, 8, 8, 8, 1]), { training: false }).shape;
 * net.dispose();
 * result; // [1, 8, 8, 8, 2]
 */
export class PlainConvUNet extends LevelUNet {
  constructor(device: Device, options: PlainConvUNetOptions) {
    const call = 'PlainConvUNet';
    const settings = settingsOf(call, options, {
      encoder: ['convolutions', options?.convolutions, () => 2],
      decoder: [options?.decoderConvolutions, 2],
    });
    super(device, call, settings, (at, sizes, counts) => ({
      stages: sizes.map((own, i) => new ConvStack(at.at('stages').at(`${i}`).at('0'), own, counts[i]!)),
    }));
  }
}

/**
 * nnU-Net's U-Net with a residual encoder (Isensee et al., MICCAI 2024) of volumes or images: a convolution as stem, then
 * levels of residual blocks; the way up as PlainConvUNet's. Dispose it, or hold it with `using`.
 * @throws ConfigError for options that are none
 * @throws DeviceError for mixed precision on a device without shader-f16
 * @example
 * const { levels } = planLevels([1, 1, 1], [8, 8, 8]);
 * const sizes = { channelsIn: 1, classes: 2, levels, channels: levels.map((_, i) => 2 << i) };
 * const net = new ResidualEncoderUNet(device, sizes);
 * const result = net.forward(zeros(device, [1, 8, 8, 8, 1]), { training: false }).shape;
 * net.dispose();
 * result; // [1, 8, 8, 8, 2]
 */
export class ResidualEncoderUNet extends LevelUNet {
  constructor(device: Device, options: ResidualEncoderUNetOptions) {
    const call = 'ResidualEncoderUNet';
    const settings = settingsOf(call, options, {
      encoder: ['blocks', options?.blocks, (level) => [1, 3, 4][level] ?? 6],
      decoder: [options?.decoderConvolutions, 1],
    });
    super(device, call, settings, (at, [first, ...deeper], counts) => {
      const inside = { ...first!, channelsIn: first!.channelsOut };
      return {
        stem: new ConvStack(at.at('stem'), first!, 1),
        stages: [inside, ...deeper].map(
          (own, i) => new ResidualStack(at.at('stages').at(`${i}`), own, counts[i]!),
        ),
      };
    });
  }
}
