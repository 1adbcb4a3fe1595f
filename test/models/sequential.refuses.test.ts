import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { ConfigError, ShapeError } from '../../src/base/errors.ts';
import { Declarations } from '../../src/models/declare.ts';
import type { LayerSpec } from '../../src/models/layer.ts';
import { GroupNorm } from '../../src/models/norms.ts';
import { Sequential } from '../../src/models/sequential.ts';
import * as layers from '../../src/models/specs.ts';
import { zeros } from '../../src/tensor/create.ts';
import { useDevice } from '../device.ts';

const device = useDevice();
const { batchNorm, dropout, linear, maxPool2d, relu, sequential } = layers;

describe('a network of layers refuses', () => {
  const build = (...list: LayerSpec[]) => new Sequential(device(), list);
  const feed = (shape: readonly number[], ...list: LayerSpec[]) => {
    using net = build(...list);
    return net.forward(zeros(device(), shape), { training: true });
  };

  const wrong: Record<string, readonly [() => unknown, RegExp]> = {
    'what does not fit a layer, naming it': [
      () => feed([2, 12], relu(), relu(), linear(10, 5)),
      /^2 \(linear\): x has 12 channels, shape \[2, 12\]\. 10 are needed/,
    ],
    'what does not fit a layer within a layer': [
      () => feed([2, 12], relu(), sequential({ norm: batchNorm(5) })),
      /^1\.norm \(batchNorm\): /,
    ],
    'dropout without random numbers': [
      () => feed([2, 2], dropout(0.5)),
      /^0 \(dropout\): random is missing\. Pass \{ training: true, random \}/,
    ],
    'a layer that was not called': [() => build(layers.relu as never), /^0 \(layer\): spec gave a function/],
    'an op in place of a layer': [() => build(ops.relu as never), /^0 \(relu\): x is an object/],
    'no layer': [() => build(undefined as never), /^0 \(layer\): spec is undefined/],
    'no list': [() => new Sequential(device(), 3 as never), /^sequential: layers is 3/],
    'no device': [() => new Sequential({} as never, []), /^Network: device is an object/],
    'no mode': [
      () => {
        using net = build(relu());
        return net.forward(zeros(device(), [1]), undefined as never);
      },
      /^forward: options is undefined/,
    ],
    'a mode without training': [
      () => {
        using net = build(relu());
        return net.forward(zeros(device(), [1]), {} as never);
      },
      /^forward: mode\.training is undefined/,
    ],
    'half a channel': [() => build(linear(0.5, 2)), /^0 \(Linear\): channelsIn is 0\.5/],
    'groups that do not divide': [() => build(layers.groupNorm(3, 8)), /^0 \(GroupNorm\): groups is 3/],
    'momentum above 1': [() => build(batchNorm(3, { momentum: 2 })), /^0 \(BatchNorm\): momentum is 2/],
    'an unknown option': [() => build(batchNorm(3, { eps: 1 } as never)), /option eps is unknown/],
    'a seed that is none': [() => new Sequential(device(), [], { seed: -1 }), /^Network: seed is -1/],
    'a probability above 1': [() => dropout(2), /^dropout: p is 2/],
    'corners of nearest': [() => layers.upsample({ alignCorners: true }), /^upsample: option alignCorners/],
    'a kernel that is none': [() => feed([1, 4, 4, 1], maxPool2d(0)), /^0 \(maxPool2d\): /],
  };
  for (const [name, [action, message]] of Object.entries(wrong))
    it(name, () => {
      expect(action).toThrow(ShapeError);
      expect(action).toThrow(message);
    });

  it('two parameters of one name', () => {
    const twice: LayerSpec = (at) => {
      new GroupNorm(at, 1, 2);
      new GroupNorm(at, 1, 2);
      return { forward: (x) => x };
    };
    expect(() => build(twice)).toThrow(ConfigError);
    expect(() => build(twice)).toThrow(/^0\.weight is declared twice/);
  });

  it('options that are none are refused, not passed over', () => {
    const wrong: [() => unknown, RegExp][] = [
      [() => layers.maxPool2d(3, 2 as never), /maxPool2d: options is 2/],
      [() => layers.avgPool2d(3, 2 as never), /avgPool2d: options is 2/],
      [() => layers.upsample(3 as never), /upsample: options is 3/],
      [() => layers.upsample(null as never), /upsample: options is null/],
      [() => layers.linear(2, 3, false as never)(new Declarations()), /Linear: options is false/],
      [() => layers.linear(2, 3, { biases: false } as never)(new Declarations()), /option biases is unknown/],
    ];
    for (const [call, message] of wrong) expect(call).toThrow(message);
  });
});
