/** @file Keeps the host from running ahead of the device, and from spinning while it waits for it. */

/** How long a burst of launched steps should take, seconds: what a stop request and a log line may lag. */
const BURST_SECONDS = 0.25;
/** Sleeps shorter than this are not worth a timer. */
const LEAST_SLEEP_SECONDS = 0.008;

const sleep = (seconds: number): Promise<void> => new Promise((done) => setTimeout(done, seconds * 1000));
const now = (): number => performance.now() / 1000;

/**
 * Paces work of a steady duration. While a WebGPU promise is pending, Dawn in Node polls and keeps a whole core busy,
 * which a software adapter needs; so most of the expected time is slept through before the promise is made.
 */
export class Pace {
  #secondsPerStep = 0;
  #warm = false;
  #started = now();

  /** How many steps to launch before the next `settle`: at first 1, then what fills a fraction of a second. */
  get burst(): number {
    if (this.#secondsPerStep === 0) return 1;
    return Math.max(1, Math.floor(BURST_SECONDS / this.#secondsPerStep));
  }

  /** Call before launching a burst. */
  start(): void {
    this.#started = now();
  }

  /** Waits until `steps` launched steps are done, through `read`, whose promise resolves then. */
  async settle<T>(steps: number, read: () => Promise<T>): Promise<T> {
    const rest = 0.9 * steps * this.#secondsPerStep - (now() - this.#started);
    if (rest > LEAST_SLEEP_SECONDS) await sleep(rest);
    const asked = now();
    const result = await read();
    const [waited, took] = [now() - asked, now() - this.#started];
    this.#learn(took / steps, waited < 0.03 * took);
    return result;
  }

  /**
   * Sleeping too long idles the device, so the expectation falls at once and rises slowly. The first burst does not
   * count: some drivers compile in it.
   */
  #learn(measured: number, overslept: boolean): void {
    if (!this.#warm) this.#warm = true;
    else if (this.#secondsPerStep === 0) this.#secondsPerStep = measured;
    else this.#secondsPerStep = Math.min(measured, this.#secondsPerStep * (overslept ? 0.5 : 1.05));
  }
}
