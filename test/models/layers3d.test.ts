import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { Declarations } from '../../src/models/declare.ts';
import { Conv3d, ConvTranspose3d } from '../../src/models/layers3d.ts';
import { Sequential } from '../../src/models/sequential.ts';
import * as layers from '../../src/models/specs.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { random } from '../check.ts';
import { useDevice } from '../device.ts';

const device = useDevice();

const network = () =>
  new Sequential(
    device(),
    {
      conv: layers.conv3d({
        channelsIn: 2,
        channelsOut: 3,
        kernel: [1, 3, 3],
        padding: [0, 1, 1],
        bias: false,
      }),
      norm: layers.batchNorm(3),
      act: layers.prelu(3),
      pool: layers.maxPool3d([1, 2, 2]),
      up: layers.convTranspose3d({ channelsIn: 3, channelsOut: 4, kernel: 2, stride: 2 }),
      last: layers.prelu(),
    },
    { seed: 3 },
  );

describe('layers of volumes', () => {
  it('take PyTorch’s weights [out, in, depth, height, width], transposed [in, out, …], and compute with them', async () => {
    using net = network();
    const torch = { conv: [3, 2, 1, 3, 3], up: [3, 4, 2, 2, 2] } as const;
    const state = new Map(
      await Promise.all(
        [...net.stateDict()].map(async ([name, x]) => {
          const shape = torch[name.split('.')[0] as keyof typeof torch];
          const values = Float32Array.from(await x.read());
          return [
            name,
            shape && name.endsWith('weight')
              ? { shape, values: values.map((_, i) => i) }
              : { shape: x.shape, values },
          ] as const;
        }),
      ),
    );
    net.loadStateDict(state);
    const [conv, up] = [
      await net.parameters.get('conv.weight')!.read(),
      await net.parameters.get('up.weight')!.read(),
    ];
    // Element [o, i, z, y, x] of PyTorch's lies here at [z, y, x, i, o]; transposed [i, o, …] at [z, y, x, o, i].
    const [o, i, y, x] = [2, 1, 0, 2];
    expect(conv[((y * 3 + x) * 2 + i) * 3 + o]).toBe(((o * 2 + i) * 3 + y) * 3 + x);
    expect(up[(((1 * 2 + 0) * 2 + 1) * 4 + 3) * 3 + 2]).toBe((((2 * 4 + 3) * 2 + 1) * 2 + 0) * 2 + 1);
    const volume = tensor(device(), random([1, 2, 4, 4, 2]).data, [1, 2, 4, 4, 2]);
    const found = net.forward(volume, { training: false });
    expect(found.shape).toEqual([1, 4, 4, 4, 4]);
    const at = (name: string) => net.stateDict().get(name)!;
    const within = ops.conv3d(volume, at('conv.weight'), null, { padding: [0, 1, 1] });
    const norm = {
      runningMean: at('norm.running_mean'),
      runningVariance: at('norm.running_var'),
      training: false,
    };
    const active = ops.prelu(
      ops.batchNorm(within, at('norm.weight'), at('norm.bias'), norm),
      at('act.weight'),
    );
    const pooled = ops.maxPool3d(active, { kernel: [1, 2, 2] });
    const wanted = ops.prelu(
      ops.conv3dTranspose(pooled, at('up.weight'), at('up.bias'), { stride: 2 }),
      at('last.weight'),
    );
    expect(await found.read()).toEqual(await wanted.read());
  });

  it('every parameter gets its gradient', async () => {
    using net = network();
    using tape = new Tape();
    const x = tensor(device(), random([2, 2, 4, 4, 2]).data, [2, 2, 4, 4, 2]);
    tape.backward(ops.mean(ops.square(net.forward(x, { training: true }))));
    for (const [name, parameter] of net.parameters) {
      const gradient = await parameter.grad!.read();
      expect(
        gradient.some((v) => v !== 0),
        name,
      ).toBe(true);
      expect(gradient.every(Number.isFinite), name).toBe(true);
    }
    net.arena.zeroGrad();
  });

  it('name the layer and what is wrong', () => {
    using net = network();
    const at = new Declarations();
    const sizes = { channelsIn: 2, channelsOut: 2, kernel: 3 };
    const wrong: [() => unknown, string][] = [
      [() => new Conv3d(at, { ...sizes, kernel: [3, 3] as never }), 'Conv3d: kernel is'],
      [() => new Conv3d(at, { ...sizes, groups: 2 } as never), 'Conv3d: option groups is unknown'],
      [() => new Conv3d(at, { ...sizes, channelsIn: 0 }), 'Conv3d: channelsIn is 0'],
      [() => new Conv3d(at, { ...sizes, gain: -1 }), 'Conv3d: gain is -1'],
      [() => new ConvTranspose3d(at, { ...sizes, bias: 1 as never }), 'ConvTranspose3d: bias is 1'],
      [
        () => new ConvTranspose3d(at, { ...sizes, gain: 1 } as never),
        'ConvTranspose3d: option gain is unknown',
      ],
      [() => layers.prelu(0)(at), 'prelu: channels is 0'],
      [() => net.forward(zeros(device(), [1, 4, 4, 2]), { training: false }), 'conv (conv3d): x has shape'],
    ];
    for (const [call, message] of wrong) {
      expect(call).toThrow(ShapeError);
      expect(call).toThrow(message);
    }
  });
});
