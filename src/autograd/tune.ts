/** @file The tuner: times every variant that fits each problem of a step, on buffers of its own, and picks the fastest. */

import { OutOfMemoryError, ShapeError } from '../base/errors.ts';
import { type Choices, choicesOf, setChoices } from '../kernels/launch/variant.ts';
import type { Device } from '../tensor/device.ts';
import { scope } from '../tensor/scope.ts';
import { launcherOf, type Problem } from './problems.ts';
import { type CapturedStep, capture } from './step.ts';

/** What the tuner found for a problem. */
export interface Winner {
  readonly key: string;
  readonly title: string;
  readonly uses: number;
  /** What the order of preference takes. */
  readonly ordered: string;
  readonly chosen: string;
  /** Milliseconds of its launches with the chosen variant and with the ordered one; null where not measured now. */
  readonly ms: number | null;
  readonly orderedMs: number | null;
  /** Whether every variant that fits was tried or could gain nothing; the time limit may prevent it. */
  readonly complete: boolean;
}

export interface TuneOptions {
  /** No measurement begins after this many milliseconds; the rest keeps the order of preference. */
  readonly limitMs: number;
  /** Winners found earlier on this adapter: they are taken where they fit, and not measured again. */
  readonly known?: Choices;
  /** Milliseconds; default `performance.now`. */
  readonly now?: () => number;
  readonly onProgress?: (done: number, total: number, title: string) => void;
}

/** A run that is timed lasts about this long, of launches repeated in one submit. */
const ROUND_MS = 4;
const MOST_REPEATS = 32;
/** The least time of this many runs counts: whatever else the machine does only adds. */
const ROUNDS = 5;
/** A variant so many times slower than the best in each of the first rounds is given up. */
const HOPELESS = 1.5;
const HOPELESS_ROUNDS = 2;
/** Problems with a smaller share of the step keep the order of preference: no variant could gain much there. */
const LEAST_SHARE = 0.003;
/** Another variant is chosen where it takes at most this share of the ordered one's time: less is noise. */
const GAIN = 0.95;

type Repeated = CapturedStep<Record<string, never>>;

/** A problem's launches with one of its variants, as a step that repeats them often enough to be timed. */
interface Entrant {
  readonly step: Repeated;
  readonly repeats: number;
}

class Stopwatch {
  readonly device: Device;
  readonly #now: () => number;
  readonly #end: number;

  constructor(device: Device, { limitMs, now = () => performance.now() }: TuneOptions) {
    this.device = device;
    this.#now = now;
    this.#end = now() + limitMs;
  }

  get over(): boolean {
    return this.#now() >= this.#end;
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
      if (repeats === 1) return { step, repeats };
      step.dispose();
      step = undefined;
      step = await this.#capture(launch, choices, repeats);
      // That memory does not suffice is told only now.
      await device.sync();
      return { step, repeats };
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

interface Measured {
  readonly problem: Problem;
  /** Null where the ordered variant cannot run. */
  readonly orderedMs: number | null;
}

/** What of the step is a problem's: `orderedMs` is that of one launch of each kind that comes to it. */
const costOf = ({ problem: { uses, replicas }, orderedMs }: Measured): number | null =>
  orderedMs === null ? null : (uses * orderedMs) / replicas.length;

/** The fastest variant of a problem, as far as it was tried. */
interface Best {
  readonly name: string;
  /** Its time as a share of the ordered one's; null where that cannot run. */
  readonly share: number | null;
  readonly complete: boolean;
}

class Tuner {
  readonly #watch: Stopwatch;
  readonly #tell: (title: string, count: number) => void;
  readonly #choices: Record<string, string>;

  constructor(watch: Stopwatch, known: Choices, tell: (title: string, count: number) => void) {
    this.#watch = watch;
    this.#choices = { ...known };
    this.#tell = tell;
  }

  /** What the order of preference takes, of as many problems as there is time for. */
  async measureOrdered(problems: readonly Problem[]): Promise<Measured[]> {
    const measured: Measured[] = [];
    for (const problem of problems) {
      if (this.#watch.over) break;
      const orderedMs = await this.#onBuffers(problem, async (launch) => {
        const ordered = await this.#enter(problem, problem.chosen, launch);
        if (!ordered) return null;
        const [ms] = await this.#watch.time([ordered]);
        ordered.step.dispose();
        return ms!;
      });
      measured.push({ problem, orderedMs });
      this.#tell(problem.title, 1);
    }
    return measured;
  }

  /** Tries the other variants of a problem, if it takes enough of the step, while there is time. */
  async choose(measured: Measured, stepMs: number): Promise<Winner> {
    const { problem, orderedMs } = measured;
    const cost = costOf(measured);
    const worthwhile = cost === null || cost >= LEAST_SHARE * stepMs;
    const others = problem.fitting.filter((name) => name !== problem.chosen);
    if (!worthwhile) this.#tell(problem.title, others.length);
    const { name, share, complete } = await this.#contest(problem, worthwhile ? others : []);
    this.#choices[problem.key] = name;
    const ms = share === null || orderedMs === null ? null : share * orderedMs;
    return { ...summaryOf(problem), chosen: name, ms, orderedMs, complete };
  }

  /** The fastest of the ordered variant and the others. */
  async #contest(problem: Problem, others: readonly string[]): Promise<Best> {
    const ordered = { name: problem.chosen, share: 1, complete: others.length === 0 };
    if (others.length === 0 || this.#watch.over) return ordered;
    return this.#onBuffers(problem, async (launch) => {
      const first = await this.#enter(problem, problem.chosen, launch);
      // The share is that of the first that can run.
      let [holder, name, share, tried] = [first, problem.chosen, 1, 0];
      for (const other of others) {
        if (this.#watch.over) break;
        const rival = await this.#enter(problem, other, launch);
        const theirs = rival && holder ? share * (await this.#ratio(rival, holder)) : 1;
        const wins = rival && (!holder || (theirs < share && theirs <= GAIN));
        (wins ? holder : rival)?.step.dispose();
        if (wins) [holder, name, share] = [rival, other, theirs];
        tried++;
        this.#tell(problem.title, 1);
      }
      holder?.step.dispose();
      // Where none can run now, one may another time.
      const complete = tried === others.length && holder !== undefined;
      return { name, share: first ? share : null, complete };
    });
  }

  /** The rival's time over the holder's. */
  async #ratio(rival: Entrant, holder: Entrant): Promise<number> {
    const [theirs, own] = await this.#watch.time([holder, rival]);
    return own! / theirs!;
  }

