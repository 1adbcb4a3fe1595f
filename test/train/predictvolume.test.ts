/** @file What a network says of a whole volume: an identity gives it back, whatever the sides, spacings and batch. */
import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { ConfigError, ShapeError } from '../../src/base/errors.ts';
import { uniforms } from '../../src/base/random.ts';
import { readNifti, writeNifti } from '../../src/data/nifti.ts';
import {
  type Axes,
  labelsOnGrid,
  niftiOfVolume,
  resampleVolume,
  type Volume,
} from '../../src/data/volumes/index.ts';
import { planLevels } from '../../src/models/levels.ts';
import { PlainConvUNet } from '../../src/models/levelUnet.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { predictVolume } from '../../src/train/predictvolume.ts';
import { useDevice } from '../device.ts';

const device = useDevice();

/** Thick slices, oblique. */
const affine = [...[1, 0.2, 0, -9], ...[-0.2, 1, 0, 4], ...[0, 0, 5, 30], ...[0, 0, 0, 1]];
const inPlane = Math.hypot(1, 0.2);

const volume = (shape: Axes, channels = 1): Volume => ({
  ...{ shape, channels, spacingMm: [5, inPlane, inPlane], affine },
  data: uniforms(shape[0] * shape[1] * shape[2] * channels, 3),
});

/** Nothing but the patches, on a tensor of their own. */
const identity = (x: Tensor) => ops.affine(x, 1, 0);

describe('predictVolume', () => {
  it.each([
    { what: 'odd sides', shape: [7, 19, 23], patch: [4, 8, 8], batch: 3, channels: 1 },
    { what: 'a volume smaller than the patch', shape: [3, 5, 6], patch: [4, 8, 8], batch: 1, channels: 2 },
    { what: 'one slice', shape: [1, 17, 9], patch: [2, 6, 16], batch: 2, channels: 1 },
  ] as const)('of an identity gives the volume back: $what', async ({ shape, patch, batch, channels }) => {
    const given = volume(shape, channels);
    const seen: number[] = [];
    const onProgress = (done: number, total: number) => seen.push(done / total);
    const scores = await predictVolume(device(), identity, given, { patch, batch, onProgress });
    expect(scores.channels).toBe(channels);
    const off = scores.data.map((v, i) => Math.abs(v - given.data[i]!));
    expect(Math.max(...off)).toBeLessThan(1e-6);
    expect(seen.at(-1)).toBe(1);
  });

  it('weighs patches towards their middles: between two the nearer one counts', async () => {
    const given = { ...volume([1, 1, 12]), data: Float32Array.of(1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0) };
    // all of a patch gets its first voxel: 1 from the first patch, 2 from the second, which begins at 4
    const first = (x: Tensor) => ops.expand(ops.slice(x, 0, 1, 3), [-1, -1, -1, 8, -1]);
    const { data } = await predictVolume(device(), first, given, { patch: [1, 1, 8] });
    expect([...data.slice(0, 4)]).toEqual([1, 1, 1, 1]);
    // σ is 1 voxel: at 5 the middles are 1.5 and 2.5 away
    const share = Math.exp(-(2.5 ** 2) / 2) / (Math.exp(-(2.5 ** 2) / 2) + Math.exp(-(1.5 ** 2) / 2));
    expect(data[5]).toBeCloseTo(1 + share, 5);
    expect(data[6]).toBeCloseTo(2 - share, 5);
    expect([...data.slice(8)]).toEqual([2, 2, 2, 2]);
  });

  it('of a network at another spacing gives classes on the image’s own grid, written with its affine', async () => {
    const image = volume([4, 20, 22]);
    const coarse = resampleVolume(image, [5, 2, 2]);
    const { levels, patch } = planLevels([5, 2, 2], [4, 8, 8]);
    using net = new PlainConvUNet(device(), { classes: 3, levels, channels: [4, 6], seed: 1 });
    const forward = (x: Tensor) => ops.softmax(net.forward(x, { training: false }));
    const options = { patch, batch: 2 };
    const scores = await predictVolume(device(), forward, coarse, options);
    for (let i = 0; i < scores.data.length; i += 3)
      expect(scores.data[i]! + scores.data[i + 1]! + scores.data[i + 2]!).toBeCloseTo(1, 5);
    const labels = labelsOnGrid(scores, image);
    expect(labels.shape).toEqual(image.shape);
    expect(new Set(labels.data).size).toBeGreaterThan(1);
    const again = readNifti(writeNifti(niftiOfVolume(labels), { type: 'u8', gzip: true }), 'labels.nii.gz');
    expect([...again.affine]).toEqual(affine.map(Math.fround));
    expect([...again.data]).toEqual([...labels.data]);
    const twice = await predictVolume(device(), forward, coarse, options);
    expect(twice.data).toEqual(scores.data);
  });

  it('refuses what is no volume, patch, step or scores', async () => {
    const given = volume([2, 4, 4]);
    const predict = (forward: unknown, options: object) =>
      predictVolume(device(), forward as typeof identity, given, { patch: [2, 4, 4], ...options });
    await expect(predict(null, {})).rejects.toThrow(ConfigError);
    await expect(predict(identity, { step: 0 })).rejects.toThrow(ConfigError);
    await expect(predict(identity, { step: 1.5 })).rejects.toThrow('step');
    await expect(predict(identity, { patch: [4, 4] })).rejects.toThrow(ShapeError);
    await expect(predict(ops.globalAvgPool, {})).rejects.toThrow('[1, 2, 4, 4, classes]');
    const short = { ...given, data: given.data.slice(1) };
    await expect(predictVolume(device(), identity, short, { patch: [2, 4, 4] })).rejects.toThrow(ShapeError);
  });
});
