/** @file A head that decodes the deepest features to a map of the image's size, past no skip: an autoencoder's second half. */
import * as ops from '../autograd/ops.ts';
import { expectSettings, expectWhole } from '../base/settings.ts';
import { expectHead, type Head } from './heads.ts';
import { Conv2d } from './layers.ts';

/** Of a head with a decoder of its own. */
export interface DecodedHeadOptions {
  /** Side of the map, pixels. */
  readonly size: number;
  /** Steps of enlarging; default 4, a doubling each where the deepest features are a sixteenth. */
  readonly steps?: number;
}

/**
 * From the deepest features alone, [N, h, w, features] to [N, size, size, channels], linear: in each step bilinear
 * enlarging by one factor, then a 3×3 convolution to half as many channels and ReLU; last a 1×1 convolution. Whatever the
 * map tells has passed the bottleneck.
 * @example
 * decodedHead('image', 1, { size: 32 }).path; // "image"
 */
export function decodedHead(path: string, channels: number, options: DecodedHeadOptions): Head {
  expectHead('decodedHead', path, channels);
  expectSettings('decodedHead', options, ['size', 'steps']);
  const { size, steps = 4 } = options;
  expectWhole('decodedHead.size', size, 1);
  expectWhole('decodedHead.steps', steps, 1);
  return {
    tap: 'centre',
    path,
    channels,
    side: size,
    build(at, features) {
      const widths = Array.from({ length: steps + 1 }, (_, i) => Math.ceil(features / 2 ** i));
      const convs = widths.slice(1).map((channelsOut, i) => {
        const conv = { channelsIn: widths[i]!, channelsOut, kernel: 3, padding: 1, relu: true };
        return new Conv2d(at.at(`${i}`), conv);
      });
      const out = new Conv2d(at.at(`${steps}`), {
        channelsIn: widths[steps]!,
        channelsOut: channels,
        kernel: 1,
      });
      return {
        forward(centre) {
          const [, first] = centre.shape as [number, number];
          const sideAt = (step: number) => Math.round(first * (size / first) ** (step / steps));
          const decoded = convs.reduce((x, conv, i) => {
            const side = sideAt(i + 1);
            return conv.forward(ops.upsampleBilinear2d(x, { size: [side, side] }));
          }, centre);
          return out.forward(decoded);
        },
      };
    },
  };
}
