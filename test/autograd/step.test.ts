import { afterEach, describe, expect, it, vi } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Optimizer } from '../../src/autograd/optim.ts';
import { capture } from '../../src/autograd/step.ts';
import { noGrad, Tape } from '../../src/autograd/tape.ts';
import { CaptureError, OutOfMemoryError, ShaderError } from '../../src/base/errors.ts';
import { accumulateInto } from '../../src/kernels/binary.ts';
import { queueOf } from '../../src/kernels/launch/queue.ts';
import { Declarations } from '../../src/models/declare.ts';
import { Module } from '../../src/models/module.ts';
import { randomNormal, tensor } from '../../src/tensor/create.ts';
import type { Caps } from '../../src/tensor/device.ts';
import { disown } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { useDevice } from '../device.ts';

const device = useDevice();
afterEach(() => {
  vi.restoreAllMocks();
});

/** x·x + sigmoid(x) with x used three times, so that gradients accumulate. */
function forward(x: Tensor): Tensor {
  return ops.add(ops.multiply(x, x), ops.sigmoid(ops.relu(x)));
}

function readInside(x: Tensor): { y: Tensor } {
  void x.read();
  return { y: x };
}

describe('capture', () => {
  it('replays to the same bits as eager, on new inputs', async () => {
    const x = tensor(device(), [0, 0, 0, 0, 0], [5]);
    const step = await capture(device(), () => ({ y: forward(x) }));
    for (const seed of [1, 2]) {
      const values = await randomNormal(device(), [5], seed).read();
      x.write(values);
      step.run();
      expect(await step.outputs.y.read()).toEqual(await forward(x).read());
    }
    expect(step.launchCount).toBe(4);
    expect(step.memory.plannedBytes).toBeLessThan(step.memory.unplannedBytes);
    step.dispose();
  });

  it('is one submit, but on a GPU that may be slow some, to the same bits; what comes after is in the last', async () => {
    const { caps } = device();
    const x = tensor(device(), [1, -2, 3], [3]);
    const step = await capture(device(), () => {
      let y = x;
      // 70 launches, of two kernels in turns and of one in a row
      for (let i = 0; i < 70; i++) y = i % 9 ? ops.affine(y, 1, 1) : ops.sigmoid(y);
      return { y };
    });
    const submit = vi.spyOn(device().gpu.queue, 'submit');
    const run = async (as: Partial<Caps>, submits: number) => {
      const before = { ...caps };
      Object.assign(caps, as);
      submit.mockClear();
      const after = vi.fn(() => expect(submit).toHaveBeenCalledTimes(submits - 1));
      step.run(after);
      Object.assign(caps, before);
      expect(after).toHaveBeenCalledOnce();
      expect(submit).toHaveBeenCalledTimes(submits);
      return step.outputs.y.read();
    };
    const whole = await run({ software: true }, 1);
    x.write([1, -2, 3]);
    expect(await run({ software: false, stackedMemory: false }, 3)).toEqual(whole);
    expect(await run({ software: false, stackedMemory: true }, 1)).toEqual(whole);
    step.dispose();
  });

  it('replays launches of one kernel in a row, each on its own tensors', async () => {
    const x = tensor(device(), [1, -2, 3], [3]);
    const step = await capture(device(), () => {
      const tripled = ops.affine(x, 3);
      const shifted = ops.affine(tripled, 1, 10);
      return { y: ops.affine(shifted, -1), relu: ops.relu(shifted), tripled };
    });
    step.run();
    expect(step.launchCount).toBe(4);
    expect([...(await step.outputs.y.read())]).toEqual([-13, -4, -19]);
    expect([...(await step.outputs.relu.read())]).toEqual([13, 4, 19]);
    expect([...(await step.outputs.tripled.read())]).toEqual([3, -6, 9]);
    step.dispose();
  });

  it('refuses to read outside what the step made and did not return', async () => {
    const x = tensor(device(), [1, 2], [2]);
    let within: Tensor | undefined;
    const step = await capture(device(), () => {
      within = disown(ops.affine(x, 3));
      return { y: ops.affine(within, 1, 10) };
    });
    step.run();
    expect([...(await step.outputs.y.read())]).toEqual([13, 16]);
    expect(() => within!.read()).toThrow(CaptureError);
    within!.dispose();
    step.dispose();
  });

  it('refuses a host read inside the step and nesting', async () => {
    const x = tensor(device(), [1], [1]);
    await expect(capture(device(), () => readInside(x))).rejects.toThrow(CaptureError);
  });

  it.each([
    {
      where: 'its shaders do not compile',
      error: new ShaderError('no such function'),
      fail: (error: Error) => vi.spyOn(queueOf(device()), 'prepare').mockRejectedValue(error),
    },
    {
      where: 'memory does not suffice for its last slot',
      error: new OutOfMemoryError('step slot', 4, ''),
      fail(error: Error) {
        const { memory } = device();
        const allocate = memory.allocateReal.bind(memory);
        vi.spyOn(memory, 'allocateReal').mockImplementation((bytes, label, options) => {
          if (label === 'step slot 1') throw error;
          return allocate(bytes, label, options);
        });
      },
    },
    {
      where: 'it cannot be bound',
      error: new Error('no such binding'),
      fail: (error: Error) =>
        vi.spyOn(device().gpu, 'createBindGroup').mockImplementation(() => {
          throw error;
        }),
    },
  ])('keeps nothing where $where', async ({ error, fail }) => {
    const x = tensor(device(), new Float32Array(1000), [1000]);
    ops.add(ops.affine(x, 3), x).dispose();
    const before = device().memory.liveBytes;
    fail(error);
    const captured = capture(device(), () => {
      const constant = tensor(device(), new Float32Array(1000), [1000]);
      return { y: ops.add(ops.affine(x, 3), constant) };
    });
    await expect(captured).rejects.toThrow(error);
    expect(device().memory.liveBytes).toBe(before);
  });
});

