/** @file A seeded computation whose result must have the same bits wherever it runs on the same adapter. */
import { openDevice } from '#device';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { randomNormal, zeros } from '../../src/tensor/create.ts';
import type { Device } from '../../src/tensor/device.ts';
import { scope } from '../../src/tensor/scope.ts';

const steps = 20;

/** Bits of the float32 values of 20 steps of gradient descent, in order. */
async function descend(device: Device): Promise<number[]> {
  const shape = [3, 5, 7];
  const input = randomNormal(device, shape, 1);
  const weight = randomNormal(device, shape, 2);
  const gradient = zeros(device, shape);
  weight.requiresGrad = true;
  weight.gradSlot = gradient;
  const step = await capture(device, () => {
    using tape = new Tape();
    const activity = ops.tanh(ops.multiply(input, weight));
    const loss = ops.add(ops.square(activity), ops.exp(ops.affine(ops.abs(weight), -1)));
    tape.backward(loss, ops.affine(loss, 0, 1));
    return { next: ops.subtract(weight, ops.affine(gradient, 0.1)) };
  });
  const bits: number[] = [];
  for (let index = 0; index < steps; index++) {
    step.run();
    const next = await step.outputs.next.read();
    bits.push(...new Uint32Array(next.slice().buffer));
    weight.write(next);
  }
  step.dispose();
  return bits;
}

/** Runs the computation on a device of its own; resolves to the bits of its float32 results. */
export async function workload(): Promise<number[]> {
  const device = await openDevice();
  try {
    using _all = scope();
    return await descend(device);
  } finally {
    device.dispose();
  }
}
