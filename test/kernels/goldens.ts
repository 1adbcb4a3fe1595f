/** @file Checks an op of one differentiable input x against its PyTorch cases. */
import { Tape } from '../../src/autograd/tape.ts';
import { tensor } from '../../src/tensor/create.ts';
import type { Device } from '../../src/tensor/device.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { expectClose, poisoned } from '../check.ts';
import { describeCase, type GoldenAttributes, type GoldenFamily, goldenCases } from '../goldens.ts';

/** Output and gradient of every case within `tolerance` of the largest value. */
export async function checkGoldens(
  device: Device,
  family: GoldenFamily,
  op: string,
  forward: (x: Tensor, attrs: GoldenAttributes) => Tensor,
  tolerance = 1e-6,
): Promise<void> {
  for (const one of await goldenCases(family, op)) {
    const what = describeCase(one);
    const [x, dy] = [one.inputs.x!, one.dy.y!].map(({ data, shape }) => tensor(device, data, shape));
    x!.requiresGrad = true;
    await poisoned(device, async () => {
      using tape = new Tape();
      const y = forward(x!, one.attrs);
      expectClose(await y.read(), one.outputs.y!.data, tolerance, what);
      tape.backward(y, dy);
    });
    expectClose(await x!.grad!.read(), one.grads.x!.data, tolerance, `${what}: gradient`);
    x!.grad!.dispose();
  }
}
