/** @file A backbone that only tests have: two strided convolutions, and one at full size for heads that read pixels. */
import * as ops from '../../src/autograd/ops.ts';
import { defineBackbone } from '../../src/backbones/backbone.ts';
import { ShapeError } from '../../src/base/errors.ts';
import type { Body, Features, Tap } from '../../src/models/body.ts';
import type { Declarations } from '../../src/models/declare.ts';
import { Conv2d } from '../../src/models/layers.ts';
import { whole } from '../../src/tasks/settings.ts';
import { formatShape } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const SIDE_STEP = 4;

class TowerBody implements Body {
  readonly channels: Features<number>;
  readonly #channelsIn: number;
  readonly #storeys: readonly Conv2d[];
  readonly #pixels: Conv2d | null;

  constructor(at: Declarations, width: number, channelsIn: number, wanted: ReadonlySet<Tap>) {
    const conv = (name: string, from: number, to: number, stride: number) =>
      new Conv2d(at.at(name), {
        channelsIn: from,
        channelsOut: to,
        kernel: 3,
        padding: 1,
        stride,
        relu: true,
      });
    this.#channelsIn = channelsIn;
    this.#storeys = [conv('ground', channelsIn, width, 2), conv('first', width, 2 * width, 2)];
    this.#pixels = wanted.has('pixels') ? conv('roof', channelsIn, width, 1) : null;
    this.channels = { centre: 2 * width, ...(this.#pixels && { pixels: width }) };
  }

  check({ shape }: Tensor): void {
    const [, height = 0, width = 0, channels] = shape;
    if (channels === this.#channelsIn && height % SIDE_STEP === 0 && width % SIDE_STEP === 0) return;
    throw new ShapeError(
      'Tower',
      'x',
      `has shape ${formatShape(shape)}`,
      'Sides of multiples of 4 are needed.',
    );
  }

  forward(x: Tensor): Features<Tensor> {
    const centre = this.#storeys.reduce((y, conv) => ops.relu(conv.forward(y)), x);
    return { centre, ...(this.#pixels && { pixels: ops.relu(this.#pixels.forward(x)) }) };
  }
}

export const tower = defineBackbone<{ readonly width: number }>({
  name: 'tower',
  title: 'Tower',
  settings: { width: whole({ from: 1, to: 64 }) },
  defaults: { width: 6 },
  build: ({ width }, channelsIn) => ({
    declare: (at, wanted) => new TowerBody(at, width, channelsIn, wanted),
    sideStep: SIDE_STEP,
    encoder: (name) => !name.startsWith('unused'),
  }),
  describe: ({ width }) => `${width} channels, two storeys`,
});
