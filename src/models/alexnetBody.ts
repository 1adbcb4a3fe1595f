/** @file The AlexNet U-Net of Zhang et al. 2024: AlexNet's convolutions (Krizhevsky 2014) and a decoder of transposed ones. */
import * as ops from '../autograd/ops.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Body, expectImages, type Features, type Tap } from './body.ts';
import type { Declarations } from './declare.ts';
import { Conv2d, ConvTranspose2d, type ConvTransposeOptions } from './layers.ts';

/** Sides of images are multiples of this, pixels, and at least ALEXNET_LEAST. */
export const ALEXNET_STEP = 16;
/** Below it nothing is left to pool behind the last convolution. */
export const ALEXNET_LEAST = 64;

/** Behind which convolutions, by number, there is a max pooling of 3×3 by two. */
const POOLED: ReadonlySet<number> = new Set([0, 1, 4]);
/** Their places in torchvision's `features`. */
const PLACES = [0, 3, 6, 8, 10] as const;

/** One transposed convolution for what comes from below and for the skip, which are then joined and convolved. */
class UpBlock {
  readonly #up: ConvTranspose2d | null;
  readonly #conv: Conv2d;

  /** @param up none where both have the size of the result already */
  constructor(at: Declarations, channelsIn: number, channelsOut: number, up?: Partial<ConvTransposeOptions>) {
    const sizes = { channelsIn, channelsOut };
    this.#up = up ? new ConvTranspose2d(at.at('up'), { kernel: 3, stride: 2, ...sizes, ...up }) : null;
    const joined = 2 * (up ? channelsOut : channelsIn);
    this.#conv = new Conv2d(at.at('conv.conv1.0'), {
      ...{ channelsIn: joined, channelsOut, kernel: 3, padding: 1, relu: true },
    });
  }

  forward(deep: Tensor, skip: Tensor): Tensor {
    const both = [deep, skip].map((x) => this.#up?.forward(x) ?? x);
    return this.#conv.forward(ops.concat(both));
  }
}

/**
 * Encoder by torchvision's names (`features.0` … `features.10`), decoder by the authors' (`decoder.up_concat3` …
 * `decoder.up_concat`). The last block gives `pixels` channels for heads to read, where the authors' gives the heatmaps
 * themselves behind a ReLU. `centre` is the mean over the pooled map, [N, 1, 1, C].
 */
export class AlexnetBody implements Body {
  readonly channels: Features<number>;
  readonly #channelsIn: number;
  readonly #convs: readonly Conv2d[];
  /** Deepest first; null where no head reads pixels. */
  readonly #decoder: readonly UpBlock[] | null;

  /**
   * @param width channels of the first convolution: 64 in AlexNet
   * @param pixels channels of the last block
   */
  constructor(at: Declarations, channelsIn: number, width: number, pixels: number, wanted: ReadonlySet<Tap>) {
    const channels = [channelsIn, width, 3 * width, 6 * width, 4 * width, 4 * width];
    const kernels = [11, 5, 3, 3, 3];
    const features = at.at('features');
    this.#channelsIn = channelsIn;
    this.#convs = PLACES.map((place, i) => {
      const way = i === 0 ? { stride: 4, padding: 2 } : { padding: (kernels[i]! - 1) / 2 };
      return new Conv2d(features.at(`${place}`), {
        ...{
          channelsIn: channels[i]!,
          channelsOut: channels[i + 1]!,
          kernel: kernels[i]!,
          relu: true,
          ...way,
        },
      });
    });
    const up = (name: string, from: number, to: number, by?: Partial<ConvTransposeOptions>) =>
      new UpBlock(at.at('decoder').at(name), from, to, by);
    this.#decoder = wanted.has('pixels')
      ? [
          up('up_concat3', 4 * width, 6 * width),
          up('up_concat2', 6 * width, 3 * width, {}),
          up('up_concat1', 3 * width, width, {}),
          up('up_concat', width, pixels, { kernel: 12, stride: 4, padding: 2 }),
        ]
      : null;
    this.channels = { centre: 4 * width, ...(this.#decoder && { pixels }) };
  }

  /** @throws ShapeError unless H and W are multiples of 16 from 64 */
  check(x: Tensor): void {
    expectImages('AlexnetUnet', x, this.#channelsIn, ALEXNET_STEP, ALEXNET_LEAST);
  }

  forward(x: Tensor): Features<Tensor> {
    const skips: Tensor[] = [];
    let y = x;
    for (const [i, conv] of this.#convs.entries()) {
      y = conv.forward(y);
      skips.unshift(y);
      if (POOLED.has(i)) y = ops.maxPool2d(y, { kernel: 3, stride: 2 });
    }
    const centre = ops.mean(y, { axes: [1, 2], keepDims: true });
    const pixels = this.#decoder?.reduce((deep, up, i) => up.forward(deep, skips[i + 1]!), skips[0]!);
    return { centre, ...(pixels && { pixels }) };
  }
}
