/** @file The same train steps in PyTorch, taking turns with planewise: same weights, same data, losses compared. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Caps } from '../src/tensor/device.ts';
import { Child, pythonLink } from './child.ts';
import { batchOf, type ConfigName, firstWeights, type NetworkSizes } from './network.ts';
import { lossDifference } from './peers.ts';
import type { Job } from './serve.ts';
import { type Contestant, everyPrecision, measureSteps, type StepRow } from './steps.ts';
import { type NamedArray, writeArrays } from './turns.ts';

const program = fileURLToPath(new URL('../../bench/torch/steps.py', import.meta.url));

/** f32 must agree to this; TF32 and bf16 round more, and are only shown. */
const TOLERANCE = 1e-3;
const ROUNDED = /TF32|bf16|mixed|matrices/;

/** Whether an engine computes in f32 and has other losses than planewise: then they do not do the same work. */
export const differs = (row: StepRow, ours: StepRow): boolean =>
  !ROUNDED.test(row.engine) && !(lossDifference(row, ours) <= TOLERANCE);

export interface Torch {
  readonly python: string;
  readonly version: string;
  /** Null where it runs on the CPU. */
  readonly gpu: string | null;
  readonly cudnn: number | null;
  /** How it can run here, by name. */
  readonly modes: readonly string[];
}

/** A Python that has not said by then what it has is passed over. */
const PROBE_MS = 40_000;

/** The first Python that has PyTorch: $PYTHON, the one on the path, the system's; null where there is none. */
export function findTorch(): Torch | null {
  const candidates = [process.env.PYTHON, 'python3', '/usr/bin/python3'].filter((name) => name !== undefined);
  for (const python of candidates) {
    const limit = { timeout: PROBE_MS, killSignal: 'SIGKILL' } as const;
    const { status, stdout } = spawnSync(python, [program, '--probe'], { encoding: 'utf8', ...limit });
    if (status === 0) return { python, ...(JSON.parse(stdout) as Omit<Torch, 'python'>) };
  }
  return null;
}

export const missingTorch =
  'PyTorch was not found (asked $PYTHON, python3 and /usr/bin/python3), so there is nothing to compare with.';

const arraysOf = (sizes: NetworkSizes): NamedArray[] => {
  const { batch, side } = sizes;
  const { images, targets } = batchOf(sizes);
  return [
    { name: 'images', shape: [batch, side, side, 1], values: images },
    { name: 'targets', shape: [batch, side, side, 2], values: targets },
    ...firstWeights(sizes),
  ];
};

/** Idle threads must not spin while the others have their turn; oneDNN takes its number of threads from here only. */
function environmentOf(mode: string): Record<string, string> {
  const threads = /(\d+) threads?/.exec(mode)?.[1];
  return { OMP_WAIT_POLICY: 'PASSIVE', ...(threads && { OMP_NUM_THREADS: threads }) };
}

/** PyTorch in one of its ways; `file` is where it is given its weights and data. */
export function torchContestant({ python }: Torch, mode: string, file: string, limitMs?: number): Contestant {
  const engine = `PyTorch ${mode}`;
  return {
    engine,
    start: () => new Child(engine, pythonLink(python, [program], environmentOf(mode)), limitMs),
    async job({ sizes, adam }: Job) {
      await writeArrays(file, arraysOf(sizes));
      return { mode, file, sizes, adam };
    },
  };
}

/**
 * Steps of planewise and of PyTorch, in every way it can run here, in turns.
 * @throws Error where losses in f32 differ: then they do not do the same work
 */
export async function compareTorch(
  torch: Torch,
  config: ConfigName,
  caps: Caps,
  steps: number,
): Promise<StepRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'planewise-torch-'));
  try {
    const others = torch.modes.map((mode) => torchContestant(torch, mode, join(folder, 'arrays')));
    const engines = [...everyPrecision(caps), ...others];
    const rows = await measureSteps({ engines, config, software: caps.software, steps, budgetMs: 15_000 });
    for (const row of rows) {
      if (differs(row, rows[0]!))
        throw new Error(`${row.engine}'s losses ${row.losses} differ from planewise's ${rows[0]!.losses}.`);
    }
    return rows;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
