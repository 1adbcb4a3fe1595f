/** @file nnU-Net's networks against PyTorch: outputs of every level, gradients, 20 steps of Adam, of volumes and images. */
import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Optimizer } from '../../src/autograd/optim.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { PlainConvUNet, ResidualEncoderUNet } from '../../src/models/levelUnet.ts';
import { type StateDict, toTorch } from '../../src/models/state.ts';
import { deepSupervision } from '../../src/models/supervision.ts';
import { readWeights } from '../../src/models/weights.ts';
import { tensor } from '../../src/tensor/create.ts';
import { elementCount, type Shape } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { poisoned } from '../check.ts';
import { useDevice } from '../device.ts';
import { readGolden } from '../goldens.ts';
import { expectNear, noise, type Summary, summary } from './drawn.ts';

interface Golden {
  readonly sides: Shape;
  readonly kernels: readonly Shape[];
  readonly strides: readonly Shape[];
  readonly channels: readonly number[];
  readonly residual: boolean;
  readonly counts: readonly number[];
  readonly decoder: readonly number[];
  readonly labels: string;
  readonly salt: number;
  readonly withoutEffect: readonly string[];
  readonly outputs: Readonly<Record<string, Summary>>;
  readonly evaluated: Readonly<Record<string, Summary>>;
  readonly gradients: Readonly<Record<string, Summary>>;
  readonly losses: readonly number[];
  readonly float32Error: Readonly<Record<'outputs' | 'gradients' | 'evaluated' | 'losses', number>>;
}

type Settings = Readonly<Record<'batch' | 'channelsIn' | 'classes' | 'rate' | 'samples' | 'epsilon', number>>;
type Name = 'plain' | 'residual' | 'residualImages';

const { settings, ...goldens } = JSON.parse(
  new TextDecoder().decode(await readGolden('volumes.json')),
) as Readonly<Record<Name, Golden>> & { readonly settings: Settings };
const { batch, channelsIn, classes, rate, samples, epsilon } = settings;
const device = useDevice();

function build({ kernels, strides, channels, residual, counts, decoder }: Golden) {
  const levels = kernels.map((kernel, i) => ({ kernel, stride: strides[i]! }));
  const shared = { channelsIn, classes, levels, channels, decoderConvolutions: decoder };
  if (residual) return new ResidualEncoderUNet(device(), { ...shared, blocks: counts });
  return new PlainConvUNet(device(), { ...shared, convolutions: counts });
}

/** By name, in PyTorch's order of axes: uniform by fan-in, norms near one. */
async function firstWeights(network: ReturnType<typeof build>, salt: number): Promise<StateDict> {
  return new Map(
    [...(await readWeights(network))].map(([name, { shape }]) => {
      const scale = shape.length > 1 ? Math.sqrt(6 / elementCount(shape.slice(1))) : 0.1;
      const offset = name.endsWith('norm.weight') ? 1 : 0;
      const drawn = noise(`${salt} ${name}`, elementCount(shape));
      return [name, { shape, values: Float32Array.from(drawn, (v) => Math.fround(v) * scale + offset) }];
    }),
  );
}

/** Cross entropy and soft Dice of the classes but the background. */
const loss = (logits: Tensor, labels: Tensor): Tensor =>
  ops.add(ops.crossEntropy(logits, labels), ops.softDice(logits, labels, { epsilon, background: false }));

const inShort = async (name: string, x: Tensor): Promise<number[]> =>
  summary(name, (await x.read()) as Float32Array, samples);

describe.each(['plain', 'residual', 'residualImages'] as const)('nnU-Net’s network, %s', (which) => {
  const golden = goldens[which];
  const { sides, float32Error } = golden;

  it('gives PyTorch’s outputs at every level, gradients and losses of 20 Adam steps', async () => {
    using network = await poisoned(device(), () => build(golden));
    expect([...network.parameters.keys()].sort()).toEqual(Object.keys(golden.gradients).sort());
    network.loadStateDict(await firstWeights(network, golden.salt));
    const values = Float32Array.from(noise('image', batch * elementCount(sides) * channelsIn));
    const image = tensor(device(), values, [batch, ...sides, channelsIn]);
    const labels = tensor(device(), Int32Array.from(golden.labels, Number), [batch, ...sides], 'i32');
    const optimizer = new Optimizer(network.arena, {
      ...{ kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
    });
    using step = await capture(device(), () => {
      network.arena.zeroGrad();
      using tape = new Tape();
      const outputs = network.supervised(image, { training: true });
      const total = deepSupervision(outputs, labels, loss);
      tape.backward(total);
      optimizer.apply();
      return { total, ...Object.fromEntries(outputs.map((y, i) => [`level${i}`, y])) };
    });
    const outputs = step.outputs as Readonly<Record<string, Tensor>>;
    const losses: number[] = [];
    for (let t = 1; t <= golden.losses.length; t++) {
      optimizer.prepare(t, rate);
      step.run();
      losses.push(await outputs.total!.item());
      if (t > 1) continue;
      for (const [name, want] of Object.entries(golden.outputs))
        expectNear(await inShort(name, outputs[name]!), want, float32Error.outputs, name);
      for (const [name, want] of Object.entries(golden.gradients)) {
        if (golden.withoutEffect.includes(name)) continue;
        const grad = network.parameters.get(name)!.grad!;
        const own = toTorch((await grad.read()) as Float32Array, grad.shape);
        expectNear(summary(name, own, samples), want, float32Error.gradients, `gradient of ${name}`);
      }
    }
    for (const [t, want] of golden.losses.entries())
      expect(Math.abs(losses[t]! / want - 1), `loss of step ${t + 1}`).toBeLessThan(
        Math.max(100 * float32Error.losses, 1e-4),
      );
    const evaluated = network.supervised(image, { training: false });
    for (const [i, y] of evaluated.entries())
      expectNear(await inShort(`level${i}`, y), golden.evaluated[`level${i}`]!, 1e-4, `level${i}`);
    const logits = network.forward(image, { training: false });
    expect(await logits.read()).toEqual(await evaluated[0]!.read());
    optimizer.dispose();
  });
});
