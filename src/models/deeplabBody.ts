/** @file DeepLabV3 (Chen et al. 2017) as Zhang et al. 2024 have it: ResNet-101 at an output stride of 16, atrous rates 6, 12, 18. */
import * as ops from '../autograd/ops.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Body, type BodyMode, expectImages, type Features, type Tap } from './body.ts';
import type { Declarations } from './declare.ts';
import { BatchNorm2d, Conv2d } from './layers.ts';
import { EXPANSION, Stage, type StageOptions } from './resnet.ts';

/** Bottlenecks of ResNet-101's stages. */
const BLOCKS = [3, 4, 23, 3] as const;
const RATES = [6, 12, 18] as const;

export interface DeeplabSizes {
  /** Channels of the stem's first convolutions: 64 in ResNet-101. */
  readonly width: number;
  /** Share of a batch's statistics in the encoder's running ones; the authors' is 0.01. */
  readonly momentum: number;
}

/**
 * Atrous spatial pyramid pooling in the form of the authors' code: one batch norm over all four maps, leaky ReLU, and the
 * mean of the image added to each pixel behind its own two layers.
 */
class Pyramid {
  readonly #maps: readonly Conv2d[];
  readonly #mapNorm: BatchNorm2d;
  readonly #reduce: Conv2d;
  readonly #pooled: readonly [Conv2d, BatchNorm2d, Conv2d];
  readonly #norm: BatchNorm2d;

  constructor(at: Declarations, channelsIn: number, channels: number) {
    const one = (name: string, from: number) =>
      new Conv2d(at.at(name), { channelsIn: from, channelsOut: channels, kernel: 1, bias: false });
    const atrous = (rate: number, i: number) =>
      new Conv2d(at.at(`map_convs.${i + 1}`), {
        ...{ channelsIn, channelsOut: channels, kernel: 3, dilation: rate, padding: rate, bias: false },
      });
    const norm = (name: string, of: number) => new BatchNorm2d(at.at(name), of, { relu: false });
    this.#maps = [one('map_convs.0', channelsIn), ...RATES.map(atrous)];
    this.#mapNorm = norm('map_bn', 4 * channels);
    this.#pooled = [
      one('global_pooling_conv', channelsIn),
      norm('global_pooling_bn', channels),
      one('pool_red_conv', channels),
    ];
    this.#reduce = one('red_conv', 4 * channels);
    this.#norm = norm('red_bn', channels);
  }

  /** @param mean of x over its pixels, [N, 1, 1, channelsIn] */
  forward(x: Tensor, mean: Tensor, training: boolean): Tensor {
    const activated = (norm: BatchNorm2d, y: Tensor, byBatch = training) =>
      ops.leakyRelu(norm.forward(y, byBatch), 0.01);
    const maps = ops.concat(this.#maps.map((conv) => conv.forward(x)));
    const [conv, norm, reduce] = this.#pooled;
    // the one mean of a single image has no spread: PyTorch refuses it, here the running statistics serve
    const pooled = reduce.forward(activated(norm, conv.forward(mean), training && mean.shape[0]! > 1));
    return activated(this.#norm, ops.add(this.#reduce.forward(activated(this.#mapNorm, maps)), pooled));
  }
}

/**
 * Encoder by torchvision's names (`layer1` … `layer4`) behind a stem of three 3×3 convolutions (`stem`), then `ASPP`.
 * Pixel features are a sixteenth of the image's sides; heads' outputs are enlarged. `centre` is the mean over the encoder's
 * map, [N, 1, 1, C], which the authors' location head reads.
 */
export class DeeplabBody implements Body {
  readonly channels: Features<number>;
  readonly #channelsIn: number;
  readonly #stem: readonly (readonly [Conv2d, BatchNorm2d])[];
  readonly #stages: readonly Stage[];
  readonly #pyramid: Pyramid | null;

  constructor(at: Declarations, channelsIn: number, sizes: DeeplabSizes, wanted: ReadonlySet<Tap>) {
    const { width, momentum } = sizes;
    const channels = [channelsIn, width, width, 2 * width];
    this.#channelsIn = channelsIn;
    this.#stem = channels.slice(1).map((channelsOut, i) => {
      const conv = {
        channelsIn: channels[i]!,
        channelsOut,
        kernel: 3,
        stride: i === 0 ? 2 : 1,
        padding: 1,
        bias: false,
      };
      const place = at.at('stem');
      return [
        new Conv2d(place.at(`${2 * i}`), conv),
        new BatchNorm2d(place.at(`${2 * i + 1}`), channelsOut, { momentum }),
      ];
    });
    const changes: readonly StageOptions[] = [{}, { stride: 2 }, { stride: 2 }, { dilation: 2 }];
    const planes = (stage: number) => width * 2 ** stage;
    this.#stages = BLOCKS.map((blocks, i) => {
      const from = i === 0 ? 2 * width : EXPANSION * planes(i - 1);
      return new Stage(at.at(`layer${i + 1}`), from, planes(i), blocks, { ...changes[i], momentum });
    });
    const deepest = EXPANSION * planes(BLOCKS.length - 1);
    const pixels = EXPANSION * width;
    this.#pyramid = wanted.has('pixels') ? new Pyramid(at.at('ASPP'), deepest, pixels) : null;
    this.channels = { centre: deepest, ...(this.#pyramid && { pixels }) };
  }

  /** @throws ShapeError for other channels, or an image without pixels */
  check(x: Tensor): void {
    expectImages('DeepLab', x, this.#channelsIn, 1);
  }

  forward(x: Tensor, mode: BodyMode): Features<Tensor> {
    const stem = this.#stem.reduce((y, [conv, norm]) => norm.forward(conv.forward(y), mode.training), x);
    const pooled = ops.maxPool2d(stem, { kernel: 3, stride: 2, padding: 1 });
    const deep = this.#stages.reduce((y, stage) => stage.forward(y, mode), pooled);
    const mean = ops.mean(deep, { axes: [1, 2], keepDims: true });
    return {
      centre: mean,
      ...(this.#pyramid && { pixels: this.#pyramid.forward(deep, mean, mode.training) }),
    };
  }

  /** The corners' centres coincide, as published. */
  enlarge(output: Tensor, { shape }: Tensor): Tensor {
    return ops.upsampleBilinear2d(output, { size: [shape[1]!, shape[2]!], alignCorners: true });
  }
}
