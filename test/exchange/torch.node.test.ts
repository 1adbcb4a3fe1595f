/** @file Weights to PyTorch and back, with PyTorch itself: both compute the same, whoever's weights they are. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decodeWeights, encodeWeights, layers, readWeights, Sequential, tensor } from '../../src/index.ts';
import { useDevice } from '../device.ts';
import { slow } from '../slow.ts';
import { noise } from './onnxruntime.ts';

const device = useDevice();
const pythons = ['python3', '/usr/bin/python3'];
const hasTorch = (python: string): boolean => spawnSync(python, ['-c', 'import torch, numpy']).status === 0;
const python = slow ? pythons.find(hasTorch) : undefined;
const program = fileURLToPath(new URL('torchweights.py', import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'planewise-torch-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const images = noise([4, 8, 8, 1], 3);

/** The network of torchweights.py. */
const network = (seed: number): Sequential =>
  new Sequential(
    device(),
    [
      layers.conv2d({ channelsIn: 1, channelsOut: 4, kernel: 3 }),
      layers.batchNorm(4),
      layers.relu(),
      layers.flatten(),
      layers.linear(144, 3),
    ],
    { seed },
  );

async function outputsOf(net: Sequential): Promise<number[]> {
  const x = tensor(device(), images, [4, 8, 8, 1]);
  const y = net.forward(x, { training: false });
  const values = [...(await y.read())];
  x.dispose();
  y.dispose();
  return values;
}

const farthest = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));

it.skipIf(!python)(
  `PyTorch computes with our weights what we do, and we with its (needs ${slow ? 'PyTorch: apt-get install python3-torch' : 'PLANEWISE_SLOW=1 and PyTorch'})`,
  async () => {
    const [given, input, made] = ['given', 'input', 'made'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const ours = network(1);
    await writeFile(given, encodeWeights(await readWeights(ours)));
    await writeFile(input, images);
    const text = execFileSync(python!, [program, given, input, made], { encoding: 'utf8' });
    const [theirs, own] = JSON.parse(text) as [number[], number[]];
    const outputs = await outputsOf(ours);
    expect(theirs).toHaveLength(12);
    expect(farthest(outputs, theirs)).toBeLessThan(1e-4);

    const back = network(2);
    const before = await outputsOf(back);
    back.loadStateDict(decodeWeights(await readFile(made), made).state);
    expect(farthest(await outputsOf(back), own)).toBeLessThan(1e-4);
    // it was another network before
    expect(farthest(before, own)).toBeGreaterThan(1e-2);
    ours.dispose();
    back.dispose();
  },
  120_000,
);
