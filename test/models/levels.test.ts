/** @file Which kernels and strides suit a spacing, and what the networks of such levels refuse, against cases by hand. */
import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { ConfigError, DeviceError, ShapeError } from '../../src/base/errors.ts';
import { planLevels } from '../../src/models/levels.ts';
import { PlainConvUNet, ResidualEncoderUNet } from '../../src/models/levelUnet.ts';
import { deepSupervision, supervisionWeights } from '../../src/models/supervision.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { useDevice } from '../device.ts';
import { hasHalf } from '../half.ts';

const device = useDevice();

const sizes = (spacing: readonly number[], patch: readonly number[]) => {
  const { levels, ...rest } = planLevels(spacing, patch);
  return {
    kernels: levels.map(({ kernel }) => kernel.join('')),
    strides: levels.map(({ stride }) => stride.join('')),
    ...rest,
  };
};

describe('planLevels', () => {
  it('of ACDC’s thick slices halves within slices until they are as coarse, then along all axes that are long enough', () => {
    // 5/1.5625 = 3.2; one level down 1.6: kernel 3 and halved. At 5 voxels depth is short, at 8×7 one axis of 8 is.
    expect(sizes([5, 1.5625, 1.5625], [20, 256, 224])).toEqual({
      kernels: ['133', '333', '333', '333', '333', '333'],
      strides: ['111', '122', '222', '222', '122', '122'],
      multiples: [4, 32, 32],
      patch: [20, 256, 224],
    });
  });

  it('of even spacing halves all axes, down to sides of 4, and a last axis of twelve but not of eleven', () => {
    expect(sizes([1, 1, 1], [32, 32, 32])).toEqual({
      kernels: ['333', '333', '333', '333'],
      strides: ['111', '222', '222', '222'],
      multiples: [8, 8, 8],
      patch: [32, 32, 32],
    });
    expect(sizes([1, 1], [12, 6]).strides).toEqual(['11', '21']);
    expect(sizes([1, 1], [11, 6]).strides).toEqual(['11']);
  });

  it('keeps 1 along an axis that stays twice as coarse, whichever it is, and raises the patch to multiples', () => {
    // 8 mm beside 1, 2, 4: at a factor of exactly 2 it is still too coarse.
    expect(sizes([1, 1, 8], [37, 40, 6])).toEqual({
      kernels: ['331', '331', '331', '333'],
      strides: ['111', '221', '221', '221'],
      multiples: [8, 8, 1],
      patch: [40, 40, 6],
    });
  });

  it('stops at the most levels, and at another least side', () => {
    expect(planLevels([1, 1], [64, 64], { mostLevels: 3 }).levels).toHaveLength(3);
    expect(planLevels([1, 1], [64, 64], { leastSide: 16 }).levels).toHaveLength(3);
  });

  it.each([
    [[1, 1, 1], [8, 8], {}, 'patch is'],
    [[1], [8], {}, '[z, y, x]'],
    [[1, 0], [8, 8], {}, 'spacingMm is 0'],
    [[1, 1], [8, 7.5], {}, 'patch is 7.5'],
    [[1, 1], [8, 8], { least: 3 }, 'least'],
  ] as const)('refuses spacing %j, patch %j, options %j', (spacing, patch, options: object, words) => {
    expect(() => planLevels(spacing, patch, options)).toThrow(ConfigError);
    expect(() => planLevels(spacing, patch, options)).toThrow(words);
  });
});

const { levels } = planLevels([4, 1, 1], [4, 16, 16], { mostLevels: 3 });

