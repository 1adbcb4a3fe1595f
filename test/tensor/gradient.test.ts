/** @file Who owns gradients, without a scope around. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDevice } from '#device';
import * as ops from '../../src/autograd/ops.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { Device } from '../../src/tensor/device.ts';
import { dtypes, isFloat } from '../../src/tensor/dtype.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

let device: Device;
beforeAll(async () => {
  device = await openDevice();
});
afterAll(() => device.dispose());

function leaf(values: readonly number[]): Tensor {
  const x = tensor(device, values, [values.length]);
  x.requiresGrad = true;
  return x;
}

function backward(x: Tensor): void {
  using _results = scope();
  using tape = new Tape();
  tape.backward(ops.sum(ops.square(x)));
}

describe('the gradient of a tensor', () => {
  it('is of floats alone: asking for one of others is refused at once, taking it back is not', () => {
    for (const dtype of dtypes) {
      using x = zeros(device, [2], dtype);
      const ask = (): void => {
        x.requiresGrad = true;
      };
      if (isFloat(dtype)) ask();
      else
        expect(ask).toThrow(
          new ShapeError(
            'requiresGrad',
            x.label,
            `is ${dtype}`,
            'Only f32 and f16 have gradients: set it on a tensor of these.',
          ),
        );
      expect(x.requiresGrad).toBe(isFloat(dtype));
      x.requiresGrad = false;
      expect(x.requiresGrad).toBe(false);
    }
  });

  it('is freed when it is forgotten or replaced, and with its tensor', async () => {
    const { memory } = device;
    const before = memory.liveBytes;
    const [x, other] = [leaf([1, 2]), leaf([3, 4])];
    const two = memory.liveBytes;
    for (let i = 0; i < 3; i++) {
      backward(x);
      expect(memory.liveBytes).toBeGreaterThan(two);
      x.grad = undefined;
      expect(memory.liveBytes, 'forgotten').toBe(two);
    }
    backward(x);
    const made = x.grad!;
    x.grad = other;
    expect([made.disposed, memory.liveBytes], 'replaced').toEqual([true, two]);
    x.grad = undefined;
    expect(other.disposed, 'what was assigned').toBe(false);
    backward(x);
    const same = x.grad!;
    x.grad = same;
    expect([...(await same.read())]).toEqual([2, 4]);
    x.dispose();
    other.dispose();
    expect(memory.liveBytes, 'with its tensor').toBe(before);
  });

  it('can be kept by a handle of one’s own', async () => {
    const x = leaf([1, 2]);
    backward(x);
    const kept = ops.detach(x.grad!);
    x.dispose();
    expect([...(await kept.read())]).toEqual([2, 4]);
    kept.dispose();
    expect(device.memory.liveBytes).toBe(0);
  });

  it('can only be a tensor like it', () => {
    const x = leaf([1, 2]);
    const wrong: [unknown, RegExp][] = [
      [3, /grad: gradient is 3\. Assign a tensor, or undefined/],
      [null, /grad: gradient is null/],
      [zeros(device, [3]), /grad: gradient is f32 \[3\]\. f32 \[2\], as the tensor/],
      [zeros(device, [2], 'i32'), /grad: gradient is i32 \[2\]/],
    ];
    for (const [gradient, message] of wrong) {
      const assign = () => {
        x.grad = gradient as Tensor;
      };
      expect(assign).toThrow(message);
      expect(assign).toThrow(ShapeError);
      if (typeof gradient === 'object') (gradient as Tensor | null)?.dispose();
    }
    expect(x.grad).toBeUndefined();
    x.dispose();
  });
});
