/** @file What feeding costs: the training loop with its loader against steps on a batch that stays on the device, in turns. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodePhantomSubject, phantomSources, phantomSubject } from '../src/data/phantom.ts';
import { prepare } from '../src/data/prepare.ts';
import { createSampler, type Sampler } from '../src/data/sampler.ts';
import type { PreparedData } from '../src/data/types.ts';
import { resolveConfig, type TrainConfig, trainConfigOf } from '../src/run/config.ts';
import { planRun } from '../src/run/plan.ts';
import { train } from '../src/run/training.ts';
import type { Device } from '../src/tensor/device.ts';
import { Pace } from '../src/train/pace.ts';
import type { Plan } from '../src/train/plan.ts';
import { DiskFiles } from '../src/train/runfiles.node.ts';
import { Trainer } from '../src/train/trainer.ts';
import { type ConfigName, type NetworkSizes, sizesOf } from './network.ts';
import { median } from './timing.ts';

export interface FeedingRow {
  readonly config: ConfigName;
  readonly batch: number;
  /** Median over the rounds of the mean step, ms, and of its processor time; see `Cost`. */
  readonly fixedMs: number;
  readonly loaderMs: number;
  readonly fixedCpuMs: number;
  readonly loaderCpuMs: number;
  /** Making one batch on the host: sampling, augmentation, copying. */
  readonly batchMs: number;
  /** Median over the rounds of loader / fixed, neighbours in time. */
  readonly ratio: number;
}

/** Of one step. */
interface Cost {
  readonly ms: number;
  readonly cpuMs: number;
}

const ROUNDS = 5;
/** Until then shaders compile and the pace is found. */
const WARM_STEPS = 4;
const ROUND_MS = 3000;
const SUBJECTS = 6;
const FIELD_MM = 256;

/** Hearts as DICOM files, decoded and resampled as `planewise prepare` would. */
async function hearts(side: number): Promise<PreparedData> {
  const options = { difficulty: 'mid', phases: 1, size: side } as const;
  const subjects = Array.from({ length: SUBJECTS }, (_, index) => phantomSubject(1, index, options));
  const files = phantomSources(subjects.flatMap(encodePhantomSubject));
  return prepare(files, { size: side, spacingMm: FIELD_MM / side });
}

function configOf({ batch, side, width }: NetworkSizes, steps: number): TrainConfig {
  const augmentation = { rotationDeg: 15, scale: [0.9, 1.1] as [number, number], shiftPx: 4, flipX: true };
  const rest = { epoch: 'all', validateEvery: steps, checkpointEvery: steps } as const;
  const held = { validationFraction: 0, testFraction: 0 };
  return trainConfigOf(
    resolveConfig({ batch, size: side, model: { width }, steps, augmentation, ...rest, ...held }),
  );
}

/** Counts from the first call on, and gives the cost of a step since then. */
class Meter {
  #from: { readonly step: number; readonly ms: number; readonly cpu: NodeJS.CpuUsage } | undefined;

  at(step: number): Cost | null {
    const ms = performance.now();
    if (!this.#from) {
      this.#from = { step, ms, cpu: process.cpuUsage() };
      return null;
    }
    const { user, system } = process.cpuUsage(this.#from.cpu);
    const steps = step - this.#from.step;
    return { ms: (ms - this.#from.ms) / steps, cpuMs: (user + system) / 1000 / steps };
  }
}

/** Steps on what was uploaded before, launched a burst ahead as the training loop launches them. */
async function fixedSteps(trainer: Trainer, pace: Pace, steps: number): Promise<Cost> {
  const meter = new Meter();
  let launched = 0;
  const launch = () => {
    const count = Math.min(steps - launched, pace.burst);
    if (count === 0) return null;
    const first = launched + 1;
    launched += count;
    pace.start();
    for (let step = first; step <= launched; step++) void trainer.train(step);
    return { last: launched, count, losses: trainer.losses(first, launched) };
  };
  let cost: Cost | null = null;
  for (let burst = launch(); burst; ) {
    const ahead = launch();
    await pace.settle(burst.count, burst.losses);
    if (burst.last >= WARM_STEPS) cost = meter.at(burst.last);
    burst = ahead;
  }
  return cost!;
}

/** A training as `planewise pretrain` runs it, log on disk included, from its first warm step to its last. */
async function loadedSteps(device: Device, data: PreparedData, config: TrainConfig): Promise<Cost> {
  const folder = await mkdtemp(join(tmpdir(), 'planewise-feeding-'));
  const meter = new Meter();
  let cost: Cost | null = null;
  try {
    await train({
      device,
      data,
      config,
      files: new DiskFiles(folder),
      onProgress(event) {
        if (event.kind === 'steps' && event.metrics.step >= WARM_STEPS) cost = meter.at(event.metrics.step);
      },
    });
    return cost!;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What feeds a training of one stream. */
function samplerOf(
  data: PreparedData,
  { batch, seed, augmentation }: TrainConfig,
  { streams: [stream] }: Plan,
): Sampler {
  const { input, tasks } = stream!;
  const labellers = tasks.map(({ part }) => part);
  return createSampler(data, { batch, seed, epoch: 'all', augmentation, input, labellers });
}

function timeBatch(sampler: Sampler): number {
  const times = Array.from({ length: 30 }, (_, step) => {
    const began = performance.now();
    sampler.batch(step);
    return performance.now() - began;
  });
  return median(times);
}

export async function measureFeeding(device: Device, config: ConfigName): Promise<FeedingRow> {
  const sizes = sizesOf(config, device.caps.software)[0]!;
  const data = await hearts(sizes.side);
  const given = configOf(sizes, 1_000_000);
  const { manifest } = data;
  const plan = planRun(given, manifest);
  const sampler = samplerOf(data, given, plan);
  const trainer = new Trainer(device, given, plan, manifest.size);
  try {
    await trainer.prepare();
    await trainer.train(1, [sampler.batch(0)]);
    const pace = new Pace();
    const { ms } = await fixedSteps(trainer, pace, WARM_STEPS + 2);
    const steps = WARM_STEPS + Math.max(3, Math.ceil(ROUND_MS / ms));
    const rounds: { readonly fixed: Cost; readonly loader: Cost }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const fixed = await fixedSteps(trainer, pace, steps);
      rounds.push({ fixed, loader: await loadedSteps(device, data, configOf(sizes, steps)) });
    }
    return {
      config,
      batch: sizes.batch,
      fixedMs: median(rounds.map(({ fixed }) => fixed.ms)),
      loaderMs: median(rounds.map(({ loader }) => loader.ms)),
      fixedCpuMs: median(rounds.map(({ fixed }) => fixed.cpuMs)),
      loaderCpuMs: median(rounds.map(({ loader }) => loader.cpuMs)),
      batchMs: timeBatch(sampler),
      ratio: median(rounds.map(({ fixed, loader }) => loader.ms / fixed.ms)),
    };
  } finally {
    trainer.dispose();
  }
}
