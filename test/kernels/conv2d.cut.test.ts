import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { forwardGather, stepsOf } from '../../src/kernels/conv/conv2dLayout.ts';
import { isCut, noteCut } from '../../src/kernels/conv/cut.ts';
import { gather } from '../../src/kernels/conv/gather.ts';
import { empty, filled, tensor } from '../../src/tensor/create.ts';
import type { Device } from '../../src/tensor/device.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { hasHalf } from '../half.ts';
import { forced } from './conv2d.cases.ts';
import { cutTests } from './conv2d.cut.cases.ts';

for (const variant of ['gemm4w', 'gemm4', 'gemm4s', 'gemm'])
  describe(`a convolution cut by a ReLU, variant ${variant} forced`, () => {
    cutTests(useDevice(forced(variant, 'gemm')), hasHalf ? ['f32', 'f16'] : ['f32']);
  });

/** How the gradients of a network of convolutions with ReLUs are had. */
interface Way {
  /** Whether the gradients between are wanted too, which nothing may cut. */
  readonly between?: boolean;
  /** Whether the first result has another use. */
  readonly forks?: boolean;
}

interface Found {
  readonly leaves: readonly ArrayLike<number>[];
  readonly between: readonly ArrayLike<number>[];
}

const shapes = {
  x: [2, 5, 7, 8],
  a: [3, 3, 8, 20],
  b: [3, 3, 20, 12],
  up: [2, 2, 4, 12],
  last: [1, 1, 4, 8],
} as const;

function leavesOf(device: Device): Tensor[] {
  return Object.values(shapes).map((shape, i) => {
    const { data } = random(shape, i + 1);
    return Object.assign(tensor(device, data, shape), { requiresGrad: true });
  });
}

/** Convolution, convolution, transposed convolution, each with its ReLU, and a last one without. */
function chain([x, a, b, up, last]: readonly Tensor[], { between = false, forks = false }: Way) {
  const first = ops.conv2d(x!, a!, null, { padding: 1, relu: true });
  const second = ops.conv2d(first, b!, null, { padding: 1, relu: true });
  const third = ops.conv2dTranspose(second, up!, null, { stride: 2, relu: true });
  const inner = [first, second, third];
  if (between) for (const one of inner) one.requiresGrad = true;
  const y = ops.sum(ops.square(ops.conv2d(third, last!, null)));
  return { inner, loss: forks ? ops.add(y, ops.sum(first)) : y };
}

function gradients(device: Device, way: Way): Promise<Found> {
  return poisoned(device, async () => {
    using _temporaries = scope();
    const leaves = leavesOf(device);
    using tape = new Tape();
    const { inner, loss } = chain(leaves, way);
    tape.backward(loss);
    const read = (tensors: readonly Tensor[]) => Promise.all(tensors.map(({ grad }) => grad!.read()));
    const found = { leaves: await read(leaves), between: way.between ? await read(inner) : [] };
    for (const { grad } of [...leaves, ...inner]) grad?.dispose();
    return found;
  });
}

/** How many launches apply a ReLU's gradient by itself. */
async function apart(device: Device, way: Way): Promise<number> {
  using _temporaries = scope();
  const leaves = leavesOf(device);
  using step = await capture(device, () => {
    using tape = new Tape();
    const { loss } = chain(leaves, way);
    tape.backward(loss);
    return { loss };
  });
  for (const { grad } of leaves) grad?.dispose();
  return step.labels.filter((label) => label.includes('relu.backward')).length;
}

describe('backward through convolutions that end in ReLUs', () => {
  const device = useDevice(forced('gemm4', 'gemm'));

  it('gives the gradients of ReLUs by themselves, to the last bit', async () => {
    for (const forks of [false, true]) {
      const { leaves } = await gradients(device(), { forks });
      const whole = await gradients(device(), { forks, between: true });
      expect(leaves).toEqual(whole.leaves);
      expect(whole.between.length).toBe(3);
    }
  });

  it('has none of them by itself, but where a result has another use or its gradient is wanted', async () => {
    expect(await apart(device(), {})).toBe(0);
    expect(await apart(device(), { forks: true })).toBe(1);
    expect(await apart(device(), { between: true })).toBe(3);
  });

  it('gives a gradient that is wanted whole: not 0 where the ReLU is', async () => {
    using _temporaries = scope();
    const x = tensor(device(), [-1, 2, -3, 4], [1, 1, 1, 4]);
    const identity = tensor(device(), [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], [1, 1, 4, 4]);
    for (const leaf of [x, identity]) leaf.requiresGrad = true;
    using tape = new Tape();
    const first = Object.assign(ops.conv2d(x, identity, null, { relu: true }), { requiresGrad: true });
    tape.backward(ops.sum(ops.conv2d(first, identity)));
    expect([...(await first.grad!.read())]).toEqual([1, 1, 1, 1]);
    expect([...(await x.grad!.read())]).toEqual([0, 1, 0, 1]);
    for (const leaf of [x, identity, first]) leaf.grad!.dispose();
  });
});

describe('cuts', () => {
  const device = useDevice();

  it('are those of one output, and of no other tensor', () => {
    const [x, y, gradient] = [1, 2, 3].map((value) => filled(device(), value, [4])) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    expect(isCut(gradient, x)).toBe(false);
    noteCut(gradient, x);
    expect([isCut(gradient, x), isCut(gradient, x.view()), isCut(gradient, y)]).toEqual([true, true, false]);
    expect(isCut(gradient.view(), x)).toBe(false);
  });

  it('are left to others by variants that know nothing of them, and of runs of channels', async () => {
    const [x, weight] = [filled(device(), 1, [1, 2, 2, 4]), filled(device(), 1, [1, 1, 4, 4])];
    const cut = filled(device(), 0, [1, 2, 2, 4]);
    const write = async (variant: string, y: Tensor) => {
      Object.assign(device().options, forced(variant, 'tile'));
      const g = forwardGather(x, y, weight, stepsOf({}), false);
      gather(device(), 'conv2d', g, { x, weight, bias: null, y, cut });
      return { cut: isCut(y, cut), values: [...(await y.read())] };
    };
    const around = empty(device(), { shape: [1, 2, 2, 8], dtype: 'f32' });
    const whole = { cut: false, values: new Array(16).fill(4) };
    expect(await write('tile', empty(device(), x))).toEqual(whole);
    expect((await write('gemm4', around.channels(0, 4))).cut).toBe(false);
    expect([...(await around.channels(0, 4).read())]).toEqual(whole.values);
    expect(await write('gemm4', empty(device(), x))).toEqual({ cut: true, values: new Array(16).fill(0) });
  });
});