describe('networks of levels', () => {
  it('are as wide as nnU-Net’s by default, and a residual one begins as its skips', async () => {
    using net = new ResidualEncoderUNet(device(), {
      classes: 2,
      levels: levels.slice(0, 2),
      channels: [2, 3],
    });
    const last = await net.parameters.get('encoder.stages.1.blocks.2.conv2.norm.weight')!.read();
    expect([...last]).toEqual([0, 0, 0]);
    using plain = new PlainConvUNet(device(), { classes: 2, levels: levels.slice(0, 2) });
    expect(plain.channels).toEqual([32, 64]);
  });

  const flat = planLevels([1, 1], [8, 8]).levels;

  /** Of the stem's weight. */
  async function gradientOf(how: { readonly recompute?: boolean; readonly precision?: 'f32' | 'mixed' }) {
    const { recompute = false, precision = 'f32' } = how;
    const x = tensor(
      device(),
      Float32Array.from({ length: 64 }, (_, i) => Math.sin(i)),
      [1, 8, 8, 1],
    );
    const labels = tensor(
      device(),
      new Int32Array(64).map((_, i) => i % 2),
      [1, 8, 8],
      'i32',
    );
    const options = { classes: 2, levels: flat, channels: [4, 8], seed: 5, precision };
    using net = new ResidualEncoderUNet(device(), options);
    using tape = new Tape();
    const outputs = net.supervised(x, { training: true, recompute });
    tape.backward(deepSupervision(outputs, labels, (logits, own) => ops.crossEntropy(logits, own)));
    return net.parameters.get('encoder.stem.convs.0.conv.weight')!.grad!.read();
  }

  it('compute the same whether backward computes blocks again', async () => {
    expect(await gradientOf({ recompute: true })).toEqual(await gradientOf({}));
  });

  if (hasHalf)
    it('compute nearly the same in mixed precision', async () => {
      const [single, mixed] = [await gradientOf({}), await gradientOf({ precision: 'mixed' })];
      const off = Math.hypot(...Array.from(single, (g, i) => g - mixed[i]!));
      expect(off).toBeGreaterThan(0);
      expect(off).toBeLessThan(0.02 * Math.hypot(...single));
    });
  else
    it('are refused in mixed precision on this adapter', async () => {
      await expect(gradientOf({ precision: 'mixed' })).rejects.toThrow(DeviceError);
    });

  it('refuse images and options that do not fit', () => {
    using net = new PlainConvUNet(device(), { classes: 2, levels, channels: [2, 2, 2] });
    const refuse = (shape: readonly number[]) => () =>
      net.forward(zeros(device(), shape), { training: false });
    expect(refuse([1, 4, 16, 18, 1])).toThrow(ShapeError);
    expect(refuse([1, 4, 16, 18, 1])).toThrow('W a multiple of 4');
    expect(refuse([1, 16, 16, 1])).toThrow(ShapeError);
    expect(refuse([1, 4, 16, 16, 2])).toThrow(ShapeError);
    const options = (rest: object) => () => new PlainConvUNet(device(), { classes: 2, levels, ...rest });
    expect(options({ levels: [] })).toThrow(ConfigError);
    expect(options({ levels: [levels[0], { kernel: [2, 3, 3], stride: [1, 2, 2] }] })).toThrow('odd');
    expect(options({ levels: levels.slice(1) })).toThrow('level 0');
    expect(options({ channels: [2, 2] })).toThrow('channels');
    expect(options({ convolutions: [1, 1] })).toThrow('convolutions');
    expect(options({ blocks: [1, 1, 1] })).toThrow('blocks');
    expect(options({ classes: 0 })).toThrow('classes');
  });
});

describe('deepSupervision', () => {
  it('weighs 1, ½, ¼ over their sum, against the middle label of what is one voxel there', async () => {
    expect(supervisionWeights(3)).toEqual([4 / 7, 2 / 7, 1 / 7]);
    const labels = tensor(
      device(),
      Int32Array.from({ length: 16 }, (_, i) => i),
      [1, 4, 4],
      'i32',
    );
    const outputs = [zeros(device(), [1, 4, 4, 1]), zeros(device(), [1, 2, 4, 1])];
    const given: Tensor[] = [];
    const total = deepSupervision(outputs, labels, (_, own) => {
      given.push(own);
      return tensor(device(), [3 * given.length], []);
    });
    expect([...(await given[1]!.read())]).toEqual([4, 5, 6, 7, 12, 13, 14, 15]);
    expect(await total.item()).toBeCloseTo((2 / 3) * 3 + (1 / 3) * 6, 5);
  });

  it('refuses outputs that are not the labels’', () => {
    const labels = zeros(device(), [1, 4, 4], 'i32');
    const loss = () => zeros(device(), []);
    expect(() => deepSupervision([zeros(device(), [1, 3, 4, 2])], labels, loss)).toThrow(ShapeError);
    expect(() => deepSupervision([], labels, loss)).toThrow('outputs');
    const each = () => zeros(device(), [2]);
    expect(() => deepSupervision([zeros(device(), [1, 4, 4, 2])], labels, each)).toThrow('shape []');
  });
});
