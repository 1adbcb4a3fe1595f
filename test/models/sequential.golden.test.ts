import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Optimizer } from '../../src/autograd/optim.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Sequential } from '../../src/models/sequential.ts';
import * as layers from '../../src/models/specs.ts';
import { toTorch } from '../../src/models/state.ts';
import { decodeWeights, readWeights } from '../../src/models/weights.ts';
import { expectClose, poisoned } from '../check.ts';
import { useDevice } from '../device.ts';
import { upload } from '../golden-op.ts';
import { goldenCases, readGolden } from '../goldens.ts';

const device = useDevice();

const { avgPool2d, batchNorm, conv2d, convTranspose2d, dropout, flatten, gelu, groupNorm } = layers;
const { instanceNorm2d, layerNorm, linear, maxPool2d, relu, sequential, silu, upsample } = layers;

/** The network of tools/goldens/sequential.py, layer by layer. */
const list = [
  conv2d({ channelsIn: 2, channelsOut: 8, kernel: 3, padding: 1 }),
  batchNorm(8),
  relu(),
  maxPool2d(2),
  sequential([
    conv2d({ channelsIn: 8, channelsOut: 12, kernel: 3, stride: 2, padding: 1, bias: false }),
    groupNorm(3, 12),
    silu(),
  ]),
  convTranspose2d({ channelsIn: 12, channelsOut: 6, kernel: 2, stride: 2 }),
  instanceNorm2d(6, { affine: true }),
  gelu(),
  upsample({ scale: 2, mode: 'bilinear' }),
  avgPool2d(2),
  layerNorm([4, 4, 6]),
  flatten(),
  dropout(0),
  linear(96, 5),
];

/** Biases in front of a norm have no gradient but rounding, which Adam's first step blows up to its rate. */
const withoutEffect = ['0.bias', '5.bias'];

const stateOf = async (name: 'initial' | 'gradients' | 'final') =>
  decodeWeights(await readGolden(`sequential/${name}.safetensors`), name).state;

describe('a network of layers in sequence', () => {
  it('equals torch.nn.Sequential with its state dict: outputs, gradients, state after a step of Adam', async () => {
    const [one] = await goldenCases('sequential');
    const { images, labels } = one!.inputs;
    const [x, target] = [upload(device(), images!), upload(device(), labels!)];
    using net = await poisoned(device(), () => new Sequential(device(), list));
    net.loadStateDict(await stateOf('initial'));
    const optimizer = new Optimizer(net.arena, { kind: 'adam' });
    optimizer.prepare(1, one!.attrs.learningRate as number);
    await poisoned(device(), async () => {
      const evaluated = net.forward(x, { training: false });
      expectClose(await evaluated.read(), one!.outputs.evaluated!.data, 1e-5, 'in evaluation');
      using tape = new Tape();
      const logits = net.forward(x, { training: true });
      const loss = ops.crossEntropy(logits, target);
      expectClose(await logits.read(), one!.outputs.logits!.data, 1e-5, 'in training');
      expectClose(await loss.read(), one!.outputs.loss!.data, 1e-5, 'loss');
      tape.backward(loss);
      optimizer.apply();
    });
    for (const [name, { values }] of await stateOf('gradients')) {
      const gradient = net.parameters.get(name)!.grad!;
      const got = toTorch((await gradient.read()) as Float32Array, gradient.shape, net.torchAxes(name));
      if (withoutEffect.includes(name)) expectClose([...got, 1], [...values, 1], 1e-6, name);
      else expectClose(got, values, 1e-4, name);
    }
    const after = await readWeights(net);
    const final = await stateOf('final');
    expect([...after.keys()].sort()).toEqual([...final.keys()].sort());
    for (const [name, { values }] of final)
      if (!withoutEffect.includes(name)) expectClose(after.get(name)!.values, values, 1e-4, name);
    optimizer.dispose();
  });
});
