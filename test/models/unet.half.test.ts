import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Optimizer } from '../../src/autograd/optim.ts';
import { LossScaler } from '../../src/autograd/scaler.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { DeviceError } from '../../src/base/errors.ts';
import { type Precision, UNet } from '../../src/models/unet.ts';
import { tensor } from '../../src/tensor/create.ts';
import { expectClose, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { hasHalf } from '../half.ts';

const device = useDevice();
const options = { width: 8, depth: 3, heatmaps: 2, locationHead: true, dropout: 0, seed: 3 };
const images = random([4, 16, 16, 1], 1).data;
const lines = random([4, 16, 16, 2], 2, 0, 1).data;
const places = random([4, 1], 3, 0, 1).data;

/** Inputs, targets and loss of one step of training. */
function lossOf(unet: UNet) {
  const x = tensor(device(), images, [4, 16, 16, 1]);
  const wantedLines = tensor(device(), lines, [4, 16, 16, 2]);
  const wantedPlaces = tensor(device(), places, [4, 1]);
  return () => {
    const { heatmaps, location } = unet.forward(x, { training: true });
    return ops.add(ops.mse(heatmaps!, wantedLines), ops.mse(location!, wantedPlaces));
  };
}

/** Loss and all gradients of the first step. */
async function firstGradients(precision: Precision) {
  using unet = await poisoned(device(), () => new UNet(device(), { ...options, precision }));
  const forward = lossOf(unet);
  return poisoned(device(), async () => {
    using tape = new Tape();
    const loss = forward();
    tape.backward(loss, tensor(device(), [1024], []));
    const entries = [...unet.parameters].map(async ([name, { grad }]) => {
      expect(grad!.dtype).toBe('f32');
      return [name, (await grad!.read()).map((g) => g / 1024)] as const;
    });
    return { loss: await loss.item(), gradients: new Map(await Promise.all(entries)) };
  });
}

/** The loss of every step of a training run, and the labels of its launches. */
async function losses(precision: Precision, steps: number) {
  using unet = await poisoned(device(), () => new UNet(device(), { ...options, precision }));
  const forward = lossOf(unet);
  const scaler = precision === 'mixed' ? new LossScaler(device(), { undo: unet.undo }) : undefined;
  const optimizer = new Optimizer(unet.arena, { kind: 'adam' }, scaler);
  using step = await capture(device(), () => {
    unet.arena.zeroGrad();
    using tape = new Tape();
    const loss = forward();
    tape.backward(loss, scaler?.scale);
    optimizer.apply(loss);
    return { loss };
  });
  const path: number[] = [];
  for (let t = 1; t <= steps; t++) {
    optimizer.prepare(t, 2e-3);
    step.run();
    path.push(await step.outputs.loss.item());
  }
  const skipped = await scaler?.skipped.item();
  for (const owner of [optimizer, scaler]) owner?.dispose();
  return { path, skipped, labels: step.labels };
}

if (hasHalf) {
  describe('U-Net in mixed precision', () => {
    it('computes heatmaps and features in f16, the location and every gradient in f32, near those of f32', async () => {
      const wanted = await firstGradients('f32');
      const got = await firstGradients('mixed');
      expectClose([got.loss], [wanted.loss], 2e-3, 'loss');
      for (const [name, gradient] of wanted.gradients) {
        // what batch norm takes away again is rounding alone
        if (/conv\d\.0\.bias/.test(name) && !name.startsWith('up')) continue;
        const scale = Math.hypot(...gradient);
        const error = Math.hypot(...gradient.map((g, i) => g - got.gradients.get(name)![i]!));
        // rounding turns a few ReLUs and pooled maxima over, more of them the further from the loss
        expect(error, `gradient of ${name}, of norm ${scale}`).toBeLessThan(0.1 * scale);
      }
    });

    it('trains to the loss of f32 within 5 %, with one cast of all weights a step', async () => {
      const [single, mixed] = [await losses('f32', 80), await losses('mixed', 80)];
      const last = (path: readonly number[]) => path.slice(-10).reduce((a, b) => a + b, 0) / 10;
      expect(last(single.path)).toBeLessThan(0.5 * single.path[0]!);
      expect(Math.abs(last(mixed.path) / last(single.path) - 1)).toBeLessThan(0.05);
      expect(mixed.skipped).toBeLessThan(10);
      // all weights, the image, the features of the location head, and the gradient of those
      const casts = mixed.labels.filter((label) => label.startsWith('cast.'));
      expect(casts).toEqual(['cast.toHalf', 'cast.toHalf', 'cast.fromHalf', 'cast.toHalf']);
    });
  });
} else {
  describe('U-Net in mixed precision', () => {
    it('is refused on this adapter, naming it and what would do', () => {
      const build = () => new UNet(device(), { ...options, precision: 'mixed' });
      expect(build).toThrow(DeviceError);
      expect(build).toThrow(/shader-f16.*lavapipe/);
    });
  });
}
