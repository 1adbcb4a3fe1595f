/** @file The tuner's stopwatch: launches as steps of their own, timed in turns. */

import { OutOfMemoryError, ShapeError } from '../base/errors.ts';
import { type Choices, setChoices } from '../kernels/launch/variant.ts';
import type { Device } from '../tensor/device.ts';
import { type CapturedStep, capture } from './step.ts';

/** A run that is timed lasts about this long, of launches repeated in one submit. */
const ROUND_MS = 4;
const MOST_REPEATS = 32;
/** The least time of this many runs counts: whatever else the machine does only adds. */
const ROUNDS = 5;
/** A variant so many times slower than the best in each of the first rounds is given up. */
const HOPELESS = 1.5;
const HOPELESS_ROUNDS = 2;

/** Of times that were not taken in turns, what not even a machine that is disturbed makes of equal ones. */
const FAR_SLOWER = 4;

type Repeated = CapturedStep<Record<string, never>>;

/** A problem's launches with one of its variants, as a step that repeats them often enough to be timed. */
export interface Entrant {
  readonly step: Repeated;
  readonly repeats: number;
  /** Milliseconds of the launches in the run that decided on the repeats. */
  readonly once: number;
}

/** Whether an entrant need not be timed against another. */
export const isFarSlower = (one: Entrant, other: Entrant): boolean => one.once > FAR_SLOWER * other.once;

/** What measurements of one kind have taken so far. */
interface Spent {
  readonly ms: number;
  readonly count: number;
}

const meanOf = (all: readonly number[]): number =>
  all.reduce((sum, one) => sum + one, 0) / Math.max(1, all.length);

/** Names of the shaders that an entrant's launches run. */
export function shadersOf({ step }: Entrant): string[] {
  return [...new Set(step.launches.map(({ launch }) => launch.pipeline.shader.name))];
}

export class Stopwatch {
  readonly device: Device;
  readonly #now: () => number;
  readonly #end: number;
  readonly #spent = new Map<string, Spent>();

  constructor(device: Device, limitMs: number, now: () => number) {
    this.device = device;
    this.#now = now;
    this.#end = now() + limitMs;
  }

  /** When so much of what is left of the time is over. */
  until(share: number): number {
    const now = this.#now();
    return now + share * Math.max(0, this.#end - now);
  }

  /**
   * Whether a measurement can be expected to end in time: by what those of its kind have taken, compilers' part and runs,
   * else by the means of other kinds.
   */
  affords(kind: string, end = this.#end): boolean {
    const means = [...this.#spent.values()].map(({ ms, count }) => ms / count);
    const known = this.#spent.get(kind);
    const expected = known ? known.ms / known.count : meanOf(means);
    const now = this.#now();
    return now < end && now + expected <= end;
  }

  /** Notes what a measurement takes, for the next of its kind. */
  async spending<T>(kind: string, action: () => Promise<T>): Promise<T> {
    const begin = this.#now();
    try {
      return await action();
    } finally {
      const { ms, count } = this.#spent.get(kind) ?? { ms: 0, count: 0 };
      this.#spent.set(kind, { ms: ms + this.#now() - begin, count: count + 1 });
    }
  }

  /** Captures what `launch` does under the choices; undefined where memory or workgroups do not suffice. */
  async enter(launch: () => void, choices: Choices): Promise<Entrant | undefined> {
    const { device } = this;
    let step: Repeated | undefined;
    try {
      step = await this.#capture(launch, choices, 1);
      // Drivers compile at the first run.
      await this.#run(step);
      const once = await this.#run(step);
      const repeats = Math.max(1, Math.min(MOST_REPEATS, Math.round(ROUND_MS / once)));
      if (repeats === 1) return { step, repeats, once };
      step.dispose();
      step = undefined;
      step = await this.#capture(launch, choices, repeats);
      // That memory does not suffice is told only now.
      await device.sync();
      return { step, repeats, once };
    } catch (error) {
      step?.dispose();
      if (!(error instanceof OutOfMemoryError || error instanceof ShapeError)) throw error;
      await device.gpu.queue.onSubmittedWorkDone();
      device.clearError();
      return undefined;
    }
  }

  /**
   * Least milliseconds of each, taking turns: some machines are half as fast in one second as in the next, and only
   * what was timed together can be compared. Ends early where the last is hopeless against the first.
   */
  async time(entrants: readonly Entrant[]): Promise<number[]> {
    const rounds: number[][] = [];
    while (rounds.length < ROUNDS) {
      const times: number[] = [];
      for (const { step, repeats } of entrants) times.push((await this.#run(step)) / repeats);
      rounds.push(times);
      const hopeless = rounds.every((round) => round.at(-1)! > HOPELESS * round[0]!);
      if (rounds.length === HOPELESS_ROUNDS && hopeless) break;
    }
    return entrants.map((_, i) => Math.min(...rounds.map((round) => round[i]!)));
  }

  #capture(launch: () => void, choices: Choices, repeats: number): Promise<Repeated> {
    setChoices(this.device, choices);
    return capture(this.device, () => {
      for (let i = 0; i < repeats; i++) launch();
      return {};
    });
  }

  async #run(step: Repeated): Promise<number> {
    const start = this.#now();
    step.run();
    await this.device.sync();
    return this.#now() - start;
  }
}