describe('tape', () => {
  it('adds the gradients of every use of a tensor and of every backward', async () => {
    const x = tensor(device(), [-1, 2], [2]);
    x.requiresGrad = true;
    for (let pass = 1; pass <= 2; pass++) {
      using tape = new Tape();
      const y = forward(x);
      tape.backward(y, tensor(device(), [1, 1], [2]));
      const s = 1 / (1 + Math.exp(-2));
      const gradient = await x.grad!.read();
      expect(gradient[0]).toBeCloseTo(pass * -2, 5);
      expect(gradient[1]).toBeCloseTo(pass * (4 + s * (1 - s)), 5);
    }
    x.grad!.dispose();
  });

  it('records nothing under noGrad and releases what it pinned when dropped', async () => {
    const x = disown(tensor(device(), [1, 2], [2]));
    x.requiresGrad = true;
    const before = device().memory.liveBytes;
    {
      using tape = new Tape();
      noGrad(() => ops.sigmoid(x).dispose());
      ops.sigmoid(x).dispose();
      expect(device().memory.liveBytes).toBeGreaterThan(before);
      expect(tape.tracks(x)).toBe(true);
    }
    expect(device().memory.liveBytes).toBe(before);
    x.dispose();
  });

  it('holds what it was recorded with, and says so where that was disposed', async () => {
    const x = tensor(device(), new Float32Array(2048).fill(3), [2048], 'f32', 'x');
    const step = await capture(device(), () => ({ y: ops.affine(x, 2) }));
    step.run();
    x.dispose();
    const other = tensor(device(), new Float32Array(2048).fill(50), [2048]);
    expect(() => step.run()).toThrow(/Tensor x, which a captured step was recorded with, was used after/);
    expect((await step.outputs.y.read())[0]).toBe(6);
    expect((await other.read())[0]).toBe(50);
    step.dispose();
    expect(() => step.run()).toThrow(/The captured step was used after it was disposed/);
  });

  it('gives outside tensors back as handles of its own, the same one twice if asked', async () => {
    const x = tensor(device(), [1, 2], [2]);
    const step = await capture(device(), () => ({ x, again: x, y: ops.square(x), z: x.reshape([1, 2]) }));
    step.run();
    expect([...(await step.outputs.again.read())]).toEqual([1, 2]);
    expect([...(await step.outputs.z.read())]).toEqual([1, 2]);
    step.dispose();
    expect([...(await x.read())]).toEqual([1, 2]);
  });

  it('refuses a step that returns no record of tensors, or is async, and disposes nothing', async () => {
    const x = tensor(device(), [3], [1]);
    const wrong: [unknown, RegExp][] = [
      [() => ops.square(x), /the step returned a tensor\. Return a plain record of tensors/],
      [() => undefined, /returned undefined/],
      [() => [x], /returned \[/],
      [() => ({ x, n: 3 }), /returned 3 as n/],
      [async () => ({ y: ops.square(x) }), /the step is async/],
      [() => Promise.reject(new Error('late')), /the step is async/],
    ];
    for (const [step, message] of wrong) {
      await expect(capture(device(), step as () => { y: Tensor })).rejects.toThrow(message);
      await expect(capture(device(), step as () => { y: Tensor })).rejects.toThrow(CaptureError);
    }
    expect(await ops.square(x).item()).toBe(9);
  });

  it('is the same program whatever gradients were left over, and each time it is captured', async () => {
    const declared = new Declarations();
    declared.parameter('w', [1], { kind: 'constant', value: 1 });
    using net = new Module(device(), declared, 0);
    const w = net.parameters.get('w')!;
    const free = tensor(device(), [1], [1]);
    free.requiresGrad = true;
    const optimizer = new Optimizer(net.arena, { kind: 'sgd' });
    const backward = () => {
      using tape = new Tape();
      tape.backward(ops.add(ops.square(w), ops.square(free)));
    };
    backward();
    const left = free.grad!;
    const labels: string[][] = [];
    for (let time = 0; time < 2; time++) {
      w.write([1]);
      const step = await capture(device(), () => {
        backward();
        optimizer.apply();
        return { gradient: free.grad! };
      });
      expect(free.grad).toBe(left);
      const seen: number[] = [];
      for (let i = 1; i <= 3; i++) {
        optimizer.prepare(i, 0.1);
        step.run();
        seen.push(await w.item());
      }
      expect(seen.map((value) => Number(value.toFixed(4)))).toEqual([0.8, 0.64, 0.512]);
      expect(await step.outputs.gradient.item()).toBe(2);
      expect(w.grad).toBe(w.gradSlot);
      labels.push([...step.labels]);
      step.dispose();
    }
    expect(labels[1]).toEqual(labels[0]);
    left.dispose();
    optimizer.dispose();
  });

  it('a run between forward and backward is noticed where it changes what backward reads', async () => {
    const w = tensor(device(), [2], [1]);
    w.requiresGrad = true;
    const one = tensor(device(), [1], [1]);
    const step = await capture(device(), () => {
      accumulateInto(w, one);
      return {};
    });
    using tape = new Tape();
    const loss = ops.square(w);
    step.run();
    expect(() => tape.backward(loss)).toThrow(/was written after the forward pass/);
    step.dispose();
  });

  it('a launch that would read and write the same memory is refused by name', () => {
    const w = tensor(device(), [2], [1]);
    expect(() => accumulateInto(w, w)).toThrow(/accumulate\.main: y shares its memory with x/);
  });

  it('refuses to run inside another', async () => {
    const x = tensor(device(), [1], [1]);
    const inner = await capture(device(), () => ({ y: ops.square(x) }));
    const outer = () => {
      inner.run();
      return {};
    };
    await expect(capture(device(), outer)).rejects.toThrow(/run\(\) of another step was attempted inside/);
    inner.dispose();
  });

  it('returns tensors without elements', async () => {
    const x = tensor(device(), [], [0, 3]);
    const step = await capture(device(), () => ({ y: ops.affine(x, 2), z: ops.concat([x, x]) }));
    step.run();
    expect([(await step.outputs.y.read()).length, step.outputs.z.shape]).toEqual([0, [0, 6]]);
    step.dispose();
  });

  it('refuses a step that disposes what it was given, and leaves the accounts right', async () => {
    const before = device().memory.liveBytes;
    const x = tensor(device(), new Float32Array(4096), [4096], 'f32', 'x');
    const step = () => {
      const y = ops.square(x);
      x.dispose();
      return { y };
    };
    await expect(capture(device(), step)).rejects.toThrow(/the step has disposed x, which it was given/);
    expect(device().memory.liveBytes).toBe(before);
    tensor(device(), new Float32Array(4096), [4096]).dispose();
  });

  it('closes the tapes that a failed step has left open', async () => {
    const w = tensor(device(), [1], [1]);
    w.requiresGrad = true;
    const step = () => {
      const tape = new Tape();
      ops.square(w);
      if (tape.tracks(w)) throw new Error('half-way');
      return {};
    };
    await expect(capture(device(), step)).rejects.toThrow('half-way');
    using tape = new Tape();
    expect(await noGrad(async () => tape.tracks(ops.square(w)))).toBe(false);
  });

  it('a parameter that an op reads twice gets the sum of both gradients in its slot', async () => {
    const declared = new Declarations();
    declared.parameter('w', [2], { kind: 'constant', value: 3 });
    using net = new Module(device(), declared, 0);
    const w = net.parameters.get('w')!;
    using tape = new Tape();
    tape.backward(ops.sum(ops.subtract(ops.multiply(w, w), ops.subtract(w, w))));
    expect([...(await w.grad!.read())]).toEqual([6, 6]);
    net.arena.zeroGrad();
    tape.backward(ops.sum(ops.subtract(w, w)));
    expect([...(await w.grad!.read())]).toEqual([0, 0]);
  });
});
