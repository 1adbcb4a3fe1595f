import { beforeAll, describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Optimizer } from '../../src/autograd/optim.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { toTorch } from '../../src/models/state.ts';
import { UNet } from '../../src/models/unet.ts';
import { decodeWeights, readWeights } from '../../src/models/weights.ts';
import { filled, tensor } from '../../src/tensor/create.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { expectClose, poisoned } from '../check.ts';
import { useDevice } from '../device.ts';
import { type GoldenRun, goldenRun, goldenWeights } from '../goldens.ts';

const device = useDevice();
let run: GoldenRun;
beforeAll(async () => {
  run = await goldenRun();
});

async function network(weights: 'initial' | 'final'): Promise<UNet> {
  const { width, channelsIn, channelsOut, dropout } = run.settings;
  const options = {
    channelsIn,
    width,
    heatmaps: channelsOut,
    locationHead: true,
    dropout,
    unusedLayers: true,
  };
  const made = await poisoned(device(), () => new UNet(device(), options));
  made.loadStateDict(decodeWeights(await goldenWeights(weights), weights).state);
  return made;
}

type Batch = Record<keyof GoldenRun['batch'], Tensor>;

function batchOf(): Batch {
  const entries = Object.entries(run.batch).map(([name, { data, shape }]) => [
    name,
    tensor(device(), data, shape),
  ]);
  return Object.fromEntries(entries) as Batch;
}

/** Forward in train mode, the multitask loss, backward. */
function trainOnce(unet: UNet, batch: Batch, ones: Tensor) {
  unet.arena.zeroGrad();
  using tape = new Tape();
  const { heatmaps, location } = unet.forward(batch.images, { training: true });
  const orientation = ops.lineHeatmapMse(heatmaps!, batch.lines, batch.masks, { sigma: run.settings.sigma });
  const position = ops.maskedMse(location!, batch.locations, ones);
  const total = ops.add(orientation, position);
  tape.backward(total);
  return { heatmaps: heatmaps!, location: location!, orientation, position, total };
}

/** Total losses of `steps` steps and the weights after them. */
async function train(captured: boolean, steps: number) {
  using _temporaries = scope();
  const { learningRate, beta1, beta2, epsilon } = run.settings;
  using unet = await network('initial');
  const optimizer = new Optimizer(unet.arena, { kind: 'adam', beta1, beta2, epsilon });
  const batch = batchOf();
  const ones = filled(device(), 1, run.batch.locations.shape);
  const once = () => {
    const { total } = trainOnce(unet, batch, ones);
    optimizer.apply();
    return { total };
  };
  const step = captured ? await capture(device(), once) : undefined;
  const losses: number[] = [];
  for (let t = 1; t <= steps; t++) {
    using _step = scope();
    optimizer.prepare(t, learningRate);
    step?.run();
    losses.push(await (step?.outputs ?? once()).total.item());
  }
  const weights = await readWeights(unet);
  step?.dispose();
  optimizer.dispose();
  return { losses, weights };
}

describe('UNet against PyTorch', () => {
  it('gives the same train-mode outputs, losses and gradients at the first step', async () => {
    using unet = await network('initial');
    const got = await poisoned(device(), () =>
      trainOnce(unet, batchOf(), filled(device(), 1, run.batch.locations.shape)),
    );
    expectClose(await got.heatmaps.read(), run.outputs.heatmaps.data, 2e-5, 'heatmaps');
    expectClose(await got.location.read(), run.outputs.location.data, 2e-5, 'location');
    const losses = [await got.total.item(), await got.orientation.item(), await got.position.item()];
    const { total, orientation, location } = run.losses;
    expectClose(losses, [total[0]!, orientation[0]!, location[0]!], 2e-5, 'losses');
    const { state } = decodeWeights(await goldenWeights('gradients'), 'gradients');
    const unused = [...unet.parameters].filter(([, { grad }]) => !grad).map(([name]) => name);
    expect(unused.map((name) => name.split('.')[0])).toEqual([
      'conv1_label',
      'conv1_label',
      'conv2_label',
      'conv2_label',
    ]);
    for (const [name, { values }] of state) {
      if (run.withoutEffect.biases.includes(name)) continue;
      const { grad } = unet.parameters.get(name)!;
      expectClose(toTorch((await grad!.read()) as Float32Array, grad!.shape), values, 1e-4, name);
    }
  });

  it('follows 20 Adam steps, captured', async () => {
    const { losses, weights } = await train(true, run.settings.steps);
    const { total } = run.losses;
    // Rounding can turn a ReLU over, and Adam makes whole steps of it: the room grows with the step, to 2e-3.
    for (const [t, loss] of losses.entries())
      expectClose([loss], [total[t]!], 1e-4 * (t + 1), `loss of step ${t + 1}`);
    const { state } = decodeWeights(await goldenWeights('final'), 'final');
    const { biases, runningMeans } = run.withoutEffect;
    for (const [name, { values }] of state) {
      if (biases.includes(name) || runningMeans.includes(name)) continue;
      expectClose(weights.get(name)!.values, values, 1e-3, name);
    }
  });

  it('trains to the same bits eagerly and captured', async () => {
    const eager = await train(false, 4);
    const captured = await train(true, 4);
    expect(captured.losses).toEqual(eager.losses);
    for (const [name, { values }] of eager.weights)
      expect(captured.weights.get(name)!.values.join() === values.join(), `${name}: same bits`).toBe(true);
  });

  it('gives the same outputs in evaluation with the trained weights', async () => {
    using unet = await network('final');
    const { heatmaps, location } = unet.forward(batchOf().images, { training: false });
    expectClose(await heatmaps!.read(), run.evaluated.heatmaps.data, 2e-5, 'heatmaps');
    expectClose(await location!.read(), run.evaluated.location.data, 2e-5, 'location');
  });
});
