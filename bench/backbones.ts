/** @file Train steps and memory of the paper's other networks at their published width, in turns with PyTorch on one thread. */
import * as ops from '../src/autograd/ops.ts';
import { Optimizer } from '../src/autograd/optim.ts';
import { capture } from '../src/autograd/step.ts';
import { Tape } from '../src/autograd/tape.ts';
import { alexnetUnet } from '../src/backbones/alexnetUnet.ts';
import { deeplab } from '../src/backbones/deeplab.ts';
import { resnetUnet } from '../src/backbones/resnetUnet.ts';
import { uniforms } from '../src/base/random.ts';
import type { Declarations } from '../src/models/declare.ts';
import { declareHeaded, HeadedNetwork } from '../src/models/headed.ts';
import { pixelHead, pooledHead } from '../src/models/heads.ts';
import type { StateDict } from '../src/models/state.ts';
import { readWeights } from '../src/models/weights.ts';
import { tensor } from '../src/tensor/create.ts';
import type { Device } from '../src/tensor/device.ts';
import type { Torch } from './torch.ts';
import { type NamedArray, startTorch, type Turns, takeTurns } from './turns.ts';

/** Of the published inputs; a batch of one, as memory and time of software adapters allow. */
const SIDE = 224;
/** As the goldens' networks, which PyTorch runs. */
const VIEWS = 2;
const HIDDEN = 6;
/** The goldens' AlexNet U-Net has so many features a pixel. */
const PIXELS = 4;
const RATE = 1e-6;

export interface BackboneRow extends Turns {
  readonly network: string;
  readonly parameters: number;
  /** All of the step at its peak: weights, gradients, moments, the batch, and what lives only within it. */
  readonly peakBytes: number;
  /** What lives only within the step. */
  readonly stepBytes: number;
}

const published = [
  { record: resnetUnet, settings: { width: 64 }, sigmoid: true },
  { record: deeplab, settings: { width: 64, momentum: 0.1 }, sigmoid: false },
  { record: alexnetUnet, settings: { width: 64, pixels: PIXELS }, sigmoid: false },
] as const;

const batch: readonly NamedArray[] = [
  { name: 'image', shape: [1, SIDE, SIDE, 1], values: uniforms(SIDE ** 2, 31) },
  { name: 'heat', shape: [1, SIDE, SIDE, VIEWS], values: uniforms(SIDE ** 2 * VIEWS, 32) },
  { name: 'location', shape: [1, 1], values: uniforms(1, 33) },
];

/** Blocks that add little to their input keep roundings from growing through a hundred layers, as in the goldens. */
const calmed = (state: StateDict): StateDict =>
  new Map(
    [...state].map(([name, weight]) => {
      const isLast = /\bbn3\.weight$/.test(name);
      return [name, isLast ? { ...weight, values: weight.values.map((value) => 0.25 * value) } : weight];
    }),
  );

/** The captured step on a device: mean squared errors of heatmaps and location, backward, Adam. */
async function backboneStep(device: Device, { record, settings, sigmoid }: (typeof published)[number]) {
  const before = device.memory.liveBytes;
  device.memory.resetPeak();
  const maps = pixelHead('final', VIEWS, { sigmoid });
  const location = pooledHead('global_layers', 1, { hidden: HIDDEN, dropout: 0 });
  const backbone = record.build({ ...(record.defaults as object), ...settings } as never, 1);
  const network = new HeadedNetwork(device, (at: Declarations) =>
    declareHeaded(at, backbone.declare, [maps, location]),
  );
  const weights = calmed(await readWeights(network));
  network.loadStateDict(weights);
  const [image, heat, place] = batch.map(({ values, shape }) => tensor(device, values, shape));
  const optimizer = new Optimizer(network.arena, { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });
  const captured = await capture(device, () => {
    network.arena.zeroGrad();
    using tape = new Tape();
    const { output } = network.run(image!, { training: true });
    const loss = ops.add(ops.mse(output(maps), heat!), ops.mse(output(location), place!));
    tape.backward(loss);
    optimizer.apply();
    return { loss };
  });
  return {
    weights,
    parameters: network.parameterCount,
    /** Of the steps so far. */
    memory: () => ({
      peakBytes: device.memory.peakBytes - before,
      stepBytes: captured.memory.plannedBytes,
    }),
    async run(index: number): Promise<number> {
      optimizer.prepare(index, RATE);
      captured.run();
      return captured.outputs.loss.item();
    },
    dispose() {
      for (const owned of [captured, optimizer, network, image, heat, place]) owned?.dispose();
    },
  };
}

/**
 * Steps of one image of 224×224 px.
 * @param torch null: only ours are measured
 * @throws Error where losses differ by more than a thousandth: then they do not do the same work
 */
export async function measureBackbones(
  device: Device,
  torch: Torch | null,
  steps: number,
): Promise<BackboneRow[]> {
  const rows: BackboneRow[] = [];
  for (const network of published) {
    const step = await backboneStep(device, network);
    const arrays = [...batch, ...[...step.weights].map(([name, weight]) => ({ name, ...weight }))];
    const job = { network: network.record.name, rate: RATE };
    const child = torch && (await startTorch(torch, 'backbones.py', arrays, job));
    try {
      const turns = await takeTurns((index) => step.run(index), child, steps);
      const { parameters } = step;
      const shared = { network: network.record.title, parameters };
      const facts = child?.measured().facts as { peakBytes: number; stepBytes: number } | undefined;
      for (const [i, row] of turns.entries())
        rows.push({ ...row, ...shared, ...(i ? facts! : step.memory()) });
    } finally {
      child?.end();
      step.dispose();
      device.memory.trim();
    }
  }
  return rows;
}
