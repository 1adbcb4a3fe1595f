/** @file The tuner: times every variant that fits each problem of a step, on buffers of its own, and picks the fastest. */

import { describe } from '../base/describe.ts';
import { ConfigError } from '../base/errors.ts';
import { expectNumber, expectSettings } from '../base/settings.ts';
import { type Choices, choicesOf, setChoices } from '../kernels/launch/variant.ts';
import { Device } from '../tensor/device.ts';
import { scope } from '../tensor/scope.ts';
import { launcherOf, type Problem } from './problems.ts';
import { type Entrant, Stopwatch } from './stopwatch.ts';

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

/** Problems with a smaller share of the step keep the order of preference: no variant could gain much there. */
const LEAST_SHARE = 0.003;
/** Another variant is chosen where it takes at most this share of the ordered one's time: less is noise. */
const GAIN = 0.95;

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
 * @throws ConfigError for problems that are none, or options that are unknown or out of range
 * @throws CaptureError inside a captured step
 */
export function tune(device: Device, problems: readonly Problem[], options: TuneOptions): Promise<Winner[]> {
  expectArguments(device, problems, options);
  device.forbidInCapture('tune() was called', 'Tune before the step is captured.');
  return winnersOf(device, problems, options);
}

async function winnersOf(
  device: Device,
  problems: readonly Problem[],
  { limitMs, known = {}, now = () => performance.now(), onProgress }: TuneOptions,
): Promise<Winner[]> {
  const isKnown = ({ key, fitting }: Problem): boolean => fitting.includes(known[key] ?? '');
  const open = problems.filter((problem) => !isKnown(problem));
  const total = open.reduce((sum, { fitting }) => sum + fitting.length, 0);
  let done = 0;
  const tell = (title: string, count: number): void => {
    done += count;
    onProgress?.(done, total, title);
  };
  const tuner = new Tuner(new Stopwatch(device, limitMs, now), known, tell);
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

const isList = (list: unknown, has: string): boolean =>
  Array.isArray(list) && list.every((one: Record<string, unknown> | null) => Boolean(one?.[has]));

/** Throws ConfigError for arguments of `tune` that are none. */
function expectArguments(device: unknown, problems: unknown, options: TuneOptions): void {
  if (!(device instanceof Device))
    throw new ConfigError(`tune got ${describe(device)} for its device. Pass one of openDevice().`);
  if (!isList(problems, 'replicas'))
    throw new ConfigError(`tune got ${describe(problems)} for the problems. Pass what problemsOf() gives.`);
  expectSettings('tune', options, ['limitMs', 'known', 'now', 'onProgress']);
  const { limitMs, known = {} } = options;
  if (limitMs !== Number.POSITIVE_INFINITY) expectNumber('tune.limitMs', limitMs);
  expectSettings('tune.known', known, Object.keys(known ?? {}));
  for (const name of ['now', 'onProgress'] as const)
    if (!['undefined', 'function'].includes(typeof options[name]))
      throw new ConfigError(`tune.${name} is ${describe(options[name])}. Use a function.`);
}

/** The winners as `setChoices` takes them. @throws ConfigError for what are none */
export function choicesBy(winners: readonly Winner[]): Choices {
  if (!isList(winners, 'key'))
    throw new ConfigError(`choicesBy got ${describe(winners)}. Pass the winners that tune() gives.`);
  return Object.fromEntries(winners.map(({ key, chosen }) => [key, chosen]));
}
