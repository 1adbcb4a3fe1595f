/** @file The U-Net of Zhang et al. 2024 as a backbone: encoder, centre and decoder of any width and depth. */
import * as ops from '../autograd/ops.ts';
import { describe } from '../base/describe.ts';
import { ConfigError } from '../base/errors.ts';
import { expectWhole } from '../base/settings.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { DecoderBlock, EncoderBlock, type Skip } from './blocks.ts';
import { type Body, type BodyMode, expectImages, type Features, type Tap } from './body.ts';
import { type Declarations, expectDeclarations } from './declare.ts';
import { Conv2d } from './layers.ts';

/** What a U-Net is like, its heads aside. */
export interface UNetSizes {
  /** Image channels. */
  readonly channelsIn: number;
  /** Channels of the first level; each level below has twice as many. */
  readonly width: number;
  /** Levels, the centre included. */
  readonly depth: number;
  /** Whether to hold the authors' two layers that are never called, so that state dicts map one to one. */
  readonly unusedLayers: boolean;
}

function expectArguments(at: unknown, sizes: UNetSizes, wanted: unknown): void {
  expectDeclarations('UNetBody', at);
  if (typeof sizes !== 'object' || sizes === null)
    throw new ConfigError(`sizes of UNetBody are ${describe(sizes)}. Pass { channelsIn, width, depth, … }.`);
  const least = { channelsIn: 1, width: 1, depth: 2 };
  for (const [name, minimum] of Object.entries(least) as [keyof typeof least, number][])
    expectWhole(`UNetBody.${name}`, sizes[name], minimum);
  if (!(wanted instanceof Set))
    throw new ConfigError(`taps of UNetBody are ${describe(wanted)}. Pass a Set of 'pixels' and 'centre'.`);
}

/**
 * Encoder and centre of 3×3 convolutions with batch norm, decoder without, as [Z] published it (paper §3).
 * @example
 * const body = new UNetBody(new Declarations(), { channelsIn: 1, width: 2, depth: 2 }, new Set(['pixels']));
 * body.channels.pixels; // 2
 */
export class UNetBody implements Body {
  readonly channels: Features<number>;
  readonly #sizes: UNetSizes;
  readonly #at: Declarations;
  readonly #encoder: readonly EncoderBlock[];
  readonly #centre: EncoderBlock;
  /** Deepest first; null where no head reads pixels. */
  readonly #decoder: readonly DecoderBlock[] | null;

  /** Declares it in PyTorch's names. */
  constructor(at: Declarations, sizes: UNetSizes, wanted: ReadonlySet<Tap>) {
    expectArguments(at, sizes, wanted);
    const { depth, width } = sizes;
    const channels = (level: number): number => (level < 0 ? sizes.channelsIn : width * 2 ** level);
    const block = (name: string, level: number) =>
      new EncoderBlock(at.at(name), channels(level - 1), channels(level));
    this.#at = at;
    this.#sizes = sizes;
    this.#encoder = Array.from({ length: depth - 1 }, (_, level) => block(`conv${level + 1}`, level));
    this.#centre = block('center', depth - 1);
    const levels = Array.from({ length: depth - 1 }, (_, i) => depth - 2 - i);
    const up = (level: number) =>
      new DecoderBlock(at.at(`up_concat${level + 1}`), channels(level + 1), channels(level));
    this.#decoder = wanted.has('pixels') ? levels.map(up) : null;
    this.channels = { centre: channels(depth - 1), ...(this.#decoder && { pixels: width }) };
  }

  declareUnused(): void {
    const { width, depth, unusedLayers } = this.#sizes;
    if (!unusedLayers) return;
    const [deepest, second] = [width * 2 ** (depth - 1), width * 2];
    const at = this.#at;
    new Conv2d(at.at('conv1_label'), { channelsIn: deepest, channelsOut: second, kernel: 3, padding: 1 });
    new Conv2d(at.at('conv2_label'), { channelsIn: second, channelsOut: 1, kernel: 1 });
  }

  forward(x: Tensor, mode: BodyMode): Features<Tensor> {
    const skips: Skip[] = [];
    let y = x;
    for (const [level, block] of this.#encoder.entries()) {
      const channels = this.#sizes.width * 2 ** level;
      const [place, into] = this.#decoder
        ? ops.sideBySide(x.device, y.shape.slice(0, 3), [channels, channels], y.dtype)
        : [];
      const { y: skip, pooled } = block.forwardPooled(y, mode, into);
      skips.push({ skip, place });
      y = pooled;
    }
    const centre = this.#centre.forward(y, mode);
    const pixels = this.#decoder?.reduce(
      (deep, up, i) => up.forward(deep, skips.at(-1 - i)!, mode.recompute),
      centre,
    );
    return { centre, ...(pixels && { pixels }) };
  }

  /** @throws ShapeError unless H and W are multiples of 2^(depth−1) */
  check(x: Tensor): void {
    const { channelsIn, depth } = this.#sizes;
    expectImages('UNet', x, channelsIn, 2 ** (depth - 1));
  }
}
