import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Optimizer } from '../../src/autograd/optim.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { DeviceError } from '../../src/base/errors.ts';
import { uniforms } from '../../src/base/random.ts';
import type { LayerSpec } from '../../src/models/layer.ts';
import { Conv2d } from '../../src/models/layers.ts';
import { GroupNorm } from '../../src/models/norms.ts';
import { Network, Sequential } from '../../src/models/sequential.ts';
import * as layers from '../../src/models/specs.ts';
import { readWeights } from '../../src/models/weights.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { random } from '../check.ts';
import { useDevice } from '../device.ts';
import { hasHalf } from '../half.ts';

const device = useDevice();
const { batchNorm, conv2d, dropout, flatten, linear, maxPool2d, relu, sequential, silu } = layers;
const evaluation = { training: false };

/** Bars that stand, that lie, and neither: 16 images of 8×8 in noise, and which they are. */
function bars(): { images: Tensor; labels: Tensor } {
  const noise = uniforms(16 * 64, 5);
  const pixels = noise.map((u, i) => {
    const [image, y, x] = [Math.floor(i / 64), Math.floor(i / 8) % 8, i % 8];
    const bar = [x, y, 9][image % 3]! === 2 + (image % 4);
    return 0.3 * u + (bar ? 1 : 0);
  });
  const labels = Array.from({ length: 16 }, (_, image) => image % 3);
  return { images: tensor(device(), pixels, [16, 8, 8, 1]), labels: tensor(device(), labels, [16], 'i32') };
}

const classifier = [
  conv2d({ channelsIn: 1, channelsOut: 8, kernel: 3, padding: 1 }),
  batchNorm(8),
  relu(),
  maxPool2d(2),
  conv2d({ channelsIn: 8, channelsOut: 16, kernel: 3, padding: 1 }),
  batchNorm(16),
  silu(),
  flatten(),
  dropout(0.2),
  linear(16 * 4 * 4, 3),
];

/** Trains a classifier of bars; its losses, what is left of it, and its loss without dropout at the end. */
async function trained(captured: boolean, precision: 'f32' | 'mixed' = 'f32') {
  using _temporaries = scope();
  const { images, labels } = bars();
  using net = new Sequential(device(), classifier, { seed: 1, precision });
  const optimizer = new Optimizer(net.arena, { kind: 'adam' });
  const noise = zeros(device(), [2], 'u32');
  const once = () => {
    net.arena.zeroGrad();
    using tape = new Tape();
    const loss = ops.crossEntropy(net.forward(images, { training: true, random: noise }), labels);
    tape.backward(loss);
    optimizer.apply();
    return { loss };
  };
  const step = captured ? await capture(device(), once) : undefined;
  const losses: number[] = [];
  for (let t = 1; t <= 25; t++) {
    using _step = scope();
    noise.write([3, t]);
    optimizer.prepare(t, 0.01);
    step?.run();
    losses.push(await (step?.outputs ?? once()).loss.item());
  }
  const last = await ops.crossEntropy(net.forward(images, evaluation), labels).item();
  const weights = [...(await readWeights(net))].map(([name, { values }]) => [name, ...values]);
  step?.dispose();
  optimizer.dispose();
  return { losses, last, weights };
}

/** An own layer: x plus what a convolution and a norm make of it. */
const residual: LayerSpec = (at) => {
  const conv = new Conv2d(at.at('conv'), { channelsIn: 4, channelsOut: 4, kernel: 3, padding: 1 });
  const norm = new GroupNorm(at.at('norm'), 2, 4);
  return { forward: (x) => ops.add(x, ops.silu(norm.forward(conv.forward(x)))) };
};

