import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Optimizer } from '../../src/autograd/optim.ts';
import { LossScaler } from '../../src/autograd/scaler.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Declarations } from '../../src/models/declare.ts';
import { BatchNorm2d, Conv2d } from '../../src/models/layers.ts';
import { Module } from '../../src/models/module.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { Device } from '../../src/tensor/device.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { random } from '../check.ts';
import { useDevice } from '../device.ts';

const device = useDevice();

/** A convolution and batch norm whose steps can be undone, in f32, which every adapter has. */
class Small extends Module {
  readonly #conv: Conv2d;
  readonly #norm: BatchNorm2d;

  constructor(on: Device) {
    const at = new Declarations();
    const conv = new Conv2d(at.at('conv'), { channelsIn: 1, channelsOut: 3, kernel: 3, padding: 1 });
    const norm = new BatchNorm2d(at.at('norm'), 3);
    super(on, at, 1, { undoable: true });
    this.#conv = conv;
    this.#norm = norm;
  }

  forward(x: Tensor): Tensor {
    this.countBatch();
    return this.#norm.forward(this.#conv.forward(x), true);
  }
}

const shape = [2, 8, 8, 1];
const good = [1, 2, 3].map((seed) => [...random(shape, seed).data]);
/** One pixel that a convolution brings beyond what f32 holds. */
const overflowing = good[0]!.with(70, 3e38).with(71, 3e38);

/** Everything that a run of steps leaves, by name. */
async function trainedOn(batches: readonly (readonly number[])[]) {
  using network = new Small(device());
  const scaler = new LossScaler(device(), { undo: network.undo });
  const optimizer = new Optimizer(network.arena, { kind: 'adam' }, scaler);
  const x = zeros(device(), shape);
  const target = tensor(device(), random([2, 8, 8, 3], 9).data, [2, 8, 8, 3]);
  using step = await capture(device(), () => {
    network.arena.zeroGrad();
    using tape = new Tape();
    const loss = ops.mse(network.forward(x), target);
    tape.backward(loss, scaler.scale);
    optimizer.apply(loss);
    return { loss };
  });
  for (const [i, batch] of batches.entries()) {
    x.write(batch);
    optimizer.prepare(i + 1, 0.01);
    step.run();
  }
  const state = [...network.stateDict()].map(async ([name, one]) => [name, [...(await one.read())]] as const);
  const left = Object.fromEntries(await Promise.all(state));
  const skipped = await scaler.skipped.item();
  const scale = await scaler.scale.item();
  for (const owner of [optimizer, scaler]) owner.dispose();
  return { left, skipped, scale };
}

describe('a module whose steps can be undone', () => {
  it('has after skipped steps the parameters, statistics and batch counts it would have without them', async () => {
    const undisturbed = await trainedOn(good);
    const disturbed = await trainedOn([overflowing, good[0]!, overflowing, overflowing, ...good.slice(1)]);
    expect(disturbed.left).toEqual(undisturbed.left);
    expect(undisturbed.left['norm.num_batches_tracked']).toEqual([3]);
    expect([undisturbed.skipped, disturbed.skipped]).toEqual([0, 3]);
    expect(disturbed.scale).toBe(undisturbed.scale);
    const means = undisturbed.left['norm.running_mean']!;
    expect(means.every((mean) => Number.isFinite(mean) && mean !== 0)).toBe(true);
  });
});
