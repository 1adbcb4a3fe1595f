/** @file Checks one op against a golden case: forward, then the gradients of Σ y·dy, in poisoned memory. */
import { Tape } from '../src/autograd/tape.ts';
import { tensor } from '../src/tensor/create.ts';
import type { Device } from '../src/tensor/device.ts';
import type { Tensor } from '../src/tensor/tensor.ts';
import { expectClose, poisoned } from './check.ts';
import { describeCase, type GoldenCase, type GoldenTensor } from './goldens.ts';

/** A golden tensor on the device, f32 or i32 as it was stored. */
export function upload(device: Device, { data, shape }: GoldenTensor): Tensor {
  return tensor(device, data, shape, data instanceof Int32Array ? 'i32' : 'f32');
}

/** Runs `forward` on the case's inputs by name; largest difference allowed is `tolerance` of the largest value. */
export async function checkGolden(
  device: Device,
  one: GoldenCase,
  forward: (inputs: Readonly<Record<string, Tensor>>) => Tensor,
  tolerance = 2e-6,
): Promise<void> {
  const what = describeCase(one);
  const inputs: Record<string, Tensor> = {};
  for (const [name, stored] of Object.entries(one.inputs)) {
    inputs[name] = upload(device, stored);
    inputs[name].requiresGrad = name in one.grads;
  }
  await poisoned(device, async () => {
    using tape = new Tape();
    const y = forward(inputs);
    expectClose(await y.read(), one.outputs.y!.data, tolerance, what);
    if (Object.keys(one.grads).length) tape.backward(y, upload(device, one.dy.y!));
  });
  for (const [name, expected] of Object.entries(one.grads)) {
    const gradient = inputs[name]!.grad!;
    expectClose(await gradient.read(), expected.data, tolerance, `${what}: gradient of ${name}`);
    gradient.dispose();
  }
}
