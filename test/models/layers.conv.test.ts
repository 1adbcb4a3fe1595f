import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../src/base/errors.ts';
import { Declarations, initialValues } from '../../src/models/declare.ts';
import { Conv2d, type ConvOptions, ConvTranspose2d } from '../../src/models/layers.ts';
import { Module } from '../../src/models/module.ts';
import { fromTorch, torchShape, toTorch } from '../../src/models/state.ts';
import { decodeWeights, encodeWeights, readWeights } from '../../src/models/weights.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { Device } from '../../src/tensor/device.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { expectClose, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { goldenCases } from '../goldens.ts';

const device = useDevice();

/** One layer as a module. */
class Single<L> extends Module {
  readonly layer: L;

  constructor(on: Device, make: (at: Declarations) => L) {
    const at = new Declarations();
    const layer = make(at.at('layer'));
    super(on, at, 1);
    this.layer = layer;
  }
}

const mobile: ConvOptions = { channelsIn: 8, channelsOut: 8, kernel: [3, 5], groups: 8, padding: [1, 2] };

describe('convolution layers', () => {
  it('have weights of the group’s channels, and a bias unless told otherwise', () => {
    const at = new Declarations();
    const conv = new Conv2d(at.at('a'), { ...mobile, bias: false });
    const up = new ConvTranspose2d(at.at('b'), { channelsIn: 8, channelsOut: 4, kernel: 2, groups: 2 });
    expect(conv.weight.shape).toEqual([3, 5, 1, 8]);
    expect(conv.bias).toBeNull();
    expect(up.weight.shape).toEqual([2, 2, 2, 8]);
    expect(at.parameters.map(({ name }) => name)).toEqual(['a.weight', 'b.weight', 'b.bias']);
  });

  it('compute with strides, paddings and dilations by axis, without a bias too', () => {
    const x = zeros(device(), [1, 9, 8, 8]);
    const shapeOf = (make: (at: Declarations) => Conv2d | ConvTranspose2d) => {
      using module = new Single(device(), make);
      return module.layer.forward(x).shape;
    };
    expect(shapeOf((at) => new Conv2d(at, { ...mobile, stride: [2, 1] }))).toEqual([1, 5, 8, 8]);
    expect(shapeOf((at) => new Conv2d(at, { ...mobile, padding: 'same', dilation: [2, 3] }))).toEqual([
      1, 9, 8, 8,
    ]);
    const up = {
      channelsIn: 8,
      channelsOut: 4,
      kernel: [2, 3],
      groups: 4,
      stride: [2, 3],
      bias: false,
    } as const;
    expect(shapeOf((at) => new ConvTranspose2d(at, { ...up, outputPadding: [1, 0] }))).toEqual([
      1, 19, 24, 4,
    ]);
  });

  it('start with the values they had when kernels were square and groups unknown', () => {
    const at = new Declarations();
    new Conv2d(at.at('conv1'), { channelsIn: 2, channelsOut: 3, kernel: 3, padding: 1, gain: 0.5 });
    new ConvTranspose2d(at.at('up'), { channelsIn: 4, channelsOut: 2, kernel: 2, stride: 2 });
    const inits = at.parameters.map(({ init }) => init);
    expect(inits).toEqual([
      { kind: 'normal', mean: 0, std: 0.5 * Math.sqrt(2 / 18) },
      { kind: 'uniform', bound: 0.5 / Math.sqrt(18) },
      { kind: 'normal', mean: 0, std: Math.sqrt(2 / 8) },
      { kind: 'uniform', bound: 1 / Math.sqrt(8) },
    ]);
    const depthwise = new Conv2d(new Declarations(), mobile);
    expect(depthwise.weight.init).toEqual({ kind: 'normal', mean: 0, std: Math.sqrt(2 / 15) });
    expect(initialValues(at.parameters[0]!, 1).length).toBe(54);
  });

  it('refuse sizes that are none and groups that do not divide, naming the layer', () => {
    const make = (options: object) => () =>
      new Conv2d(new Declarations(), { ...mobile, ...options } as ConvOptions);
    for (const kernel of [0, -1, 1.5, Number.NaN, [3], [3, 3, 3], [3, 0], null, '3'])
      expect(make({ kernel }), String(kernel)).toThrow(/Conv2d: kernel/);
    for (const groups of [3, 0, 1.5]) expect(make({ groups }), String(groups)).toThrow(/Conv2d: groups/);
    expect(make({ channelsIn: 0 })).toThrow(ShapeError);
    expect(
      () => new ConvTranspose2d(new Declarations(), { channelsIn: 4, channelsOut: 3, kernel: 2, groups: 2 }),
    ).toThrow(/ConvTranspose2d: groups is 2, which does not divide channelsOut 3/);
  });
});

/** A golden case by a layer that was given PyTorch's weights. */
async function throughTorch(adjoint: boolean): Promise<void> {
  for (const one of await goldenCases(adjoint ? 'convTransposeGroups' : 'convGroups')) {
    const { x, weight, bias } = one.inputs;
    const [height, width] = weight!.shape as [number, number];
    const { same, ...options } = { same: false, ...one.attrs };
    const sizes = {
      ...{
        ...options,
        ...(same ? { padding: 'same' } : {}),
        kernel: [height, width],
        bias: bias !== undefined,
      },
      channelsIn: x!.shape[3]!,
      channelsOut: one.outputs.y!.shape[3]!,
    };
    using module = new Single(device(), (at) =>
      adjoint ? new ConvTranspose2d(at, sizes as never) : new Conv2d(at, sizes as never),
    );
    const values = toTorch(weight!.data as Float32Array, weight!.shape);
    const torch = { shape: torchShape(weight!.shape), values };
    expect([...fromTorch(values, torch.shape)]).toEqual([...weight!.data]);
    // [channelsOut, channelsIn/groups, …], transposed [channelsIn, channelsOut/groups, …]
    const [first, second] = adjoint ? ([3, 2] as const) : ([3, 2] as const);
    expect(torch.shape).toEqual([weight!.shape[first], weight!.shape[second], height, width]);
    const state = new Map([['layer.weight', torch]]);
    if (bias) state.set('layer.bias', { shape: bias.shape, values: bias.data as Float32Array });
    module.loadStateDict(state);
    const y = module.layer.forward(tensor(device(), x!.data, x!.shape)) as Tensor;
    expectClose(await y.read(), one.outputs.y!.data, 5e-6, 'y');
  }
}

describe('PyTorch’s weights of grouped convolutions', () => {
  it('give PyTorch’s results in Conv2d', () => throughTorch(false));
  it('give PyTorch’s results in ConvTranspose2d', () => throughTorch(true));

  it('come back from a weights file as they went in', async () => {
    const make = (at: Declarations) => new Conv2d(at, mobile);
    using one = new Single(device(), make);
    using other = new Single(device(), make);
    const x = tensor(device(), random([1, 4, 4, 8], 3).data, [1, 4, 4, 8]);
    one.parameters.get('layer.weight')!.write(random([3, 5, 1, 8], 5).data);
    const { state } = decodeWeights(encodeWeights(await readWeights(one)), 'a file');
    expect(state.get('layer.weight')!.shape).toEqual([8, 1, 3, 5]);
    other.loadStateDict(state);
    expect(await other.layer.forward(x).read()).toEqual(await one.layer.forward(x).read());
  });
});
