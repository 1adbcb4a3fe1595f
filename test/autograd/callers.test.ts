import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Tape } from '../../src/autograd/tape.ts';
import type { Op } from '../../src/kernels/op.ts';
import { tensor } from '../../src/tensor/create.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { useDevice } from '../device.ts';

const device = useDevice();

/** What a caller gave an op, and may use otherwise afterwards. */
interface Given {
  readonly list: Tensor[];
  readonly own: Tensor[];
  readonly window: { kernel: [number, number]; stride: [number, number]; padding: [number, number] };
  readonly axes: number[];
  readonly sizes: [number, number];
}

const calls: Readonly<Record<string, (x: Tensor, given: Given) => Tensor>> = {
  concat: (_, { list }) => ops.concat(list),
  stack: (_, { list }) => ops.stack(list),
  applied: (_, { own }) => ops.apply(first, own, null),
  maxPool2d: (x, { window }) => ops.maxPool2d(x, window),
  avgPool2d: (x, { window }) => ops.avgPool2d(x, { ...window, countIncludePad: false }),
  conv2d: (x, { window: { stride, padding } }) => ops.conv2d(x, weight(), null, { stride, padding }),
  mean: (x, { axes }) => ops.mean(x, { axes }),
  flip: (x, { axes }) => ops.flip(x, axes),
  layerNorm: (x, { axes }) => ops.layerNorm(x, null, null, { axes: axes.map((axis) => axis + 1) }),
  upsample: (x, { sizes }) => ops.upsampleBilinear2d(x, { size: sizes }),
};

/** An op of one's own: its first input. */
const first: Op<null> = {
  name: 'first',
  infer: ([x]) => [x!],
  view: ([x]) => x!.view(),
  launch() {},
  grad: ({ dy }) => [dy[0]!],
};

const weight = (): Tensor => tensor(device(), [1, 2, 3, 4], [2, 2, 1, 1]);

/** The gradient of a call, where the caller `spoils` in between what he gave it. */
async function gradient(call: (x: Tensor, given: Given) => Tensor, spoils: boolean): Promise<number[]> {
  using _made = scope();
  const x = tensor(device(), [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8], [1, 3, 4, 1]);
  x.requiresGrad = true;
  using tape = new Tape();
  const given: Given = {
    list: [x, ops.square(x)],
    own: [x],
    window: { kernel: [2, 2], stride: [1, 2], padding: [1, 0] },
    axes: [1, 2],
    sizes: [5, 4],
  };
  const y = call(x, given);
  const weights = tensor(
    device(),
    Array.from({ length: y.size }, (_, i) => 1 + (i % 7)),
    y.shape,
  );
  const loss = ops.sum(ops.multiply(y, weights));
  if (spoils) {
    given.list.length = 0;
    given.own.length = 0;
    Object.assign(given.window, { kernel: [1, 1], stride: [2, 1], padding: [0, 0] });
    for (const one of [given.axes, given.sizes]) one.fill(1);
  }
  tape.backward(loss);
  return [...(await x.grad!.read())];
}

describe('what the caller does with his arrays between forward and backward', () => {
  for (const [name, call] of Object.entries(calls))
    it(`does not change the gradient of ${name}`, async () => {
      expect(await gradient(call, true)).toEqual(await gradient(call, false));
    });
});
