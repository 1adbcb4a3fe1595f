/** @file The ResNet-50 U-Net of Zhang et al. 2024: three stages of ResNet-50, and a decoder that shuffles channels into pixels. */
import * as ops from '../autograd/ops.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Body, type BodyMode, expectImages, type Features, type Tap } from './body.ts';
import type { Declarations } from './declare.ts';
import { BatchNorm2d, Conv2d } from './layers.ts';
import { EXPANSION, Stage } from './resnet.ts';

/** Bottlenecks of ResNet-50's first three stages; the fourth is left out, as published. */
const BLOCKS = [3, 4, 6] as const;
/** Sides of images are multiples of this, pixels. */
export const RESNET_UNET_STEP = 16;

/** 3×3 convolution, batch norm, ReLU, pixel shuffle by two, batch norm, ReLU: twice the sides. */
class ShuffleBlock {
  readonly #conv: Conv2d;
  readonly #norm1: BatchNorm2d;
  readonly #norm2: BatchNorm2d;

  constructor(at: Declarations, channelsIn: number, channelsOut: number) {
    const shuffled = 4 * channelsOut;
    this.#conv = new Conv2d(at.at('conv'), {
      ...{ channelsIn, channelsOut: shuffled, kernel: 3, padding: 1, bias: false },
    });
    this.#norm1 = new BatchNorm2d(at.at('norm1'), shuffled);
    this.#norm2 = new BatchNorm2d(at.at('norm2'), channelsOut);
  }

  forward(x: Tensor, { training, recompute }: BodyMode): Tensor {
    const inside = (from: Tensor): Tensor =>
      this.#norm2.forward(
        ops.pixelShuffle(this.#norm1.forward(this.#conv.forward(from), training), 2),
        training,
      );
    return recompute ? ops.recompute(inside, x) : inside(x);
  }
}

/**
 * Encoder by torchvision's names (`conv1`, `bn1`, `layer1` … `layer3`), decoder by the authors' (`center`, `decoder1` …
 * `decoder3`). `centre` are the features behind the first shuffle, where the authors' location head reads.
 */
export class ResnetUnetBody implements Body {
  readonly channels: Features<number>;
  readonly #channelsIn: number;
  readonly #stem: readonly [Conv2d, BatchNorm2d];
  readonly #stages: readonly Stage[];
  readonly #centre: ShuffleBlock;
  /** Deepest first; null where no head reads pixels. */
  readonly #decoder: readonly ShuffleBlock[] | null;
  readonly #last: readonly [Conv2d, BatchNorm2d] | null;

  /** @param width channels of the stem: 64 in ResNet-50 */
  constructor(at: Declarations, channelsIn: number, width: number, wanted: ReadonlySet<Tap>) {
    const stem = { channelsIn, channelsOut: width, kernel: 7, stride: 2, padding: 3, bias: false };
    const channels = [0, 1, 2].map((stage) => EXPANSION * width * 2 ** stage);
    const skips = [...channels.slice(0, -1).reverse(), width];
    this.#channelsIn = channelsIn;
    this.#stem = [new Conv2d(at.at('conv1'), stem), new BatchNorm2d(at.at('bn1'), width)];
    this.#stages = BLOCKS.map(
      (blocks, i) =>
        new Stage(at.at(`layer${i + 1}`), channels[i - 1] ?? width, width * 2 ** i, blocks, {
          stride: i === 0 ? 1 : 2,
        }),
    );
    const deepest = channels.at(-1)!;
    this.#centre = new ShuffleBlock(at.at('center'), deepest, deepest);
    const up = (skip: number, i: number) =>
      new ShuffleBlock(at.at(`decoder${i + 1}`), (skips[i - 1] ?? deepest) + skip, skip);
    const pixels = Math.ceil(width / 2);
    const last = { channelsIn: width, channelsOut: pixels, kernel: 3, padding: 1 };
    this.#decoder = wanted.has('pixels') ? skips.map(up) : null;
    this.#last = this.#decoder && [
      new Conv2d(at.at('last.0'), last),
      new BatchNorm2d(at.at('last.1'), pixels),
    ];
    this.channels = { centre: deepest, ...(this.#decoder && { pixels }) };
  }

  /** @throws ShapeError unless H and W are multiples of 16 */
  check(x: Tensor): void {
    expectImages('ResnetUnet', x, this.#channelsIn, RESNET_UNET_STEP);
  }

  forward(x: Tensor, mode: BodyMode): Features<Tensor> {
    const [conv, norm] = this.#stem;
    const first = norm.forward(conv.forward(x), mode.training);
    const skips = [first];
    let y = ops.maxPool2d(first, { kernel: 3, stride: 2, padding: 1 });
    for (const stage of this.#stages) {
      y = stage.forward(y, mode);
      skips.unshift(y);
    }
    const centre = this.#centre.forward(y, mode);
    const deep = this.#decoder?.reduce(
      (from, up, i) => up.forward(ops.concat([from, skips[i + 1]!]), mode),
      centre,
    );
    if (!deep) return { centre };
    const [lastConv, lastNorm] = this.#last!;
    return { centre, pixels: lastNorm.forward(lastConv.forward(deep), mode.training) };
  }
}
