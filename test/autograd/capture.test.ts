import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDevice } from '#device';
import * as ops from '../../src/autograd/ops.ts';
import { Optimizer } from '../../src/autograd/optim.ts';
import { capture, type StepOutputs } from '../../src/autograd/step.ts';
import { noGrad, Tape } from '../../src/autograd/tape.ts';
import { tune } from '../../src/autograd/tune.ts';
import { CaptureError, GradientError } from '../../src/base/errors.ts';
import { accumulateInto } from '../../src/kernels/binary.ts';
import { Declarations } from '../../src/models/declare.ts';
import { Module } from '../../src/models/module.ts';
import { readWeights } from '../../src/models/weights.ts';
import { filled, tensor, zeros } from '../../src/tensor/create.ts';
import type { Device } from '../../src/tensor/device.ts';
import { disown } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { useDevice } from '../device.ts';

const device = useDevice();
let other: Device;
beforeAll(async () => {
  other = await openDevice();
});
afterAll(() => other.dispose());

function leaf(values: readonly number[]): Tensor {
  const made = tensor(device(), values, [values.length], 'f32', 'w');
  made.requiresGrad = true;
  return made;
}

function moduleOn(at: Device): Module {
  const declarations = new Declarations();
  declarations.parameter('w', [2], { kind: 'constant', value: 1 });
  return new Module(at, declarations, 0);
}

describe('backward and captured steps', () => {
  it('of a loss that a captured step made is refused outside it, and in another', async () => {
    const w = leaf([1, 2]);
    using tape = new Tape();
    using step = await capture(device(), () => ({ loss: ops.sum(ops.sigmoid(w)) }));
    step.run();
    expect(() => tape.backward(step.outputs.loss)).toThrow(GradientError);
    expect(() => tape.backward(step.outputs.loss)).toThrow(
      /backward: it leads through sum, which was recorded in a captured step, and is called outside it/,
    );
    const second = capture(device(), () => {
      tape.backward(step.outputs.loss);
      return {};
    });
    await expect(second).rejects.toThrow(/through sum, which was recorded in another captured step/);
    // What is made of it outside is refused as well.
    const later = ops.sum(ops.multiply(step.outputs.loss, w));
    expect(() => tape.backward(later)).toThrow(/recorded in a captured step, and is called outside it/);
    expect(w.grad).toBeUndefined();
  });

  it('in a step is refused where it leads to what ran before, unless that is detached', async () => {
    const w = leaf([1, 2]);
    using tape = new Tape();
    const features = ops.sigmoid(w);
    const from = (x: Tensor) => () => {
      tape.backward(ops.sum(ops.multiply(x, w)));
      return { gradient: w.grad! };
    };
    const refused = capture(device(), from(features));
    await expect(refused).rejects.toThrow(GradientError);
    await expect(refused).rejects.toThrow(/backward: sigmoid ran before the captured step.*ops\.detach/);
    using step = await capture(device(), from(ops.detach(features)));
    step.run();
    expect(await step.outputs.gradient.read()).toEqual(await features.read());
  });

  it('does not take recorded writes for real ones: a step writes when it runs', async () => {
    const w = leaf([1, 2]);
    const one = filled(device(), 1, [2]);
    using tape = new Tape();
    const [first, second] = [ops.sum(ops.square(w)), ops.sum(ops.square(w))];
    using step = await capture(device(), () => {
      accumulateInto(w, one);
      return {};
    });
    expect(String(w)).toContain('[1, 2]');
    tape.backward(first);
    expect([...(await w.grad!.read())]).toEqual([2, 4]);
    step.run();
    expect(() => tape.backward(second)).toThrow(/w, which the gradient of square reads, was written/);
    expect(String(w)).toContain('values on the device');
  });

  it('takes writes within a step for what they are there', async () => {
    const w = leaf([1, 2]);
    const step = capture(device(), () => {
      using tape = new Tape();
      const loss = ops.sum(ops.square(w));
      accumulateInto(w, filled(device(), 1, [2]));
      tape.backward(loss);
      return {};
    });
    await expect(step).rejects.toThrow(/w, which the gradient of square reads, was written/);
  });
});

