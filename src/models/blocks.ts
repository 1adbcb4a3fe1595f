/** @file The U-Net's blocks: two convolutions on the way down, an upsampling, a joint and two convolutions on the way up. */
import * as ops from '../autograd/ops.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Declarations } from './declare.ts';
import { BatchNorm2d, Conv2d, ConvTranspose2d } from './layers.ts';

interface BlockMode {
  readonly training: boolean;
  /** Whether backward computes the block's inside again. */
  readonly recompute?: boolean;
}

const convolved = (conv: Conv2d, x: Tensor, training: boolean): Tensor =>
  training ? conv.forwardForNorm(x) : conv.forward(x);

/** Twice: 3×3 convolution, batch norm, ReLU. */
export class EncoderBlock {
  readonly #units: readonly (readonly [Conv2d, BatchNorm2d])[];

  constructor(at: Declarations, channelsIn: number, channelsOut: number) {
    this.#units = [channelsIn, channelsOut].map((channels, i) => {
      const unit = at.at(`conv${i + 1}`);
      const conv = { channelsIn: channels, channelsOut, kernel: 3, padding: 1 };
      return [new Conv2d(unit.at('0'), conv), new BatchNorm2d(unit.at('1'), channelsOut)];
    });
  }

  /** Into `into`, where given. */
  forward(x: Tensor, { training, recompute }: BlockMode, into?: Tensor): Tensor {
    const last = this.#units.length - 1;
    const inside = (from: Tensor): Tensor =>
      this.#units.reduce(
        (y, [conv, norm], i) =>
          norm.forward(convolved(conv, y, training), training, i === last ? into : undefined),
        from,
      );
    return recompute ? ops.recompute(inside, x) : inside(x);
  }

  /** As forward, and the maxima of windows of 2×2 pixels. */
  forwardPooled(x: Tensor, mode: BlockMode, into?: Tensor): ops.NormAndMaxima {
    if (mode.recompute) {
      const y = this.forward(x, mode, into);
      return { y, pooled: ops.maxPool2d(y, { kernel: 2 }) };
    }
    const { training } = mode;
    const [conv, norm] = this.#units.at(-1)!;
    const before = this.#units
      .slice(0, -1)
      .reduce((y, [c, n]) => n.forward(convolved(c, y, training), training), x);
    return norm.forwardPooled(convolved(conv, before, training), training, into);
  }
}

/** What an encoder level hands to the decoder, and the place beside it for what comes from below: no copy joins them. */
export interface Skip {
  readonly skip: Tensor;
  readonly place: Tensor | undefined;
}

/** 2×2 transposed convolution, concatenation with the skip, twice 3×3 convolution and ReLU. */
export class DecoderBlock {
  readonly #up: ConvTranspose2d;
  readonly #convs: readonly Conv2d[];

  constructor(at: Declarations, channelsIn: number, channelsOut: number) {
    this.#up = new ConvTranspose2d(at.at('up'), { channelsIn, channelsOut, kernel: 2, stride: 2 });
    this.#convs = [2 * channelsOut, channelsOut].map((channels, i) => {
      const conv = { channelsIn: channels, channelsOut, kernel: 3, padding: 1, relu: true };
      return new Conv2d(
        at
          .at('conv')
          .at(`conv${i + 1}`)
          .at('0'),
        conv,
      );
    });
  }

  forward(deep: Tensor, { place, skip }: Skip, recompute = false): Tensor {
    const joined = ops.concat([this.#up.forward(deep, place), skip]);
    const inside = (from: Tensor): Tensor => this.#convs.reduce((y, conv) => conv.forward(y), from);
    return recompute ? ops.recompute(inside, joined) : inside(joined);
  }
}
