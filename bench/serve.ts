/** @file The child side of a step benchmark: one engine a process, told when to step so that engines can take turns. */

import { PlanewiseError } from '../src/base/errors.ts';
import type { Precision } from '../src/models/unet.ts';
import { openDevice } from '../src/tensor/device.node.ts';
import { restfully } from '../src/tensor/rest.node.ts';
import type { Batch, NamedWeight, NetworkSizes } from './network.ts';

/** What the parent sends first. */
export interface Job {
  readonly sizes: NetworkSizes;
  readonly batch: Batch;
  readonly weights: readonly NamedWeight[];
  readonly adam: {
    readonly learningRate: number;
    readonly beta1: number;
    readonly beta2: number;
    readonly epsilon: number;
  };
  readonly precision: Precision;
  /** Times the forms that fit for so long at most, and takes the fastest; default: the order of preference. */
  readonly tuneMs?: number;
  /** Waits for another engine as planewise waits, rather than as Dawn does. */
  readonly rested?: boolean;
}

/** What an engine tells of itself: dispatches, bytes and the like. */
export type Facts = Readonly<Record<string, number>>;

export interface Engine {
  /** Does step `index` (from 1) and resolves with its loss once the device has finished all of it. */
  step(index: number): Promise<{ loss: number; jsMs?: number }>;
  facts?(): Facts;
}

export interface StepAnswer {
  readonly kind: 'step';
  readonly ms: number;
  /** Processor time of the whole process, all threads: what a software adapter needs whoever else is running. */
  readonly cpuMs: number;
  readonly loss: number;
  readonly jsMs?: number;
}

/** Answers of the child: one for the job, one for each step. */
export type Answer =
  | { readonly kind: 'ready'; readonly loss: number; readonly facts: Facts }
  | StepAnswer
  | { readonly kind: 'failed'; readonly reason: string; readonly code?: string };

function send(answer: Answer): void {
  process.send?.(answer);
}

async function answer(action: () => Promise<Answer>): Promise<void> {
  try {
    send(await action());
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const code = error instanceof PlanewiseError ? { code: error.code } : {};
    send({ kind: 'failed', reason, ...code });
  }
}

/** Serves one engine until the parent ends the process. */
export function serve(start: (job: Job) => Promise<Engine>): void {
  let engine: Engine;
  let steps = 0;
  let rested = false;
  const step = () => (rested ? restfully(engine.step(++steps)) : engine.step(++steps));
  const first = async (job: Job): Promise<Answer> => {
    rested = job.rested ?? false;
    engine = await start(job);
    const { loss } = await step();
    return { kind: 'ready', loss, facts: engine.facts?.() ?? {} };
  };
  const next = async (): Promise<Answer> => {
    const before = performance.now();
    const cpuBefore = process.cpuUsage();
    const result = await step();
    const { user, system } = process.cpuUsage(cpuBefore);
    return { kind: 'step', ms: performance.now() - before, cpuMs: (user + system) / 1000, ...result };
  };
  process.on('message', (job: Job | 'step') => void answer(job === 'step' ? next : () => first(job)));
  process.on('disconnect', () => process.exit());
}

// Dawn's instance must outlive its devices.
let instance: GPU | undefined;

/** Gives other engines `navigator.gpu` on the adapter that planewise would open here. */
export async function provideNavigator(): Promise<void> {
  // finds the driver and the loader, and leaves them selected
  const device = await openDevice();
  device.dispose();
  const { create } = await import('webgpu');
  instance = create([]);
  Object.defineProperty(globalThis, 'navigator', {
    value: { gpu: instance, userAgent: 'node' },
    configurable: true,
  });
}
