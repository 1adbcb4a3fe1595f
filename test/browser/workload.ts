/** @file A seeded training whose losses and weights must have the same bits wherever it runs on the same adapter. */
import { openDevice } from '#device';
import * as ops from '../../src/autograd/ops.ts';
import { Optimizer } from '../../src/autograd/optim.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { UNet } from '../../src/models/unet.ts';
import { empty, filled, randomNormal, randomUniform, tensor } from '../../src/tensor/create.ts';
import type { Device } from '../../src/tensor/device.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const steps = 20;
const [batch, side, views] = [2, 32, 2];

export interface WorkloadResult {
  /** Bits of the float32 loss of each step. */
  readonly losses: readonly number[];
  /** Bits of all parameters after the last. */
  readonly weights: readonly number[];
}

const bitsOf = (values: ArrayLike<number>): number[] => [
  ...new Uint32Array(Float32Array.from(values).buffer),
];

/** Images of noise, with lines through them and locations. */
function syntheticBatch(device: Device) {
  const angles = [0.3, 1.2, 2.1, 2.9];
  const lines = angles.flatMap((angle, i) => [Math.cos(angle), Math.sin(angle), -4 * i - 6]).map(Math.fround);
  return {
    images: randomNormal(device, [batch, side, side, 1], 1),
    lines: tensor(device, lines, [batch, views, 3]),
    mask: tensor(device, [1, 1, 1, 0], [batch, views]),
    locations: randomUniform(device, [batch, 1], 2),
    locationMask: filled(device, 1, [batch, 1]),
  };
}

/** One step: forward with dropout, both losses, backward, Adam with clipping. */
function trainStep(
  unet: UNet,
  optimizer: Optimizer,
  data: ReturnType<typeof syntheticBatch>,
  random: Tensor,
) {
  unet.arena.zeroGrad();
  using tape = new Tape();
  const { heatmaps, location } = unet.forward(data.images, { training: true, random });
  const orientation = ops.lineHeatmapMse(heatmaps!, data.lines, data.mask, { sigma: 4 });
  const loss = ops.add(orientation, ops.maskedMse(location!, data.locations, data.locationMask));
  tape.backward(loss);
  optimizer.apply();
  return { loss };
}

async function train(device: Device): Promise<WorkloadResult> {
  using _all = scope();
  using unet = new UNet(device, { width: 8, depth: 4, heatmaps: views, locationHead: true, seed: 5 });
  const optimizer = new Optimizer(unet.arena, { kind: 'adam', maxGradientNorm: 1 });
  const data = syntheticBatch(device);
  const random = empty(device, { shape: [2], dtype: 'u32' }, 'random');
  const step = await capture(device, () => trainStep(unet, optimizer, data, random));
  const losses: number[] = [];
  for (let t = 1; t <= steps; t++) {
    optimizer.prepare(t, 1e-3);
    random.write([7, t]);
    step.run();
    losses.push(await step.outputs.loss.item());
  }
  const weights = await unet.arena.values.read();
  step.dispose();
  optimizer.dispose();
  return { losses: bitsOf(losses), weights: bitsOf(weights) };
}

/** Trains a small U-Net for 20 steps on a device of its own. */
export async function workload(): Promise<WorkloadResult> {
  const device = await openDevice();
  try {
    return await train(device);
  } finally {
    device.dispose();
  }
}
