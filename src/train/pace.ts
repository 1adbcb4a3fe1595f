/** @file Keeps the host from running far ahead of the device, and from spinning while it waits for it. */

/** How long a burst of launched steps should take, seconds: half of what a stop request and a log line may lag. */
const BURST_SECONDS = 0.125;
/** Sleeps shorter than this are not worth a timer. */
const LEAST_SLEEP_SECONDS = 0.008;
/** Of a burst's expected time, slept through: waking late, time after time, idles the device. */
const SLEPT = 0.9;
/** A burst that was done this soon after it was asked for, as a share of its time, was done before. */
const SOON = 0.03;
/** What becomes of the expectation then: half, lest the device idles for many a burst after a slow one. */
const FALL = 0.5;
/** How much of a slower burst is believed at once. */
const RISE = 1.2;

const sleep = (seconds: number): Promise<void> => new Promise((done) => setTimeout(done, seconds * 1000));
const now = (): number => performance.now() / 1000;

/** Steps that are not counted, for some drivers compile in them, and the least that are then timed for an estimate. */
export const trialSteps = { first: 2, timed: 4 } as const;

/** What a step takes, by the first that are made one after another. */
export class Trial {
  #from: { readonly step: number; readonly seconds: number } | null = null;
  #over = false;

  /** Call where something else was done between steps. */
  rested(): void {
    this.#from = null;
  }

  /** Call when so many steps are done since the run began, or went on. Gives seconds of a step, once. */
  settle(step: number): number | null {
    if (this.#over || step < trialSteps.first) return null;
    const at = { step, seconds: now() };
    this.#from ??= at;
    const steps = step - this.#from.step;
    if (steps < trialSteps.timed) return null;
    this.#over = true;
    return (at.seconds - this.#from.seconds) / steps;
  }
}

/**
 * Paces bursts of work of a steady duration. While a WebGPU promise is pending, Dawn in Node polls and keeps a whole
 * core busy, which a software adapter needs; so most of the expected time is slept through before the promise is made.
 * Bursts may be launched while earlier ones run; they are settled in the order of their launch.
 */
export class Pace {
  #secondsPerStep = 0;
  #warm = false;
  #flying = 0;
  /** When the device began the oldest burst that is not settled. */
  #began = now();
  #took = 0;

  /** How many steps to launch in a burst: at first 1, then what fills a fraction of a second. */
  get burst(): number {
    if (this.#secondsPerStep === 0) return 1;
    return Math.max(1, Math.floor(BURST_SECONDS / this.#secondsPerStep));
  }

  /** Seconds that the burst settled last kept the device. */
  get took(): number {
    return this.#took;
  }

  /** Call before launching a burst. */
  start(): void {
    if (this.#flying++ === 0) this.#began = now();
  }

  /** Waits until the oldest burst, of `steps` steps, is done, through `read`, whose promise resolves then. */
  async settle<T>(steps: number, read: () => Promise<T>): Promise<T> {
    const rest = SLEPT * steps * this.#secondsPerStep - (now() - this.#began);
    if (rest > LEAST_SLEEP_SECONDS) await sleep(rest);
    const asked = now();
    try {
      return await read();
    } finally {
      const done = now();
      this.#took = done - this.#began;
      this.#began = done;
      this.#flying--;
      this.#learn(this.#took / steps, done - asked < SOON * this.#took);
    }
  }

  /**
   * The expectation falls at once and rises by steps; a burst that was done when asked for says only that it was too
   * long. The first burst does not count: some drivers compile in it.
   */
  #learn(measured: number, overslept: boolean): void {
    if (!this.#warm) this.#warm = true;
    else if (this.#secondsPerStep === 0) this.#secondsPerStep = measured;
    else this.#secondsPerStep = Math.min(measured, this.#secondsPerStep * (overslept ? FALL : RISE));
  }
}
