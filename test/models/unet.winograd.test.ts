import { beforeAll, describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { toTorch } from '../../src/models/state.ts';
import { UNet } from '../../src/models/unet.ts';
import { decodeWeights } from '../../src/models/weights.ts';
import { filled, tensor } from '../../src/tensor/create.ts';
import { expectClose } from '../check.ts';
import { useDevice } from '../device.ts';
import { type GoldenRun, goldenRun, goldenWeights } from '../goldens.ts';
import { forced } from '../kernels/conv2d.cases.ts';

const device = useDevice(forced('winograd', 'winograd'));
let run: GoldenRun;
beforeAll(async () => {
  run = await goldenRun();
});

describe('UNet with Winograd convolutions against PyTorch', () => {
  it('gives the same outputs, loss and gradients in train mode', async () => {
    const { width, channelsIn, channelsOut, dropout, sigma } = run.settings;
    const options = {
      channelsIn,
      width,
      heatmaps: channelsOut,
      locationHead: true,
      dropout,
      unusedLayers: true,
    };
    using unet = new UNet(device(), options);
    unet.loadStateDict(decodeWeights(await goldenWeights('initial'), 'initial').state);
    const { images, lines, masks, locations } = run.batch;
    const on = ({ data, shape }: typeof images) => tensor(device(), data, shape);
    unet.arena.zeroGrad();
    using tape = new Tape();
    const got = unet.forward(on(images), { training: true });
    const orientation = ops.lineHeatmapMse(got.heatmaps!, on(lines), on(masks), { sigma });
    const ones = filled(device(), 1, locations.shape);
    const total = ops.add(orientation, ops.maskedMse(got.location!, on(locations), ones));
    tape.backward(total);
    expectClose(await got.heatmaps!.read(), run.outputs.heatmaps.data, 2e-5, 'heatmaps');
    expectClose(await got.location!.read(), run.outputs.location.data, 2e-5, 'location');
    expectClose([await total.item()], [run.losses.total[0]!], 2e-5, 'loss');
    const { state } = decodeWeights(await goldenWeights('gradients'), 'gradients');
    const checked = [...state].filter(([name]) => !run.withoutEffect.biases.includes(name));
    expect(checked.length).toBeGreaterThan(50);
    for (const [name, { values }] of checked) {
      const { grad } = unet.parameters.get(name)!;
      expectClose(toTorch((await grad!.read()) as Float32Array, grad!.shape), values, 1e-4, name);
    }
  });
});
