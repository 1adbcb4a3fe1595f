/** @file The paper's other networks against PyTorch and torchvision: outputs, gradients, 20 steps of Adam, names. */
import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Optimizer } from '../../src/autograd/optim.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { alexnetUnet } from '../../src/backbones/alexnetUnet.ts';
import type { BackboneRecord } from '../../src/backbones/backbone.ts';
import { deeplab } from '../../src/backbones/deeplab.ts';
import { resnetUnet } from '../../src/backbones/resnetUnet.ts';
import { Declarations } from '../../src/models/declare.ts';
import { declareHeaded, HeadedNetwork } from '../../src/models/headed.ts';
import { pixelHead, pooledHead } from '../../src/models/heads.ts';
import { type StateDict, torchShape, toTorch } from '../../src/models/state.ts';
import { readWeights } from '../../src/models/weights.ts';
import { tensor } from '../../src/tensor/create.ts';
import { elementCount, type Shape } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { poisoned } from '../check.ts';
import { useDevice } from '../device.ts';
import { readGolden } from '../goldens.ts';
import { expectNear, noise, type Summary, summary } from './drawn.ts';

interface Golden {
  readonly width: number;
  readonly salt: number;
  readonly pixels?: number;
  readonly outputs: Readonly<Record<'maps' | 'location', Summary>>;
  readonly evaluated: Readonly<Record<'maps' | 'location', Summary>>;
  readonly gradients: Readonly<Record<string, Summary>>;
  readonly losses: readonly number[];
  readonly float32Error: Readonly<Record<'outputs' | 'gradients' | 'evaluated' | 'losses', number>>;
}

interface Goldens extends Readonly<Record<string, unknown>> {
  readonly settings: {
    readonly size: number;
    readonly batch: number;
    readonly views: number;
    readonly hidden: number;
    readonly rate: number;
    readonly samples: number;
    readonly withoutEffect: readonly string[];
  };
  readonly torchvision: Readonly<Record<'resnet50' | 'alexnet', Readonly<Record<string, Shape>>>>;
}

const goldens = JSON.parse(new TextDecoder().decode(await readGolden('networks.json'))) as Goldens;
const { size, batch, views, hidden, rate, samples, withoutEffect } = goldens.settings;
const device = useDevice();

/** A tensor with noise in PyTorch's order of axes, as the first weights have it. */
async function firstWeights(network: HeadedNetwork, salt: number): Promise<StateDict> {
  return new Map(
    [...(await readWeights(network))].map(([name, { shape, integer }]) => {
      const kind = name.slice(name.lastIndexOf('.') + 1);
      const isNorm = network.parameters.has(name) && shape.length === 1 && kind === 'weight';
      const fan =
        (/\bup\.weight$/.test(name) ? shape[1]! : 1) *
        elementCount(shape.slice(/\bup\.weight$/.test(name) ? 2 : 1));
      const values = Float32Array.from(noise(`${salt} ${name}`, elementCount(shape)), Math.fround).map((v) =>
        shape.length > 1
          ? v * Math.sqrt(6 / fan)
          : v * 0.1 + (isNorm ? (/\bbn3\.weight$/.test(name) ? 0.25 : 1) : 0),
      );
      if (kind === 'running_mean') values.fill(0);
      if (kind === 'running_var') values.fill(1);
      return [
        name,
        { shape, values: integer ? new Float32Array(values.length) : values, ...(integer && { integer }) },
      ];
    }),
  );
}

/** 5×5 means of noise, edges divided by 25 too, times 3. */
function images(): Float32Array {
  const raw = noise('image', batch * size * size).map(Math.fround);
  const at = (n: number, y: number, x: number) =>
    y < 0 || x < 0 || y >= size || x >= size ? 0 : raw[(n * size + y) * size + x]!;
  return Float32Array.from({ length: raw.length }, (_, i) => {
    const [n, y, x] = [Math.floor(i / size ** 2), Math.floor(i / size) % size, i % size];
    let sum = 0;
    for (let dy = -2; dy <= 2; dy++) for (let dx = -2; dx <= 2; dx++) sum += at(n, y + dy, x + dx);
    return (sum / 25) * 3;
  });
}

const read = async (name: string, x: Tensor): Promise<number[]> =>
  summary(name, (await x.read()) as Float32Array, samples);

function networkOf(record: BackboneRecord, settings: object, sigmoid: boolean) {
  const maps = pixelHead('final', views, { sigmoid });
  const location = pooledHead('global_layers', 1, { hidden, dropout: 0 });
  const backbone = record.build({ ...(record.defaults as object), ...settings }, 1);
  const heads = [maps, location];
  const declare = (at: Declarations) => declareHeaded(at, backbone.declare, heads);
  return { declare, maps, location, make: () => new HeadedNetwork(device(), declare) };
}

