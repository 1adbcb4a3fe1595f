import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { checkOp, type Host, host, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { checkGolden } from '../golden-op.ts';
import { goldenCases } from '../goldens.ts';

const device = useDevice();
type Three = readonly [number, number, number];
type Attrs = ops.AvgPool3dOptions & ops.Upsample3dOptions & { groups: number };

describe('ops of volumes', () => {
  for (const op of ['maxPool3d', 'avgPool3d', 'upsampleNearest3d', 'upsampleTrilinear3d'] as const)
    it(`${op} equals torch`, async () => {
      const calls = {
        maxPool3d: ops.maxPool3d,
        avgPool3d: ops.avgPool3d,
        upsampleNearest3d: ops.upsampleNearest3d,
        upsampleTrilinear3d: ops.upsampleTrilinear3d,
      };
      for (const one of await goldenCases('volume', op))
        await checkGolden(device(), one, ({ x }) => calls[op](x!, one.attrs as unknown as Attrs));
    });

  const norms: Record<string, (x: Tensor, weight: Tensor, bias: Tensor, groups: number) => Tensor> = {
    batchNorm: (x, weight, bias) => {
      const channels = x.shape[4]!;
      const [runningMean, runningVariance] = [zeros(device(), [channels]), zeros(device(), [channels])];
      return ops.batchNorm(x, weight, bias, { runningMean, runningVariance, training: true });
    },
    instanceNorm: (x, weight, bias) => ops.instanceNorm(x, weight, bias),
    groupNorm: (x, weight, bias, groups) => ops.groupNorm(x, groups, weight, bias),
  };
  for (const [name, norm] of Object.entries(norms))
    it(`${name} takes volumes as pixels and equals torch`, async () => {
      for (const one of await goldenCases('volume', name)) {
        const { groups } = one.attrs as unknown as Attrs;
        await checkGolden(device(), one, ({ x, weight, bias }) => norm(x!, weight!, bias!, groups), 4e-6);
      }
    });

  it('pools and resizing match f64 over awkward shapes', async () => {
    const shapes = [
      [1, 1, 1, 1, 1],
      [2, 3, 5, 4, 3],
      [1, 2, 4, 2, 8],
      [0, 2, 2, 2, 4],
    ];
    for (const shape of shapes) {
      const kernel = shape.slice(1, 4).map((side) => Math.min(side, 2)) as unknown as Three;
      await checkOp(device(), {
        inputs: [random(shape)],
        forward: (x) => ops.maxPool3d(x!, { kernel }),
        reference: (x) => pooled(x!, kernel, (values) => Math.max(...values)),
      });
      await checkOp(device(), {
        inputs: [random(shape)],
        forward: (x) => ops.avgPool3d(x!, { kernel }),
        reference: (x) => pooled(x!, kernel, (values) => values.reduce((a, b) => a + b, 0) / values.length),
        reduction: 8,
      });
      await checkOp(device(), {
        inputs: [random(shape)],
        forward: (x) => ops.upsampleNearest3d(x!, { scale: [3, 1, 2] }),
        reference: (x) => repeated(x!, [3, 1, 2]),
        reduction: 6,
      });
    }
  });

  it('of equal maxima, and of NaNs, the first in the volume gets the gradient', async () => {
    const gradientOf = async (values: readonly number[]) => {
      const x = tensor(device(), values, [1, 2, 2, 2, 1]);
      x.requiresGrad = true;
      await poisoned(device(), async () => {
        using tape = new Tape();
        tape.backward(ops.maxPool3d(x, { kernel: 2 }));
      });
      const gradient = [...(await x.grad!.read())];
      x.grad!.dispose();
      return gradient;
    };
    expect(await gradientOf([1, 3, 3, 2, 3, 0, 0, 0])).toEqual([0, 1, 0, 0, 0, 0, 0, 0]);
    expect(await gradientOf([1, 3, 3, 2, 4, 0, 4, 0])).toEqual([0, 0, 0, 0, 1, 0, 0, 0]);
    expect(await gradientOf([1, 3, Number.NaN, 2, 4, Number.NaN, 4, 0])).toEqual([0, 0, 1, 0, 0, 0, 0, 0]);
  });

  it('name the call, the argument and what is wrong', () => {
    const x = zeros(device(), [1, 3, 4, 4, 2]);
    const wrong: [() => unknown, string][] = [
      [
        () => ops.maxPool3d(zeros(device(), [3, 4, 4, 2]), { kernel: 2 }),
        'maxPool3d: x has shape [3, 4, 4, 2]',
      ],
      [
        () => ops.maxPool3d(x, { kernel: [4, 1, 1] }),
        'maxPool3d: x has shape [1, 3, 4, 4, 2]. A 4×1×1 window',
      ],
      [() => ops.maxPool3d(x, { kernel: [2, 2] as never }), 'A number or [z, y, x] is needed'],
      [
        () => ops.maxPool3d(x, { kernel: 2, padding: [0, 2, 0] }),
        'maxPool3d: padding is 0×2×0, the kernel 2×2×2',
      ],
      [() => ops.maxPool3d(x, { size: 2 } as never), 'maxPool3d: option size is unknown'],
      [() => ops.maxPool3d(x, { kernel: [1, 17, 17], padding: [0, 8, 8] }), 'maxPool3d: kernel is 17×17'],
      [
        () => ops.maxPool3d(zeros(device(), [1, 3, 4, 4, 2], 'i32'), { kernel: 2 }),
        'maxPool3d: x has dtype i32',
      ],
      [() => ops.avgPool3d(x, { kernel: 2, stride: 0 }), 'avgPool3d: stride is 0'],
      [() => ops.avgPool3d(x, { kernel: 2, countIncludePad: 1 as never }), 'avgPool3d: countIncludePad is 1'],
      [() => ops.upsampleNearest3d(x, { scale: [2, 2] as never }), 'upsampleNearest3d: scale is'],
      [() => ops.upsampleNearest3d(x, { size: [0, 1, 1] }), 'upsampleNearest3d: size is 0'],
      [() => ops.upsampleNearest3d(x, { size: [1, 1, 1], scale: 2 }), 'size and scale are both given'],
      [() => ops.upsampleTrilinear3d(x, { scale: 0 }), 'upsampleTrilinear3d: scale is 0'],
      [() => ops.upsampleTrilinear3d(zeros(device(), [1, 0, 4, 4, 2])), 'upsampleTrilinear3d: x has shape'],
    ];
    for (const [call, message] of wrong) {
      expect(call).toThrow(ShapeError);
      expect(call).toThrow(message);
    }
  });
});

/** What `of` makes of the windows, which lie side by side. */
function pooled({ shape, data }: Host, kernel: Three, of: (values: number[]) => number): Host {
  const [batch, depth, height, width, channels] = shape as [number, number, number, number, number];
  const sides = [depth, height, width].map((side, i) => Math.floor(side / kernel[i]!));
  const result: number[] = [];
  for (let n = 0; n < batch; n++)
    for (const at of grid(sides))
      for (let c = 0; c < channels; c++)
        result.push(
          of(
            grid(kernel).map((tap) => {
              const [z, y, x] = at.map((v, i) => v * kernel[i]! + tap[i]!) as [number, number, number];
              return data[(((n * depth + z) * height + y) * width + x) * channels + c]!;
            }),
          ),
        );
  return host([batch, ...sides, channels], result);
}

function repeated({ shape, data }: Host, scale: Three): Host {
  const [batch, depth, height, width, channels] = shape as [number, number, number, number, number];
  const sides = [depth, height, width].map((side, i) => side * scale[i]!);
  const result: number[] = [];
  for (let n = 0; n < batch; n++)
    for (const at of grid(sides)) {
      const [z, y, x] = at.map((v, i) => Math.floor(v / scale[i]!)) as [number, number, number];
      for (let c = 0; c < channels; c++)
        result.push(data[(((n * depth + z) * height + y) * width + x) * channels + c]!);
    }
  return host([batch, ...sides, channels], result);
}

function grid([depth, height, width]: readonly number[]): number[][] {
  const all: number[][] = [];
  for (let z = 0; z < depth!; z++)
    for (let y = 0; y < height!; y++) for (let x = 0; x < width!; x++) all.push([z, y, x]);
  return all;
}
