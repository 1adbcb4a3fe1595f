/** @file What residual networks are built from (He et al., CVPR 2016), by torchvision's names: bottlenecks in stages. */
import * as ops from '../autograd/ops.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { BodyMode } from './body.ts';
import type { Declarations } from './declare.ts';
import { BatchNorm2d, Conv2d } from './layers.ts';

/** Channels of a stage's results are so many times those of its 3×3 convolutions. */
export const EXPANSION = 4;

/** What the stages of a network have in common. */
export interface StageOptions {
  /** Of the first block's 3×3 convolution and of its shortcut. */
  readonly stride?: number;
  /** Of every 3×3 convolution. */
  readonly dilation?: number;
  /** Of the batch norms, default 0.1. */
  readonly momentum?: number;
}

interface BlockSizes extends StageOptions {
  readonly channelsIn: number;
  /** Channels of the 3×3 convolution. */
  readonly planes: number;
}

/** 1×1, 3×3 and 1×1 convolution, each with batch norm, added to the input; ReLU. */
class Bottleneck {
  readonly #inside: readonly (readonly [Conv2d, BatchNorm2d])[];
  readonly #shortcut: readonly [Conv2d, BatchNorm2d] | null;

  constructor(
    at: Declarations,
    { channelsIn, planes, stride = 1, dilation = 1, momentum = 0.1 }: BlockSizes,
  ) {
    const channelsOut = EXPANSION * planes;
    const bias = false;
    const middle = { kernel: 3, stride, dilation, padding: dilation } as const;
    this.#inside = [
      { channelsIn, channelsOut: planes, kernel: 1, bias },
      { channelsIn: planes, channelsOut: planes, ...middle, bias },
      { channelsIn: planes, channelsOut, kernel: 1, bias },
    ].map((conv, i) => [
      new Conv2d(at.at(`conv${i + 1}`), conv),
      new BatchNorm2d(at.at(`bn${i + 1}`), conv.channelsOut, { momentum, relu: i < 2 }),
    ]);
    const way = at.at('downsample');
    const same = stride === 1 && channelsIn === channelsOut;
    this.#shortcut = same
      ? null
      : [
          new Conv2d(way.at('0'), { channelsIn, channelsOut, kernel: 1, stride, bias }),
          new BatchNorm2d(way.at('1'), channelsOut, { momentum, relu: false }),
        ];
  }

  forward(x: Tensor, { training, recompute }: BodyMode): Tensor {
    const through = (units: readonly (readonly [Conv2d, BatchNorm2d])[], from: Tensor): Tensor =>
      units.reduce((y, [conv, norm]) => norm.forward(conv.forward(y), training), from);
    const inside = (from: Tensor): Tensor =>
      ops.relu(ops.add(through(this.#inside, from), this.#shortcut ? through([this.#shortcut], from) : from));
    return recompute ? ops.recompute(inside, x) : inside(x);
  }
}

/** Bottlenecks in a row: [N, H, W, channelsIn] to [N, ⌈H/stride⌉, ⌈W/stride⌉, 4·planes]. */
export class Stage {
  readonly #blocks: readonly Bottleneck[];

  constructor(
    at: Declarations,
    channelsIn: number,
    planes: number,
    blocks: number,
    options: StageOptions = {},
  ) {
    const { stride = 1, ...all } = options;
    this.#blocks = Array.from(
      { length: blocks },
      (_, i) =>
        new Bottleneck(at.at(`${i}`), {
          ...all,
          channelsIn: i === 0 ? channelsIn : EXPANSION * planes,
          planes,
          stride: i === 0 ? stride : 1,
        }),
    );
  }

  forward(x: Tensor, mode: BodyMode): Tensor {
    return this.#blocks.reduce((y, block) => block.forward(y, mode), x);
  }
}