  #enter({ key }: Problem, name: string, launch: () => void): Promise<Entrant | undefined> {
    return this.#watch.enter(launch, { ...this.#choices, [key]: name });
  }

  /** Runs `action` with a problem's launches, on buffers that exist as long as it runs. */
  async #onBuffers<T>(problem: Problem, action: (launch: () => void) => Promise<T>): Promise<T> {
    const { device } = this.#watch;
    try {
      using _buffers = scope();
      return await action(launcherOf(device, problem));
    } finally {
      device.memory.trim();
    }
  }
}

function summaryOf({ key, title, uses, chosen }: Problem) {
  return { key, title, uses, ordered: chosen, chosen };
}

/**
 * Times the variants of each problem (see `problemsOf`), those first that take most of the step, and tells the
 * fastest. It launches on buffers of its own and leaves the device's choices as they are: `setChoices(device,
 * choicesBy(winners))` takes the winners. What is found depends on the clock, so whoever wants the same bits again must
 * keep the winners.
 */
export async function tune(
  device: Device,
  problems: readonly Problem[],
  options: TuneOptions,
): Promise<Winner[]> {
  const { known = {}, onProgress } = options;
  const isKnown = ({ key, fitting }: Problem): boolean => fitting.includes(known[key] ?? '');
  const open = problems.filter((problem) => !isKnown(problem));
  const total = open.reduce((sum, { fitting }) => sum + fitting.length, 0);
  let done = 0;
  const tell = (title: string, count: number): void => {
    done += count;
    onProgress?.(done, total, title);
  };
  const tuner = new Tuner(new Stopwatch(device, options), known, tell);
  const before = choicesOf(device);
  try {
    const measured = await tuner.measureOrdered(open);
    // First those that need another variant to run at all.
    const rank = (one: Measured): number => costOf(one) ?? Number.MAX_VALUE;
    measured.sort((a, b) => rank(b) - rank(a));
    const stepMs = measured.reduce((sum, one) => sum + (costOf(one) ?? 0), 0);
    const found = new Map<string, Winner>();
    for (const one of measured) found.set(one.problem.key, await tuner.choose(one, stepMs));
    if (done < total) tell(open.at(-1)!.title, total - done);
    return problems.map((problem) => found.get(problem.key) ?? unmeasured(problem, known, isKnown(problem)));
  } finally {
    setChoices(device, before);
  }
}

function unmeasured(problem: Problem, known: Choices, isKnown: boolean): Winner {
  const chosen = isKnown ? known[problem.key]! : problem.chosen;
  return { ...summaryOf(problem), chosen, ms: null, orderedMs: null, complete: isKnown };
}

/** The winners as `setChoices` takes them. */
export function choicesBy(winners: readonly Winner[]): Choices {
  return Object.fromEntries(winners.map(({ key, chosen }) => [key, chosen]));
}
