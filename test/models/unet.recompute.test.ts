import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { UNet } from '../../src/models/unet.ts';
import { randomNormal, tensor } from '../../src/tensor/create.ts';
import { useDevice } from '../device.ts';

const convolutions = ['conv2d', 'conv2dInputGrad', 'conv2dWeightGrad', 'conv2dTranspose'];
const variants = Object.fromEntries(convolutions.map((op) => [op, 'tile']));
const device = useDevice({ variants });

/** All gradients, running statistics and outputs of a training step, and the bytes planned for it. */
async function stepOf(recompute: boolean) {
  using unet = new UNet(device(), { width: 4, depth: 3, heatmaps: 2, locationHead: true });
  const x = randomNormal(device(), [2, 32, 32, 1], 1);
  const random = tensor(device(), [3, 1], [2], 'u32');
  using step = await capture(device(), () => {
    unet.arena.zeroGrad();
    using tape = new Tape();
    const { heatmaps, location } = unet.forward(x, { training: true, random, recompute });
    const loss = ops.add(ops.mean(ops.square(heatmaps!)), ops.mean(ops.square(location!)));
    tape.backward(loss);
    return { loss };
  });
  step.run();
  const gradients: Record<string, number[]> = {};
  for (const [name, { grad }] of unet.parameters) gradients[name] = [...(await grad!.read())];
  const state: Record<string, number[]> = {};
  for (const [name, one] of unet.stateDict()) state[name] = [...(await one.read())];
  return { gradients, state, loss: await step.outputs.loss.item(), memory: step.memory, labels: step.labels };
}

describe('UNet with recomputed blocks', () => {
  it('has the same loss, gradients and running statistics, bit by bit, in less memory', async () => {
    const kept = await stepOf(false);
    const again = await stepOf(true);
    expect(again.loss).toBe(kept.loss);
    expect(again.gradients).toEqual(kept.gradients);
    expect(again.state).toEqual(kept.state);
    expect(again.memory.plannedBytes).toBeLessThan(0.85 * kept.memory.plannedBytes);
    const forwards = (labels: readonly string[]) =>
      labels.filter((label) => label.startsWith('conv2d[')).length;
    // Both convolutions of each of three encoder blocks, the first of each of two decoder blocks.
    expect(forwards(again.labels) - forwards(kept.labels)).toBe(8);
  });
});
