/** @file Train steps of nnU-Net's U-Net on volumes, taking turns with PyTorch on one thread: same weights and data. */
import * as ops from '../src/autograd/ops.ts';
import { Optimizer } from '../src/autograd/optim.ts';
import { type ProfileRow, profileStep } from '../src/autograd/profile.ts';
import { capture } from '../src/autograd/step.ts';
import { Tape } from '../src/autograd/tape.ts';
import { uniforms } from '../src/base/random.ts';
import { planLevels } from '../src/models/levels.ts';
import { PlainConvUNet } from '../src/models/levelUnet.ts';
import { deepSupervision } from '../src/models/supervision.ts';
import { readWeights } from '../src/models/weights.ts';
import { tensor } from '../src/tensor/create.ts';
import type { Device } from '../src/tensor/device.ts';
import type { Tensor } from '../src/tensor/tensor.ts';
import type { Torch } from './torch.ts';
import { type NamedArray, startTorch, type Turns, takeTurns } from './turns.ts';

const SIDE = 32;
const BATCH = 2;
/** As the goldens', whose network PyTorch runs. */
const CHANNELS_IN = 2;
const CLASSES = 3;
const RATE = 1e-3;
/** Of the first level; each level below has twice as many. */
const WIDTHS = [8, 16];

export interface VolumeRow extends Turns {
  /** Channels of the first level. */
  readonly width: number;
}

export interface Volumes {
  readonly rows: readonly VolumeRow[];
  /** Of the widest network's step. */
  readonly profile: readonly ProfileRow[];
}

const { levels, patch } = planLevels([1, 1, 1], [SIDE, SIDE, SIDE]);
const voxels = BATCH * SIDE ** 3;
const images = uniforms(voxels * CHANNELS_IN, 21);
/** Classes by the images' first channel, which a network can learn. */
const labels = Int32Array.from({ length: voxels }, (_, i) => Math.floor(CLASSES * images[i * CHANNELS_IN]!));

const loss = (logits: Tensor, at: Tensor): Tensor =>
  ops.add(ops.crossEntropy(logits, at), ops.softDice(logits, at, { epsilon: 1e-5, background: false }));

/** The captured step on a device: deep supervision, backward, Adam. */
async function volumeStep(device: Device, width: number) {
  const channels = levels.map((_, level) => width * 2 ** level);
  const net = new PlainConvUNet(device, { channelsIn: CHANNELS_IN, classes: CLASSES, levels, channels });
  const x = tensor(device, images, [BATCH, ...patch, CHANNELS_IN]);
  const at = tensor(device, labels, [BATCH, ...patch], 'i32');
  const optimizer = new Optimizer(net.arena, { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });
  const captured = await capture(device, () => {
    net.arena.zeroGrad();
    using tape = new Tape();
    const total = deepSupervision(net.supervised(x, { training: true }), at, loss);
    tape.backward(total);
    optimizer.apply();
    return { total };
  });
  return {
    captured,
    weights: await readWeights(net),
    channels,
    async run(index: number): Promise<number> {
      optimizer.prepare(index, RATE);
      captured.run();
      return captured.outputs.total.item();
    },
    dispose() {
      for (const owned of [captured, optimizer, net, x, at]) owned.dispose();
    },
  };
}

type VolumeStep = Awaited<ReturnType<typeof volumeStep>>;

const arraysOf = ({ weights }: VolumeStep): NamedArray[] => [
  { name: 'images', shape: [BATCH, ...patch, CHANNELS_IN], values: images },
  { name: 'labels', shape: [BATCH, ...patch], values: Float32Array.from(labels) },
  ...[...weights].map(([name, { shape, values }]) => ({ name, shape, values })),
];

async function measureWidth(
  device: Device,
  torch: Torch | null,
  width: number,
  steps: number,
): Promise<Volumes> {
  const step = await volumeStep(device, width);
  const job = { levels, channels: step.channels, rate: RATE };
  const child = torch && (await startTorch(torch, 'patches.py', arraysOf(step), job));
  try {
    const turns = await takeTurns((index) => step.run(index), child, steps);
    return { rows: turns.map((row) => ({ ...row, width })), profile: await profileStep(step.captured) };
  } finally {
    child?.end();
    step.dispose();
  }
}

/**
 * Steps of 32³ patches, batch 2.
 * @param torch null: only ours are measured
 * @throws Error where losses differ by more than a thousandth: then they do not do the same work
 */
export async function measureVolumes(device: Device, torch: Torch | null, steps: number): Promise<Volumes> {
  const rows: VolumeRow[] = [];
  let profile: readonly ProfileRow[] = [];
  for (const width of WIDTHS) {
    const found = await measureWidth(device, torch, width, steps);
    rows.push(...found.rows);
    profile = found.profile;
  }
  return { rows, profile };
}
