/** @file Bytes of a train step at its peak: planewise's, with and without recomputed blocks, and PyTorch's for the same. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as ops from '../src/autograd/ops.ts';
import { Optimizer } from '../src/autograd/optim.ts';
import { capture } from '../src/autograd/step.ts';
import { Tape } from '../src/autograd/tape.ts';
import { formatTable } from '../src/commands/table.ts';
import { UNet } from '../src/models/unet.ts';
import { tensor } from '../src/tensor/create.ts';
import type { Device } from '../src/tensor/device.ts';
import { adam, batchOf, type ConfigName, type NetworkSizes, optionsOf } from './network.ts';

const program = fileURLToPath(new URL('../../bench/torch/memory.py', import.meta.url));

export interface MemoryRow {
  readonly config: ConfigName;
  readonly batch: number;
  readonly engine: string;
  /** All of the step: weights, gradients, moments, the batch, and what lives only within the step. */
  readonly peakBytes: number;
  /** What lives only within the step, as planned or as allocated at the worst moment. */
  readonly stepBytes: number;
  /** The same if nothing shared memory; planewise knows it. */
  readonly unplannedBytes: number | null;
}

async function measureStep(device: Device, sizes: NetworkSizes, recompute: boolean) {
  const { batch, side } = sizes;
  const { learningRate, ...rule } = adam;
  const data = batchOf(sizes);
  device.memory.resetPeak();
  const before = device.memory.liveBytes;
  using images = tensor(device, data.images, [batch, side, side, 1]);
  using targets = tensor(device, data.targets, [batch, side, side, 2]);
  using unet = new UNet(device, optionsOf(sizes));
  const optimizer = new Optimizer(unet.arena, { kind: 'adam', ...rule });
  using step = await capture(device, () => {
    unet.arena.zeroGrad();
    using tape = new Tape();
    const loss = ops.mse(unet.forward(images, { training: true, recompute }).heatmaps!, targets);
    tape.backward(loss);
    optimizer.apply();
    return { loss };
  });
  optimizer.prepare(1, learningRate);
  step.run();
  await device.sync();
  optimizer.dispose();
  const { plannedBytes, unplannedBytes } = step.memory;
  return { peakBytes: device.memory.peakBytes - before, stepBytes: plannedBytes, unplannedBytes };
}

function measureTorch(python: string, { batch, side, width }: NetworkSizes) {
  const { status, stdout, stderr } = spawnSync(python, [program, `${batch}`, `${side}`, `${width}`], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`PyTorch's memory could not be measured: ${stderr.slice(-1000)}`);
  return JSON.parse(stdout) as { version: string; peakBytes: number; stepBytes: number };
}

/** Rows of one configuration; PyTorch's too, where a Python that has it is given. */
export async function measureMemory(
  device: Device,
  config: ConfigName,
  sizes: NetworkSizes,
  python: string | null,
): Promise<MemoryRow[]> {
  const rows: MemoryRow[] = [];
  const shared = { config, batch: sizes.batch };
  for (const recompute of [false, true]) {
    const engine = recompute ? 'planewise --recompute' : 'planewise';
    rows.push({ ...shared, engine, ...(await measureStep(device, sizes, recompute)) });
    device.memory.trim();
  }
  if (python) {
    const { version, peakBytes, stepBytes } = measureTorch(python, sizes);
    rows.push({ ...shared, engine: `PyTorch ${version}, CPU`, peakBytes, stepBytes, unplannedBytes: null });
  }
  return rows;
}

const megabytes = (bytes: number): number => Number((bytes / 1e6).toPrecision(3));

export function memoryTable(rows: readonly MemoryRow[]): string {
  const torch = (row: MemoryRow) =>
    rows.find((other) => other.config === row.config && other.engine.startsWith('PyTorch'));
  const share = (part: number, whole: number | null | undefined): number | null =>
    whole ? Number((part / whole).toFixed(2)) : null;
  return formatTable(
    [
      { title: 'memory', cell: ({ config, batch }) => `${config} (${batch})` },
      { title: 'engine', cell: ({ engine }) => engine },
      { title: 'peak MB', cell: ({ peakBytes }) => megabytes(peakBytes) },
      { title: 'of PyTorch', cell: (row) => share(row.peakBytes, torch(row)?.peakBytes) },
      { title: 'within the step MB', cell: ({ stepBytes }) => megabytes(stepBytes) },
      { title: 'of PyTorch', cell: (row) => share(row.stepBytes, torch(row)?.stepBytes) },
      { title: 'of side by side', cell: (row) => share(row.stepBytes, row.unplannedBytes) },
    ],
    rows,
  );
}
