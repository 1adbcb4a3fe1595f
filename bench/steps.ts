/** @file Train steps of one or several engines, each in a process of its own, taking turns so that load hits all alike. */
import { fileURLToPath } from 'node:url';
import type { Precision } from '../src/models/unet.ts';
import type { Caps } from '../src/tensor/device.ts';
import { Child, EngineError, type Measured, nodeLink } from './child.ts';
import { adam, batchOf, type ConfigName, firstWeights, type NetworkSizes, sizesOf } from './network.ts';
import type { Job } from './serve.ts';

export interface StepRow extends Measured {
  readonly engine: string;
  readonly config: ConfigName;
  /** Images a step; smaller than the configuration's where memory or time asked for it. */
  readonly batch: number;
}

/** Someone who can do the step: a name, and how to start its process. */
export interface Contestant {
  readonly engine: string;
  start(): Child;
  /** What it is sent to begin with; default: the job as it is. */
  job?(job: Job): unknown;
}

const programs = {
  planewise: './engine.js',
  'jax-js': '../../bench/peers/jax.mjs',
  tfjs: '../../bench/peers/tfjs.mjs',
} as const;

/** An engine that is a Node program, by its path from dist/bench, where this program runs. */
export function nodeEngine(
  engine: keyof typeof programs,
  env: Readonly<Record<string, string>> = {},
  limitMs?: number,
): Contestant {
  const program = fileURLToPath(new URL(programs[engine], import.meta.url));
  return { engine, start: () => new Child(engine, nodeLink(program, env), limitMs) };
}

/** This library, in f32 or in mixed precision. */
export function planewise(precision: Precision): Contestant {
  const engine = precision === 'f32' ? 'planewise' : `planewise ${precision}`;
  return { ...nodeEngine('planewise'), engine, job: (job) => ({ ...job, precision }) };
}

/** This library, in every precision that the adapter has. */
export function everyPrecision({ f16 }: Caps): Contestant[] {
  return f16 ? [planewise('f32'), planewise('mixed')] : [planewise('f32')];
}

export interface StepPlan {
  readonly engines: readonly Contestant[];
  readonly config: ConfigName;
  /** Whether the adapter is a software one: then the largest configuration has a batch of 1. */
  readonly software: boolean;
  /** To try in this order; default: those of the configuration. */
  readonly sizes?: readonly NetworkSizes[];
  /** Counted steps; a slower engine does fewer, so that its share of the time stays about `budgetMs`. */
  readonly steps: number;
  readonly budgetMs: number;
}

function jobOf(sizes: NetworkSizes): Job {
  return { sizes, batch: batchOf(sizes), weights: firstWeights(sizes), adam, precision: 'f32' };
}

async function begin(contestant: Contestant, job: Job): Promise<Child> {
  const child = contestant.start();
  try {
    await child.start((await contestant.job?.(job)) ?? job);
    return child;
  } catch (error) {
    child.end();
    throw error;
  }
}

/** The first engine decides the batch: the largest that it has memory for. */
async function beginFirst(contestant: Contestant, all: readonly NetworkSizes[]): Promise<[Child, Job]> {
  for (const [index, sizes] of all.entries()) {
    const job = jobOf(sizes);
    try {
      return [await begin(contestant, job), job];
    } catch (error) {
      const full = error instanceof EngineError && error.code === 'OUT_OF_MEMORY';
      if (!full || index === all.length - 1) throw error;
    }
  }
  throw new Error('No sizes to measure.');
}

/** A step as short as this finds the caches as the others left them, so a turn begins with one that is not counted. */
const SHORT_MS = 500;

/** Starts the engines one after another on the same weights and data, then lets them take turns, a counted step each. */
export async function measureSteps(plan: StepPlan): Promise<StepRow[]> {
  const [first, ...others] = plan.engines;
  const [leader, job] = await beginFirst(first!, plan.sizes ?? sizesOf(plan.config, plan.software));
  const running = [{ child: leader, rounds: 0, isShort: false }];
  try {
    const warm = async (entry: (typeof running)[number]): Promise<void> => {
      await entry.child.step(false);
      const ms = await entry.child.step(true);
      entry.rounds = Math.max(2, Math.min(plan.steps, Math.floor(plan.budgetMs / ms)));
      entry.isShort = ms < SHORT_MS;
    };
    await warm(running[0]!);
    for (const contestant of others) {
      const entry = { child: await begin(contestant, job), rounds: 0, isShort: false };
      running.push(entry);
      await warm(entry);
    }
    for (let round = 1; round < plan.steps; round++)
      for (const { child, rounds, isShort } of running) {
        if (round >= rounds) continue;
        if (isShort && running.length > 1) await child.step(false);
        await child.step(true);
      }
    const { batch } = job.sizes;
    return running.map(({ child }, i) => ({
      engine: plan.engines[i]!.engine,
      config: plan.config,
      batch,
      ...child.measured(),
    }));
  } finally {
    for (const { child } of running) child.end();
  }
}
