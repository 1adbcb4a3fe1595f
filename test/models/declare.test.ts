import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { ConfigError, PlanewiseError } from '../../src/base/errors.ts';
import { Declarations, type Init } from '../../src/models/declare.ts';
import { BatchNorm2d, Conv2d } from '../../src/models/layers.ts';
import { Module } from '../../src/models/module.ts';
import { BatchNorm } from '../../src/models/norms.ts';
import { filled, tensor, zeros } from '../../src/tensor/create.ts';
import { random } from '../check.ts';
import { useDevice } from '../device.ts';

const device = useDevice();

const one: Init = { kind: 'constant', value: 1 };

describe('declarations', () => {
  it('refuse shapes, first values, axes and names that are none, with the path', () => {
    const at = new Declarations().at('features').at('0');
    const wrong: [() => unknown, RegExp][] = [
      [() => at.parameter('w', [2, -1], one), /The shape of features\.0\.w is \[2, -1\]/],
      [() => at.parameter('w', [1.5], one), /The shape of features\.0\.w is \[1\.5\]/],
      [() => at.parameter('w', 3 as never, one), /The shape of features\.0\.w is 3/],
      [() => at.statistic('m', [Number.NaN], 0), /The shape of features\.0\.m is \[NaN\]/],
      [
        () => at.parameter('w', [2], { kind: 'zeros' } as never),
        /kind of init of features\.0\.w is 'zeros'.*'normal'/,
      ],
      [() => at.parameter('w', [2], 0 as never), /init of features\.0\.w is 0/],
      [
        () => at.parameter('w', [2], { kind: 'uniform', bound: Number.NaN }),
        /bound of init of features\.0\.w is NaN/,
      ],
      [
        () => at.parameter('w', [2], { kind: 'normal', mean: 0, std: -1 }),
        /std of init of features\.0\.w is -1/,
      ],
      [() => at.parameter('w', [2], { kind: 'normal', mean: 0 } as never), /std of init of .* is undefined/],
      [
        () => at.parameter('w', [2], { kind: 'constant', value: 1, std: 2 } as never),
        /\.std is no setting here/,
      ],
      [() => at.statistic('m', [2], Number.POSITIVE_INFINITY), /value of init of features\.0\.m is Infinity/],
      [() => at.parameter('w', [2, 3], one, [0, 0]), /torchAxes of features\.0\.w are \[0, 0\]/],
      [() => at.parameter('w', [2, 3], one, [1]), /torchAxes of features\.0\.w are \[1\]/],
      [() => at.parameter('', [2], one), /name of a tensor in features\.0 is ''/],
      [() => at.counter(3 as never), /name of a tensor in features\.0 is 3/],
      [() => at.at(''), /at\(name\) of features\.0 is ''/],
    ];
    for (const [declare, message] of wrong) {
      expect(declare, String(declare)).toThrow(message);
      expect(declare, String(declare)).toThrow(ConfigError);
    }
    expect([at.parameters, at.statistics, at.counters]).toEqual([[], [], []]);
  });

  it('a module refuses seeds and options that are none, and leaves nothing allocated', () => {
    const declared = new Declarations();
    declared.parameter('w', [2], one);
    const before = device().memory.liveBytes;
    const wrong: [unknown[], RegExp][] = [
      [[0], /Module got 0 for its device/],
      [[device(), {}, 0], /Module got an object \(Object\) to declare/],
      [[device(), declared], /seed of Module is undefined/],
      [[device(), declared, -1], /seed of Module is -1/],
      [[device(), declared, 1.5], /seed of Module is 1\.5/],
      [
        [device(), declared, 1, { half: true }],
        /options of Module\.half is no setting here.*halves, undoable/,
      ],
      [[device(), declared, 1, { halves: 'yes' }], /options of Module\.halves is 'yes'/],
      [[device(), declared, 1, null], /options of Module is null/],
    ];
    for (const [given, message] of wrong) {
      const build = () => new Module(...(given as ConstructorParameters<typeof Module>));
      expect(build).toThrow(message);
      expect(build).toThrow(ConfigError);
    }
    expect(device().memory.liveBytes).toBe(before);
  });

  it('state dicts that are none are refused by the call, and nothing is loaded', async () => {
    const declared = new Declarations();
    declared.parameter('w', [2], one);
    using net = new Module(device(), declared, 0);
    const weight = { shape: [2], values: new Float32Array([7, 8]) };
    const wrong: unknown[] = [
      {},
      { w: weight },
      null,
      new Map<string, unknown>(Object.entries({ w: weight, v: 5 })),
      new Map([[1, weight]]),
    ];
    for (const state of wrong) {
      expect(() => net.loadStateDict(state as never)).toThrow(/^loadStateDict: .*Pass a Map of/);
      expect(() => net.loadCompatible(state as never)).toThrow(ConfigError);
    }
    expect([...(await net.parameters.get('w')!.read())]).toEqual([1, 1]);
  });
});

describe('layers', () => {
  it('say where they were given no declarations', () => {
    const sizes = { channelsIn: 1, channelsOut: 1, kernel: 1 };
    expect(() => new Conv2d(sizes as never, undefined as never)).toThrow(
      /Conv2d got an object \(Object\) to declare/,
    );
    expect(() => new Conv2d(new Declarations(), undefined as never)).toThrow(PlanewiseError);
  });

  it('batch norm without weight and bias is that with ones and zeros, gradients too', async () => {
    const dy = tensor(device(), random([2, 3, 3, 4], 2).data, [2, 3, 3, 4]);
    const found = [];
    for (const affine of [true, false]) {
      const at = new Declarations();
      const norms = [
        new BatchNorm(at.at('plain'), 4, { affine }),
        new BatchNorm2d(at.at('relu'), 4, { affine }),
      ];
      using net = new Module(device(), at, 0);
      expect(net.parameters.size).toBe(affine ? 4 : 0);
      net.parameters.get('relu.weight')?.write([1, 1, 1, 1]);
      const x = tensor(device(), random([2, 3, 3, 4], 1).data, [2, 3, 3, 4]);
      x.requiresGrad = true;
      using tape = new Tape();
      const [plain, relu] = norms as [BatchNorm, BatchNorm2d];
      const y = relu.forward(plain.forward(x, { training: true }), true);
      tape.backward(y, dy);
      const values = [y, x.grad!, ...net.statistics.values()].map((one) => one.read());
      found.push(await Promise.all(values));
    }
    expect(found[1]).toEqual(found[0]);
  });

  it('batch norm takes a weight without a bias, and a bias without a weight', async () => {
    const x = tensor(device(), [1, 3], [2, 1]);
    const options = {
      runningMean: zeros(device(), [1]),
      runningVariance: filled(device(), 1, [1]),
      training: false,
    };
    const [two, five] = [filled(device(), 2, [1]), filled(device(), 5, [1])];
    const exact = { ...options, epsilon: 0 };
    expect([...(await ops.batchNorm(x, two, null, exact).read())]).toEqual([2, 6]);
    expect([...(await ops.batchNorm(x, null, five, exact).read())]).toEqual([6, 8]);
    expect(() => ops.batchNorm(x, undefined as never, five, exact)).toThrow(/batchNorm: weight is/);
  });
});
