/** @file The cases that layer, group and instance norm must pass whichever way groups are merged. */
import { expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { Device, DeviceOptions } from '../../src/tensor/device.ts';
import { elementCount, type Shape } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { checkOp, expectClose, type Host, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { hasHalf } from '../half.ts';
import { groupNormOf, instanceNorm, layerNormOver, type Norm, reference } from './groupNorm.reference.ts';

const cases: readonly (readonly [Norm, readonly Shape[]])[] = [
  [layerNormOver(1), [[1], [1, 1], [3, 7], [2, 3, 5, 8], [37, 12], [1, 2, 130]]],
  [
    layerNormOver(2),
    [
      [2, 3, 5],
      [3, 4, 6],
      [4, 9, 4],
    ],
  ],
  [
    layerNormOver(3),
    [
      [1, 9, 7, 3],
      [2, 12, 11, 4],
    ],
  ],
  [
    groupNormOf(1),
    [
      [1, 1, 1, 1],
      [2, 5, 3, 3],
      [2, 40, 31, 4],
      [3, 6],
      [2, 3, 2, 2, 5],
    ],
  ],
  [
    groupNormOf(2),
    [
      [2, 3, 5, 6],
      [1, 4, 4, 4],
      [2, 3, 3, 8],
      [1, 2, 2, 12],
      [5, 10],
    ],
  ],
  [
    groupNormOf(4),
    [
      [2, 3, 5, 4],
      [1, 20, 17, 8],
      [1, 1, 1, 12],
    ],
  ],
  [
    instanceNorm,
    [
      [1, 2, 1, 1],
      [2, 3, 5, 7],
      [2, 5, 4],
      [1, 33, 9, 4],
      [2, 2, 3, 2, 5],
    ],
  ],
];

let device: () => Device;
const upload = ({ data, shape }: Host): Tensor => tensor(device(), data, shape);

async function check(norm: Norm, shape: Shape, given: 'both' | 'weight' | 'bias' | 'none'): Promise<void> {
  const affine = norm.affine(shape);
  const rows = [random(affine, 2, 0.5, 2), random(affine, 3)].filter(
    (_, i) => given === 'both' || given === (['weight', 'bias'] as const)[i],
  );
  const split = <T>([first, second]: readonly T[]): [T | undefined, T | undefined] =>
    given === 'bias' ? [undefined, first] : [first, second];
  await checkOp(device(), {
    inputs: [random(shape, 1, -1, 3), ...rows],
    forward: (x, ...others) => {
      const [weight = null, bias = null] = split(others);
      return norm.apply(x, weight, bias);
    },
    reference: (x, ...others) => reference(norm, x, ...split(others)),
    reduction: 64,
  });
}

/** Σ y·dy and its gradients of x, weight and bias, made eagerly or in a captured step. */
async function run(norm: Norm, x: Tensor, captured: boolean): Promise<number[][]> {
  const rows = [2, 3].map((seed) => upload(random(norm.affine(x.shape), seed)));
  const dy = ops.cast(upload(random(x.shape, 7)), x.dtype);
  const leaves = [x, ...rows];
  for (const leaf of leaves) leaf.requiresGrad = true;
  const once = () => {
    using tape = new Tape();
    const y = norm.apply(x, rows[0]!, rows[1]!);
    tape.backward(y, dy);
    const [dx, dweight, dbias] = leaves.map((leaf) => leaf.grad!);
    return { y, dx: dx!, dweight: dweight!, dbias: dbias! };
  };
  const step = captured ? await capture(device(), once) : undefined;
  step?.run();
  const made = Object.values(step?.outputs ?? once());
  const values = await Promise.all(made.map(async (one) => [...(await one.read())]));
  step?.dispose();
  for (const leaf of leaves) {
    leaf.grad?.dispose();
    leaf.grad = undefined;
    leaf.requiresGrad = false;
  }
  return values;
}

/** In f16 as in f32 on the same values, but for the rounding of what is stored. */
async function checkHalf(norm: Norm, shape: Shape): Promise<void> {
  const half = ops.cast(upload(random(shape, 1, -1, 3)), 'f16');
  const [rough, fine] = [await run(norm, half, false), await run(norm, ops.cast(half, 'f32'), false)];
  for (const [i, values] of rough.entries())
    expectClose(values, fine[i]!, 2e-3, `${norm.name} ${shape} ${i}`);
}

async function checkFarFromZero(norm: Norm, outlier: boolean): Promise<void> {
  const shape = [2, 16, 15, 4];
  const x = random(shape, 9, 1e4, 1e4 + 3.5);
  if (outlier) x.data[0] = 0;
  const y = await norm.apply(upload(x), null, null).read();
  expectClose(y, reference(norm, x).data, outlier ? 1e-3 : 2e-6, norm.name);
}

/** Elements of a group that holds what is not finite are NaN, those of others as they were. */
async function checkSpecial(norm: Norm, value: number): Promise<void> {
  const x = random([2, 3, 4, 4], 5);
  const plain = await run(norm, upload(x), false);
  x.data[5] = value;
  const [y, dx] = await run(norm, upload(x), false);
  const { group } = norm.layout(x.shape);
  for (const [i, values] of [y!, dx!].entries())
    expectClose(
      values,
      plain[i]!.map((v, at) => (group(at) === group(5) ? Number.NaN : v)),
      1e-6,
      norm.name,
    );
}

function sizeCases(): void {
  it('keeps its precision where the mean is far from zero, behind a first value that is not too', async () => {
    for (const norm of [layerNormOver(1), layerNormOver(3), groupNormOf(2), instanceNorm])
      for (const outlier of [false, true]) await checkFarFromZero(norm, outlier);
  });

  it('gives the same bits in a captured step', async () => {
    for (const [norm, shapes] of cases) {
      const x = upload(random(shapes.at(-1)!, 1));
      expect(await run(norm, x, true), norm.name).toEqual(await run(norm, x, false));
    }
  });

  it('gives its output again where the gradient of what comes behind reads it', async () => {
    for (const [norm, shapes] of cases) {
      const squared = {
        ...norm,
        apply: (...given: Parameters<Norm['apply']>) => ops.square(norm.apply(...given)),
      };
      const twice = (x: Host, weight: Host, bias: Host) => {
        const { shape, data } = reference(norm, x, weight, bias);
        return { shape, data: data.map((v) => v * v) };
      };
      const x = random(shapes.at(-1)!, 1, -1, 3);
      const rows = [random(norm.affine(x.shape), 2, 0.5, 2), random(norm.affine(x.shape), 3)];
      await checkOp(device(), {
        inputs: [x, ...rows],
        forward: squared.apply,
        reference: twice as never,
        reduction: 256,
      });
    }
  });

  it('gives nothing of nothing, and gradients of weight and bias that are 0', async () => {
    for (const norm of [layerNormOver(1), layerNormOver(3), groupNormOf(2), instanceNorm])
      for (const shape of [
        [0, 3, 3, 4],
        [2, 0, 3, 4],
      ]) {
        const [y, dx, dweight, dbias] = await poisoned(device(), () =>
          run(norm, zeros(device(), shape), false),
        );
        expect([y, dx]).toEqual([[], []]);
        const size = elementCount(norm.affine(shape));
        for (const row of [dweight, dbias])
          expect(row, `${norm.name} ${shape}`).toEqual(new Array(size).fill(0));
      }
  });

  it('has NaN and infinities spoil their group, and no other', async () => {
    for (const norm of [layerNormOver(1), layerNormOver(3), groupNormOf(2), groupNormOf(4), instanceNorm])
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
        await checkSpecial(norm, value);
  });

  it('takes more groups than a row of workgroups, and groups of many elements', async () => {
    const many = random([70_001, 5], 3);
    expectClose(
      await ops.layerNorm(upload(many)).read(),
      reference(layerNormOver(1), many).data,
      1e-5,
      'many',
    );
    const long = random([1, 90_001], 4);
    expectClose(
      await ops.layerNorm(upload(long)).read(),
      reference(layerNormOver(1), long).data,
      1e-5,
      'long',
    );
  });
}

/** Registers the cases on a device of these options. */
export function groupNormCases(options: DeviceOptions = {}): void {
  device = useDevice(options);
  for (const [norm, shapes] of cases) {
    it(`${norm.name} and its gradients match f64 over awkward shapes`, async () => {
      for (const shape of shapes)
        for (const given of ['both', 'none'] as const) await check(norm, shape, given);
      for (const given of ['weight', 'bias'] as const) await check(norm, shapes.at(-1)!, given);
    });
    it.runIf(hasHalf)(`${norm.name} in f16 matches f32 on the same values`, async () => {
      for (const shape of shapes) await checkHalf(norm, shape);
    });
  }
  sizeCases();
}
