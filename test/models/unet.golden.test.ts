import { beforeAll, describe, expect, it } from 'vitest';
import { toTorch } from '../../src/models/state.ts';
import { decodeWeights } from '../../src/models/weights.ts';
import { expectClose, poisoned } from '../check.ts';
import { useDevice } from '../device.ts';
import { type GoldenRun, goldenRun, goldenWeights } from '../goldens.ts';
import { batchOf, network, train, trainOnce } from './golden.ts';

const device = useDevice();
let run: GoldenRun;
beforeAll(async () => {
  run = await goldenRun();
});

describe('UNet against PyTorch', () => {
  it('gives the same train-mode outputs, losses and gradients at the first step', async () => {
    using unet = await network(device(), run, 'initial');
    const got = await poisoned(device(), () => trainOnce(unet, run, batchOf(device(), run)));
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
    const { losses, weights } = await train(device(), run, true, run.settings.steps);
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
    const eager = await train(device(), run, false, 4);
    const captured = await train(device(), run, true, 4);
    expect(captured.losses).toEqual(eager.losses);
    for (const [name, { values }] of eager.weights)
      expect(captured.weights.get(name)!.values.join() === values.join(), `${name}: same bits`).toBe(true);
  });

  it('gives the same outputs in evaluation with the trained weights', async () => {
    using unet = await network(device(), run, 'final');
    const { heatmaps, location } = unet.forward(batchOf(device(), run).images, { training: false });
    expectClose(await heatmaps!.read(), run.evaluated.heatmaps.data, 2e-5, 'heatmaps');
    expectClose(await location!.read(), run.evaluated.location.data, 2e-5, 'location');
  });
});
