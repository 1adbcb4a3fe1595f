import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { zeros } from '../../src/tensor/create.ts';
import type { Device } from '../../src/tensor/device.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { useDevice } from '../device.ts';
import { checkGolden } from '../golden-op.ts';
import { goldenCases } from '../goldens.ts';
import { groupNormCases } from './groupNorm.cases.ts';

type Given = Readonly<Record<string, Tensor>>;

async function checkGoldens(device: Device): Promise<void> {
  const apply: Record<string, (given: Given, attrs: never) => Tensor> = {
    layerNorm: ({ x, weight, bias }, attrs: ops.LayerNormOptions) => ops.layerNorm(x!, weight, bias, attrs),
    rmsNorm: ({ x, weight }, attrs: ops.LayerNormOptions) => ops.rmsNorm(x!, weight, attrs),
    groupNorm: ({ x, weight, bias }, { groups, ...rest }: { groups: number }) =>
      ops.groupNorm(x!, groups, weight, bias, rest),
    instanceNorm: ({ x, weight, bias }, attrs: ops.EpsilonOptions) =>
      ops.instanceNorm(x!, weight, bias, attrs),
  };
  for (const family of ['layerNorm', 'groupNorm'] as const)
    for (const one of await goldenCases(family))
      await checkGolden(device, one, (given) => apply[one.op]!(given, one.attrs as never), 2e-5);
}

describe('norms over groups', () => groupNormCases());

describe('norms over groups on golden cases', () => {
  const device = useDevice();

  it('equal torch: layer, group, instance and root-mean-square norm', () => checkGoldens(device()));
});

describe('norms over groups refuse', () => {
  const device = useDevice();
  const of = (...shape: number[]): Tensor => zeros(device(), shape);

  const wrong: Record<string, readonly [() => unknown, RegExp]> = {
    'a weight of another shape': [() => ops.layerNorm(of(2, 3), of(2)), /^layerNorm: weight has shape \[2\]/],
    'a bias of another shape': [
      () => ops.groupNorm(of(2, 3, 4), 2, null, of(3)),
      /^groupNorm: bias has shape \[3\]/,
    ],
    'a weight that is not f32': [
      () => ops.instanceNorm(of(2, 3, 4), zeros(device(), [4], 'i32')),
      /^instanceNorm: weight has dtype i32/,
    ],
    integers: [() => ops.rmsNorm(zeros(device(), [3], 'i32')), /^rmsNorm: x has dtype i32/],
    'axes that are not the last': [
      () => ops.layerNorm(of(2, 3, 4), null, null, { axes: [0, 1] }),
      /^layerNorm: axes are \[0, 1\], of x with shape \[2, 3, 4\]\. They must be the last ones/,
    ],
    'axes with a gap': [
      () => ops.layerNorm(of(2, 3, 4), null, null, { axes: [0, 2] }),
      /^layerNorm: axes are/,
    ],
    'no axes': [() => ops.layerNorm(of(2, 3), null, null, { axes: [] }), /^layerNorm: axes are \[\]/],
    'axes out of range': [() => ops.rmsNorm(of(2, 3), null, { axes: [2] }), /^rmsNorm: axes holds 2 at 0/],
    'half an axis': [() => ops.rmsNorm(of(2, 3), null, { axes: [0.5] }), /^rmsNorm: axes holds 0\.5 at 0/],
    'a scalar': [() => ops.layerNorm(of()), /^layerNorm: axes holds -1 at 0, but x has rank 0/],
    'groups that do not divide the channels': [
      () => ops.groupNorm(of(2, 3, 6), 4),
      /^groupNorm: groups are 4, which do not divide the 6 channels/,
    ],
    'no groups': [() => ops.groupNorm(of(2, 3, 6), 0), /^groupNorm: groups is 0/],
    'half a group': [() => ops.groupNorm(of(2, 3, 6), 1.5), /^groupNorm: groups is 1\.5/],
    'a vector for images': [() => ops.groupNorm(of(6), 2), /^groupNorm: x has shape \[6\]/],
    'instances of no pixels axis': [() => ops.instanceNorm(of(2, 6)), /^instanceNorm: x has shape \[2, 6\]/],
    'instances of one pixel': [
      () => ops.instanceNorm(of(2, 1, 1, 6)),
      /^instanceNorm: x of shape \[2, 1, 1, 6\] has one pixel/,
    ],
    'a negative epsilon': [
      () => ops.groupNorm(of(2, 6), 2, null, null, { epsilon: -1 }),
      /^groupNorm: epsilon is -1/,
    ],
    'epsilon NaN': [() => ops.layerNorm(of(2, 6), null, null, { epsilon: Number.NaN }), /epsilon is NaN/],
    'an unknown option': [
      () => ops.layerNorm(of(2, 6), null, null, { eps: 1 } as never),
      /^layerNorm: option eps is unknown/,
    ],
    'options that are none': [() => ops.rmsNorm(of(3), null, null as never), /^rmsNorm: options is null/],
    'what is no tensor': [() => ops.layerNorm([1, 2] as never), /^layerNorm: x is \[1, 2\]/],
    'a missing x': [() => ops.layerNorm(null as never, of(2)), /^layerNorm: x is null/],
  };
  for (const [name, [action, message]] of Object.entries(wrong))
    it(name, () => {
      expect(action).toThrow(ShapeError);
      expect(action).toThrow(message);
    });
});
