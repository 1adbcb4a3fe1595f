/** @file The golden run: the U-Net and the batch that PyTorch trained on, forward, backward and 20 steps of Adam. */
import * as ops from '../../src/autograd/ops.ts';
import { Optimizer } from '../../src/autograd/optim.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { UNet } from '../../src/models/unet.ts';
import { decodeWeights, readWeights } from '../../src/models/weights.ts';
import { filled, tensor } from '../../src/tensor/create.ts';
import type { Device } from '../../src/tensor/device.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { poisoned } from '../check.ts';
import { type GoldenRun, goldenWeights } from '../goldens.ts';

/** The golden network with the weights PyTorch had then. */
export async function network(device: Device, run: GoldenRun, weights: 'initial' | 'final'): Promise<UNet> {
  const { width, channelsIn, channelsOut, dropout } = run.settings;
  const options = {
    channelsIn,
    width,
    heatmaps: channelsOut,
    locationHead: true,
    dropout,
    unusedLayers: true,
  };
  const made = await poisoned(device, () => new UNet(device, options));
  made.loadStateDict(decodeWeights(await goldenWeights(weights), weights).state);
  return made;
}

export type Batch = Record<keyof GoldenRun['batch'], Tensor>;

export function batchOf(device: Device, run: GoldenRun): Batch {
  const entries = Object.entries(run.batch).map(([name, { data, shape }]) => [
    name,
    tensor(device, data, shape),
  ]);
  return Object.fromEntries(entries) as Batch;
}

/** Forward in train mode, the multitask loss, backward. */
export function trainOnce(unet: UNet, run: GoldenRun, batch: Batch) {
  unet.arena.zeroGrad();
  const ones = filled(unet.device, 1, run.batch.locations.shape);
  using tape = new Tape();
  const { heatmaps, location } = unet.forward(batch.images, { training: true });
  const orientation = ops.lineHeatmapMse(heatmaps!, batch.lines, batch.masks, { sigma: run.settings.sigma });
  const position = ops.maskedMse(location!, batch.locations, ones);
  const total = ops.add(orientation, position);
  tape.backward(total);
  return { heatmaps: heatmaps!, location: location!, orientation, position, total };
}

/** Total losses of `steps` steps and the weights after them. */
export async function train(device: Device, run: GoldenRun, captured: boolean, steps: number) {
  using _temporaries = scope();
  const { learningRate, beta1, beta2, epsilon } = run.settings;
  using unet = await network(device, run, 'initial');
  const optimizer = new Optimizer(unet.arena, { kind: 'adam', beta1, beta2, epsilon });
  const batch = batchOf(device, run);
  const once = () => {
    const { total } = trainOnce(unet, run, batch);
    optimizer.apply();
    return { total };
  };
  const step = captured ? await capture(device, once) : undefined;
  const losses: number[] = [];
  for (let t = 1; t <= steps; t++) {
    using _step = scope();
    optimizer.prepare(t, learningRate);
    step?.run();
    losses.push(await (step?.outputs ?? once()).total.item());
  }
  const weights = await readWeights(unet);
  const labels = step?.labels ?? [];
  step?.dispose();
  optimizer.dispose();
  return { losses, weights, labels };
}
