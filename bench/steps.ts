/** @file Train steps of one or several engines, each in a process of its own, taking turns so that load hits all alike. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { adam, batchOf, type ConfigName, configs, firstWeights } from './network.ts';
import type { Answer, Facts, Job } from './serve.ts';
import { median } from './timing.ts';

export type EngineName = 'planewise' | 'jax-js' | 'tfjs';

/** Of dist/bench, where this program runs. */
const programs: Record<EngineName, string> = {
  planewise: './engine.js',
  'jax-js': '../../bench/peers/jax.mjs',
  tfjs: '../../bench/peers/tfjs.mjs',
};

export interface StepRow {
  readonly engine: EngineName;
  readonly config: ConfigName;
  readonly medianMs: number;
  readonly minMs: number;
  /** Median processor time of a step, all threads. */
  readonly cpuMs: number;
  readonly steps: number;
  /** From the start of the process until the first step was done: opening, compiling, stepping. */
  readonly firstMs: number;
  /** Median time JavaScript takes to launch a step, where the engine says. */
  readonly jsMs: number | null;
  readonly losses: readonly number[];
  readonly facts: Facts;
}

class Child {
  readonly engine: EngineName;
  readonly times: number[] = [];
  readonly cpuTimes: number[] = [];
  readonly jsTimes: number[] = [];
  readonly losses: number[] = [];
  firstMs = 0;
  facts: Facts = {};
  readonly #process: ChildProcess;
  #complaints = '';

  constructor(engine: EngineName) {
    this.engine = engine;
    const program = fileURLToPath(new URL(programs[engine], import.meta.url));
    // Drivers and engines chatter on stderr; it is shown only if the engine fails.
    const stdio = ['ignore', 'ignore', 'pipe', 'ipc'] as const;
    this.#process = fork(program, { serialization: 'advanced', stdio: [...stdio] });
    this.#process.stderr?.on('data', (text: Buffer) => {
      this.#complaints = (this.#complaints + text).slice(-4000);
    });
  }

  async start(job: Job): Promise<void> {
    const answer = await this.#ask(job);
    if (answer.kind !== 'ready') throw new Error(`${this.engine} answered "${answer.kind}" to its job`);
    this.firstMs = answer.firstMs;
    this.facts = answer.facts;
    this.losses.push(answer.loss);
  }

  /** One more step; those that only warm up are not counted in the times. */
  async step(counted: boolean): Promise<void> {
    const answer = await this.#ask('step');
    if (answer.kind !== 'step') throw new Error(`${this.engine} answered "${answer.kind}" to a step`);
    this.losses.push(answer.loss);
    if (!counted) return;
    this.times.push(answer.ms);
    this.cpuTimes.push(answer.cpuMs);
    if (answer.jsMs !== undefined) this.jsTimes.push(answer.jsMs);
  }

  row(config: ConfigName): StepRow {
    const { engine, firstMs, facts, losses, times, jsTimes } = this;
    const jsMs = jsTimes.length ? median(jsTimes) : null;
    const cpuMs = median(this.cpuTimes);
    const spread = { medianMs: median(times), minMs: Math.min(...times), cpuMs, steps: times.length };
    return { engine, config, ...spread, firstMs, jsMs, losses, facts };
  }

  end(): void {
    this.#process.kill('SIGKILL');
  }

  #ask(message: Job | 'step'): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null) =>
        reject(new Error(`${this.engine} ended (code ${code}).\n${this.#complaints}`));
      this.#process.once('exit', onExit);
      this.#process.once('message', (answer: Answer) => {
        this.#process.off('exit', onExit);
        if (answer.kind === 'failed') reject(new Error(`${this.engine} failed: ${answer.reason}`));
        else resolve(answer);
      });
      this.#process.send(message);
    });
  }
}

export interface StepPlan {
  readonly engines: readonly EngineName[];
  readonly config: ConfigName;
  /** Counted steps of planewise; a slower engine does fewer, so that its share of the time stays about `budgetMs`. */
  readonly steps: number;
  readonly budgetMs: number;
}

/** Counted steps that a warm child does within the budget, from 2 to all. */
function stepsWithin(child: Child, { steps, budgetMs }: StepPlan): number {
  return Math.max(2, Math.min(steps, Math.floor(budgetMs / child.times[0]!)));
}

/** Starts the engines one after another on the same weights and data, then lets them take turns, a step each. */
export async function measureSteps(plan: StepPlan): Promise<StepRow[]> {
  const sizes = configs[plan.config];
  const job: Job = { sizes, batch: batchOf(sizes), weights: firstWeights(sizes), adam };
  const children: Child[] = [];
  try {
    for (const engine of plan.engines) {
      const child = new Child(engine);
      children.push(child);
      await child.start(job);
      await child.step(false);
      await child.step(true);
    }
    for (let round = 1; round < plan.steps; round++)
      for (const child of children) if (round < stepsWithin(child, plan)) await child.step(true);
    return children.map((child) => child.row(plan.config));
  } finally {
    for (const child of children) child.end();
  }
}
