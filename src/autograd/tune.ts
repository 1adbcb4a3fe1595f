/** @file The tuner: times every variant that fits each problem of a step, on buffers of its own, and picks the fastest. */
import { type Choices, choicesOf, setChoices } from '../kernels/variant.ts';
import type { Device } from '../tensor/device.ts';
import { OutOfMemoryError, ShapeError } from '../tensor/errors.ts';
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
const ROUNDS = 3;
/** A variant so many times slower than the best is timed once. */
const HOPELESS = 1.5;
/** Problems with a smaller share of the step keep the order of preference: no variant could gain much there. */
const LEAST_SHARE = 0.003;
/** Another variant is chosen where it takes at most this share of the ordered one's time: less is noise. */
const GAIN = 0.95;

type Repeated = CapturedStep<Record<string, never>>;

class Stopwatch {
  readonly #device: Device;
  readonly #now: () => number;
  readonly #end: number;

  constructor(device: Device, { limitMs, now = () => performance.now() }: TuneOptions) {
    this.#device = device;
    this.#now = now;
    this.#end = now() + limitMs;
  }

  get over(): boolean {
    return this.#now() >= this.#end;
  }

  /** Least milliseconds of a problem's launches under the choices; infinite where memory or workgroups do not suffice. */
  async time(problem: Problem, choices: Choices, best = Number.POSITIVE_INFINITY): Promise<number> {
    const device = this.#device;
    setChoices(device, choices);
    try {
      using _buffers = scope();
      return await this.#least(launcherOf(device, problem), best);
    } catch (error) {
      if (!(error instanceof OutOfMemoryError || error instanceof ShapeError)) throw error;
      await device.gpu.queue.onSubmittedWorkDone();
      device.clearError();
      return Number.POSITIVE_INFINITY;
    } finally {
      device.memory.trim();
    }
  }

  async #least(launch: () => void, best: number): Promise<number> {
    using single = await this.#capture(launch, 1);
    // Drivers compile at the first run.
    await this.#run(single);
    const once = await this.#run(single);
    const repeats = Math.max(1, Math.min(MOST_REPEATS, Math.round(ROUND_MS / once)));
    if (repeats === 1) return once > HOPELESS * best ? once : Math.min(once, await this.#rounds(single, 1));
    using step = await this.#capture(launch, repeats);
    return await this.#rounds(step, repeats);
  }

  async #rounds(step: Repeated, repeats: number): Promise<number> {
    let least = Number.POSITIVE_INFINITY;
    for (let round = 0; round < ROUNDS; round++) least = Math.min(least, await this.#run(step));
    return least / repeats;
  }

  #capture(launch: () => void, repeats: number): Promise<Repeated> {
    return capture(this.#device, () => {
      for (let i = 0; i < repeats; i++) launch();
      return {};
    });
  }

  async #run(step: Repeated): Promise<number> {
    const start = this.#now();
    step.run();
    await this.#device.sync();
    return this.#now() - start;
  }
}

interface Measured {
  readonly problem: Problem;
  readonly orderedMs: number;
}

class Tuner {
  readonly #watch: Stopwatch;
  readonly #tell: (title: string) => void;
  readonly #choices: Record<string, string>;

  constructor(watch: Stopwatch, known: Choices, tell: (title: string) => void) {
    this.#watch = watch;
    this.#choices = { ...known };
    this.#tell = tell;
  }

  /** What the order of preference takes, of as many problems as there is time for. */
  async measureOrdered(problems: readonly Problem[]): Promise<Measured[]> {
    const measured: Measured[] = [];
    for (const problem of problems) {
      if (this.#watch.over) break;
      const orderedMs = await this.#watch.time(problem, { ...this.#choices, [problem.key]: problem.chosen });
      measured.push({ problem, orderedMs });
      this.#tell(problem.title);
    }
    return measured;
  }

  /** Tries the other variants of a problem, if it takes enough of the step, while there is time. */
  async choose({ problem, orderedMs }: Measured, stepMs: number): Promise<Winner> {
    const worthwhile = problem.uses * orderedMs >= LEAST_SHARE * stepMs;
    const others = worthwhile ? problem.fitting.filter((name) => name !== problem.chosen) : [];
    let best = { name: problem.chosen, ms: orderedMs };
    let tried = 0;
    for (const name of others) {
      if (this.#watch.over) break;
      const ms = await this.#watch.time(problem, { ...this.#choices, [problem.key]: name }, best.ms);
      if (ms < best.ms && ms <= GAIN * orderedMs) best = { name, ms };
      tried++;
      this.#tell(problem.title);
    }
    this.#choices[problem.key] = best.name;
    const complete = tried === others.length;
    return { ...summaryOf(problem), chosen: best.name, ms: best.ms, orderedMs, complete };
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
  const tuner = new Tuner(new Stopwatch(device, options), known, (title) =>
    onProgress?.(++done, total, title),
  );
  const before = choicesOf(device);
  try {
    const measured = await tuner.measureOrdered(open);
    const costOf = ({ problem, orderedMs }: Measured): number => problem.uses * orderedMs;
    measured.sort((a, b) => costOf(b) - costOf(a));
    const stepMs = measured.reduce((sum, one) => sum + costOf(one), 0);
    const found = new Map<string, Winner>();
    for (const one of measured) found.set(one.problem.key, await tuner.choose(one, stepMs));
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