describe('a network of layers in sequence', () => {
  it('learns to tell bars, to the same bits eagerly and captured', async () => {
    const [eager, captured] = [await trained(false), await trained(true)];
    expect(eager.losses[0]).toBeGreaterThan(0.8);
    expect(eager.last).toBeLessThan(0.05);
    expect(captured).toEqual(eager);
    expect(eager.weights.find(([name]) => name === '1.num_batches_tracked')).toEqual([
      '1.num_batches_tracked',
      25,
    ]);
  });

  it('has the names of torch, and the same first weights for the same seed', async () => {
    const build = (seed: number) =>
      new Sequential(device(), [residual, sequential({ head: linear(4, 2) })], { seed });
    using net = build(1);
    expect([...net.stateDict().keys()]).toEqual([
      ...['0.conv.weight', '0.conv.bias', '0.norm.weight', '0.norm.bias', '1.head.weight', '1.head.bias'],
    ]);
    using same = build(1);
    using other = build(2);
    expect(await readWeights(same)).toEqual(await readWeights(net));
    expect(await readWeights(other)).not.toEqual(await readWeights(net));
  });

  it('trains own layers, on their own or among others', async () => {
    const x = tensor(device(), random([2, 5, 5, 4], 1).data, [2, 5, 5, 4]);
    using alone = new Network(device(), residual, { seed: 1 });
    expect(alone.forward(x, evaluation).shape).toEqual([2, 5, 5, 4]);
    using net = new Sequential(device(), [residual, residual, layers.globalAvgPool()]);
    using tape = new Tape();
    tape.backward(ops.mean(ops.square(net.forward(x, { training: true }))));
    for (const [name, parameter] of net.parameters) expect(parameter.grad, name).toBeDefined();
  });

  it('gives every dropout a mask of its own, and none in evaluation', async () => {
    using net = new Sequential(device(), [dropout(0.5), dropout(0.5)]);
    const ones = tensor(device(), new Array(4000).fill(1), [4000]);
    const noise = tensor(device(), [1, 1], [2], 'u32');
    const kept = await net.forward(ones, { training: true, random: noise }).read();
    // one mask twice would keep half
    expect([...kept].filter((v) => v > 0).length / 4000).toBeCloseTo(0.25, 1);
    expect(await net.forward(ones, evaluation).read()).toEqual(await ones.read());
  });

  it('flattens channel by channel, as torch does', async () => {
    using net = new Sequential(device(), [flatten()]);
    const x = tensor(device(), [1, 2, 3, 4, 5, 6], [1, 3, 1, 2]);
    expect([...(await net.forward(x, evaluation).read())]).toEqual([1, 3, 5, 2, 4, 6]);
    expect(net.forward(zeros(device(), [2, 7]), evaluation).shape).toEqual([2, 7]);
    expect(net.forward(zeros(device(), [2, 3, 4]), evaluation).shape).toEqual([2, 12]);
  });

  it('gives what each layer gives', async () => {
    const x = tensor(device(), random([1, 4, 4, 8], 2, -2, 2).data, [1, 4, 4, 8]);
    const same: readonly (readonly [LayerSpec, Tensor])[] = [
      [layers.relu(), ops.relu(x)],
      [layers.leakyRelu(0.2), ops.leakyRelu(x, 0.2)],
      [layers.silu(), ops.silu(x)],
      [layers.gelu({ approximate: 'tanh' }), ops.gelu(x, { approximate: 'tanh' })],
      [layers.sigmoid(), ops.sigmoid(x)],
      [layers.tanh(), ops.tanh(x)],
      [layers.softmax(), ops.softmax(x)],
      [layers.logSoftmax(), ops.logSoftmax(x)],
      [layers.activation(ops.softplus), ops.softplus(x)],
      [
        layers.maxPool2d(3, { stride: 1, padding: 1 }),
        ops.maxPool2d(x, { kernel: 3, stride: 1, padding: 1 }),
      ],
      [layers.avgPool2d([2, 1]), ops.avgPool2d(x, { kernel: [2, 1] })],
      [layers.globalAvgPool(), ops.globalAvgPool(x)],
      [layers.globalMaxPool(), ops.globalMaxPool(x)],
      [layers.upsample(), ops.upsampleNearest2d(x)],
      [
        layers.upsample({ mode: 'bilinear', alignCorners: true }),
        ops.upsampleBilinear2d(x, { alignCorners: true }),
      ],
      [layers.layerNorm([4, 8]), ops.layerNorm(x, null, null, { axes: [2, 3] })],
      [layers.rmsNorm(8), ops.rmsNorm(x)],
      [layers.groupNorm(4, 8, { epsilon: 0.1 }), ops.groupNorm(x, 4, null, null, { epsilon: 0.1 })],
      [layers.instanceNorm2d(8), ops.instanceNorm(x)],
    ];
    for (const [i, [spec, expected]] of same.entries()) {
      using net = new Sequential(device(), [spec]);
      const y = net.forward(x, { training: true });
      expect(y.shape, `layer ${i}`).toEqual(expected.shape);
      expect(await y.read(), `layer ${i}`).toEqual(await expected.read());
    }
  });

  it('takes weights of layer norm in the layout torch has them in', async () => {
    using net = new Sequential(device(), [layers.layerNorm([1, 2, 3]), layers.layerNorm([2, 3])]);
    const values = Float32Array.of(1, 2, 3, 4, 5, 6);
    const [images, tokens] = [
      { shape: [3, 1, 2], values },
      { shape: [2, 3], values },
    ];
    net.loadCompatible(
      new Map([
        ['0.weight', images],
        ['1.weight', tokens],
      ]),
    );
    expect([...(await net.parameters.get('0.weight')!.read())]).toEqual([1, 3, 5, 2, 4, 6]);
    expect([...(await net.parameters.get('1.weight')!.read())]).toEqual([...values]);
    expect((await readWeights(net)).get('0.weight')).toMatchObject(images);
  });

  it.runIf(hasHalf)('learns the same in mixed precision', async () => {
    expect((await trained(true, 'mixed')).last).toBeLessThan(0.05);
  });

  it.runIf(!hasHalf)('refuses mixed precision where the device does not compute in f16', () => {
    expect(() => new Sequential(device(), [linear(2, 2)], { precision: 'mixed' })).toThrow(DeviceError);
  });
});