describe('what a captured step may not do', () => {
  it('is to work on another device: errors name the call', async () => {
    const theirs = zeros(other, [2]);
    using theirModule = moduleOn(other);
    const optimizer = new Optimizer(theirModule.arena, { kind: 'sgd' });
    theirModule.parameters.get('w')!.grad = theirModule.parameters.get('w')!.gradSlot;
    optimizer.prepare(1, 0.1);
    const early = noGrad(() => ops.sum(theirs));
    const calls: [() => unknown, RegExp][] = [
      [() => ops.sum(theirs), /^sum: its tensors are on another device than the captured step/],
      [() => ops.conv1d(zeros(other, [1, 2, 1]), zeros(other, [1, 1, 1])), /^conv1d: its tensors/],
      [() => new Tape().backward(early), /^backward: its tensors/],
      [() => optimizer.apply(), /^Optimizer\.apply: its tensors/],
      [() => accumulateInto(theirs, zeros(other, [2])), /: its tensors are on another device/],
      [() => theirs.write([1, 2]), /A host write was attempted inside a captured step/],
      [() => void theirs.read(), /A host read was attempted inside a captured step/],
    ];
    for (const [call, message] of calls) {
      const step = capture(device(), () => {
        call();
        return {};
      });
      await expect(step, String(call)).rejects.toThrow(message);
      await expect(step, String(call)).rejects.toThrow(CaptureError);
    }
    const returned = capture(device(), () => ({ theirs }));
    await expect(returned).rejects.toThrow(/a tensor of another device as theirs/);
    expect([...(await theirs.read())]).toEqual([0, 0]);
    optimizer.dispose();
    theirs.dispose();
    early.dispose();
  });

  it('is to read or write from the host: it throws at the call, awaited or not', async () => {
    const x = tensor(device(), [1], [1]);
    using net = moduleOn(device());
    const optimizer = new Optimizer(net.arena, { kind: 'sgd' });
    using before = await capture(device(), () => ({ y: ops.square(x) }));
    const calls: [() => unknown, RegExp][] = [
      [() => void x.read(), /A host read was attempted.*Return the tensor from the step/],
      [() => void x.item(), /A host read was attempted.*Return the tensor from the step/],
      [() => void zeros(device(), [3]).item(), /A host read was attempted/],
      [() => void readWeights(net), /A host read was attempted.*Read the weights after run/],
      [() => void optimizer.check(), /Optimizer\.check\(\) was called inside/],
      [() => void device().sync(), /sync\(\) was called inside a captured step\. Wait after run\(\)/],
      [() => void capture(device(), () => ({ x })), /capture\(\) inside a captured step/],
      [() => void tune(device(), [], { limitMs: 0 }), /tune\(\) was called inside/],
      [() => before.run(), /run\(\) of another step was attempted.*one after the other/],
      [() => x.write([2]), /A host write was attempted.*Write before run\(\)/],
      [() => net.parameters.get('w')!.write([1, 2]), /A host write was attempted.*Write before run\(\)/],
    ];
    for (const [call, message] of calls) {
      const step = capture(device(), () => {
        call();
        return {};
      });
      await expect(step, String(call)).rejects.toThrow(message);
      await expect(step, String(call)).rejects.toThrow(CaptureError);
    }
    expect(await x.item()).toBe(1);
    optimizer.dispose();
  });

  it('is to return anything but a plain record of tensors that are its to give', async () => {
    const x = tensor(device(), [3], [1]);
    const gone = tensor(device(), [3], [1], 'f32', 'gone');
    gone.dispose();
    let inside: Tensor | undefined;
    using before = await capture(device(), () => {
      inside = disown(ops.square(x));
      return { y: ops.square(inside) };
    });
    class Outputs {
      readonly y = x;
    }
    const wrong: [() => unknown, RegExp][] = [
      [() => new Map([['y', x]]), /returned an object \(Map\)\. Return a plain record of tensors/],
      [() => new Set([x]), /returned an object \(Set\)/],
      [() => new Date(0), /returned an object \(Date\)/],
      [() => new Outputs(), /returned an object \(Outputs\)/],
      [() => new Float32Array(2), /returned an object \(Float32Array\)/],
      [() => Object.create({ y: x }), /returned an object/],
      [() => ({ [Symbol('y')]: x }), /a record with a symbol as a name/],
      [() => Object.assign(Object.create(null), { y: 3 }), /returned 3 as y/],
      [() => ({ y: null }), /returned null as y/],
      [() => ({ x, gone }), /returned gone as gone, which it has disposed/],
      [() => ({ x, inside }), /lives only within its captured step/],
      [() => ({ x, y: ops.square(inside!) }), /lives only within its captured step/],
    ];
    const bytes = device().memory.liveBytes;
    for (const [step, message] of wrong) {
      const captured = capture(device(), step as () => StepOutputs);
      await expect(captured, String(step)).rejects.toThrow(message);
      await expect(captured, String(step)).rejects.toThrow(CaptureError);
      expect(device().memory.liveBytes, String(step)).toBe(bytes);
    }
    const plain = () => Object.assign(Object.create(null), { y: ops.square(x) }) as { y: Tensor };
    using step = await capture(device(), plain);
    step.run();
    expect(await step.outputs.y.item()).toBe(9);
    before.run();
    inside!.dispose();
  });

  it('is to be read before it ran: its outputs hold nothing yet', async () => {
    const x = tensor(device(), [3], [1]);
    using step = await capture(device(), () => ({ y: ops.square(x), x }));
    expect(() => step.outputs.y.read()).toThrow(/square was read before anything was written.*run\(\)/);
    await expect(step.outputs.y.item()).rejects.toThrow(CaptureError);
    expect(await step.outputs.x.item()).toBe(3);
    step.run();
    expect(await step.outputs.y.item()).toBe(9);
  });

  it('is to be read once it is disposed, by a view of what it returned', async () => {
    const x = tensor(device(), [3], [1]);
    const step = await capture(device(), () => ({ y: ops.square(x) }));
    step.run();
    const view = step.outputs.y.view();
    expect(await view.item()).toBe(9);
    step.dispose();
    tensor(device(), [50], [1]);
    expect(() => view.read()).toThrow(/lives only within its captured step/);
    expect(() => ops.square(view)).toThrow(CaptureError);
    view.dispose();
  });
});