describe.each([
  { record: resnetUnet, sigmoid: true },
  { record: deeplab, sigmoid: false },
  { record: alexnetUnet, sigmoid: false },
])('$record.title', ({ record, sigmoid }) => {
  const golden = goldens[record.name] as Golden;
  const { width, pixels, float32Error } = golden;
  const built = networkOf(record, { width, ...(pixels && { pixels }) }, sigmoid);

  it('gives PyTorch’s outputs, gradients and losses of 20 Adam steps, and its outputs thereafter', async () => {
    using network = await poisoned(device(), () => built.make());
    network.loadStateDict(await firstWeights(network, golden.salt));
    const input = (name: string, shape: Shape) => {
      const values = Float32Array.from(noise(name, elementCount(shape)), (v) => Math.fround(v) * 0.5 + 0.5);
      return tensor(device(), values, shape);
    };
    const image = tensor(device(), images(), [batch, size, size, 1]);
    const heat = input('heat', [batch, size, size, views]);
    const place = input('location', [batch, 1]);
    const once = () => {
      network.arena.zeroGrad();
      using tape = new Tape();
      const { output } = network.run(image, { training: true });
      const [maps, location] = [output(built.maps), output(built.location)];
      const loss = ops.add(ops.mse(maps, heat), ops.mse(location, place));
      tape.backward(loss);
      return { maps, location, loss };
    };
    const optimizer = new Optimizer(network.arena, { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });
    using step = await capture(device(), () => {
      const outputs = once();
      optimizer.apply();
      return outputs;
    });
    const losses: number[] = [];
    for (let t = 1; t <= golden.losses.length; t++) {
      optimizer.prepare(t, rate);
      step.run();
      losses.push(await step.outputs.loss.item());
      if (t > 1) continue;
      for (const name of ['maps', 'location'] as const)
        expectNear(await read(name, step.outputs[name]), golden.outputs[name], float32Error.outputs, name);
      for (const [name, want] of Object.entries(golden.gradients)) {
        if (withoutEffect.includes(name)) continue;
        const { grad } = network.parameters.get(name)!;
        const values = toTorch((await grad!.read()) as Float32Array, grad!.shape);
        expectNear(summary(name, values, samples), want, float32Error.gradients, `gradient of ${name}`);
      }
    }
    // Adam takes rounding further from step to step
    for (const [t, want] of golden.losses.entries())
      expect(Math.abs(losses[t]! / want - 1), `loss of step ${t + 1}`).toBeLessThan(
        Math.max(100 * float32Error.losses, 1e-4),
      );
    const { output } = network.run(image, { training: false });
    const error = 3 * float32Error.evaluated;
    expectNear(await read('maps', output(built.maps)), golden.evaluated.maps, error, 'maps');
    expectNear(await read('location', output(built.location)), golden.evaluated.location, error, 'location');
    optimizer.dispose();
  }, 240_000);
});

/** Shapes by PyTorch's names of a backbone of the published width. */
function published(record: BackboneRecord): Map<string, Shape> {
  const at = new Declarations();
  networkOf(record, {}, false).declare(at);
  const all = [...at.parameters, ...at.statistics];
  return new Map([
    ...all.map(({ name, shape }) => [name, torchShape(shape)] as const),
    ...at.counters.map((name) => [name, []] as const),
  ]);
}

describe('names of torchvision', () => {
  it('are the ResNet-50 U-Net’s, but for the stage it has not and the image’s channels', () => {
    const shapes = published(resnetUnet);
    const { 'conv1.weight': stem, ...rest } = goldens.torchvision.resnet50;
    expect([shapes.get('conv1.weight'), stem]).toEqual([
      [64, 1, 7, 7],
      [64, 3, 7, 7],
    ]);
    const kept = Object.entries(rest).filter(([name]) => !name.startsWith('layer4.'));
    expect(kept.length).toBeGreaterThan(200);
    for (const [name, shape] of kept) expect(shapes.get(name), name).toEqual(shape);
  });

  it('are AlexNet’s', () => {
    const shapes = published(alexnetUnet);
    const { 'features.0.weight': stem, ...rest } = goldens.torchvision.alexnet;
    expect([shapes.get('features.0.weight'), stem]).toEqual([
      [64, 1, 11, 11],
      [64, 3, 11, 11],
    ]);
    expect(Object.keys(rest)).toHaveLength(9);
    for (const [name, shape] of Object.entries(rest)) expect(shapes.get(name), name).toEqual(shape);
  });

  it('are ResNet-101’s in DeepLabV3, whose last stage keeps its sides', () => {
    const shapes = published(deeplab);
    expect(shapes.get('layer3.22.conv2.weight')).toEqual([256, 256, 3, 3]);
    expect(shapes.get('layer4.0.downsample.0.weight')).toEqual([2048, 1024, 1, 1]);
    expect(shapes.get('layer4.2.bn3.running_var')).toEqual([2048]);
  });
});
