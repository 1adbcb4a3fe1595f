/** @file The tuner: times every variant that fits each problem of a step, on buffers of its own, and picks the fastest. */
import { type Choices, choicesOf, setChoices } from '../kernels/launch/variant.ts';
import type { Device } from '../tensor/device.ts';
import { scope } from '../tensor/scope.ts';
import { modelledShares } from './modelled.ts';
import { launcherOf, type Problem } from './problems.ts';
import { type Entrant, isFarSlower, Stopwatch, shadersOf } from './stopwatch.ts';
import { expectTuning, type KnownWinner, type TuneOptions } from './tuneOptions.ts';
import { choicesBy, entryFor, knownFor, summaryOf, unmeasuredWinner, type Winner } from './winner.ts';

export type { KnownWinner, KnownWinners, TuneOptions } from './tuneOptions.ts';
export { choicesBy, type Winner } from './winner.ts';

/** Problems with a smaller share of the step keep the order of preference: no variant could gain much there. */
const LEAST_SHARE = 0.003;
/** Of the time that is left, what is for the ordered variants before the dearest are compared with others. */
const FOR_ORDERED = 0.25;
/** Another variant is chosen where it takes at most this share of the ordered one's time: less is noise. */
const GAIN = 0.95;

interface Measured {
  readonly problem: Problem;
  readonly shaders: readonly string[];
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
  /** Names of those that could not be tried for want of time. */
  readonly untried: readonly string[];
  readonly complete: boolean;
  readonly shaders: readonly string[];
}

class Tuner {
  readonly #watch: Stopwatch;
  readonly #tell: (title: string, count: number) => void;
  readonly #choices: Record<string, string>;

  constructor(watch: Stopwatch, choices: Choices, tell: (title: string, count: number) => void) {
    this.#watch = watch;
    this.#choices = { ...choices };
    this.#tell = tell;
  }

  /** What the order of preference takes, of as many problems as a part of the time suffices for. */
  async measureOrdered(problems: readonly Problem[]): Promise<Measured[]> {
    const measured: Measured[] = [];
    const until = this.#watch.until(FOR_ORDERED);
    for (const problem of problems) {
      const kind = kindOf(problem, problem.chosen);
      if (!this.#watch.affords(kind, measured.length === 0 ? undefined : until)) break;
      const measure = () => this.#onBuffers(problem, (launch) => this.#measure(problem, launch));
      measured.push(await this.#watch.spending(kind, measure));
      this.#tell(problem.title, 1);
    }
    return measured;
  }

  async #measure(problem: Problem, launch: () => void): Promise<Measured> {
    const ordered = await this.#enter(problem, problem.chosen, launch);
    if (!ordered) return { problem, orderedMs: null, shaders: [] };
    const [ms] = await this.#watch.time([ordered]);
    ordered.step.dispose();
    return { problem, orderedMs: ms!, shaders: shadersOf(ordered) };
  }

  /**
   * Tries the other variants of a problem, if it takes enough of the step, while there is time; of those that `known` was
   * found among, it alone.
   */
  async choose(
    measured: Measured,
    stepMs: number,
    modelled: number,
    known: KnownWinner | undefined,
  ): Promise<Winner> {
    const { problem, orderedMs } = measured;
    const cost = costOf(measured);
    const worthwhile = cost === null || cost >= LEAST_SHARE * stepMs;
    const best = known && problem.fitting.includes(known.chosen) ? known : undefined;
    const lost = (name: string) => best?.fitting.includes(name) && name !== best.chosen;
    const others = problem.fitting.filter((name) => name !== problem.chosen && !lost(name));
    // What is best so far first: others then have to beat it.
    others.sort((a, b) => Number(b === best?.chosen) - Number(a === best?.chosen));
    if (!worthwhile) this.#tell(problem.title, others.length);
    const {
      name,
      share,
      complete,
      untried,
      shaders: run,
    } = await this.#contest(problem, worthwhile ? others : []);
    this.#choices[problem.key] = name;
    const ms = share === null || orderedMs === null ? null : share * orderedMs;
    const shaders = [...new Set([...measured.shaders, ...run])].sort();
    const tried = problem.fitting.filter((one) => !untried.includes(one));
    const found = { chosen: name, ms, orderedMs, complete, tried, shaders };
    return { ...summaryOf(problem), share: modelled, ...found };
  }

  /** The fastest of the ordered variant and the others. */
  async #contest(problem: Problem, others: readonly string[]): Promise<Best> {
    const complete = others.length === 0;
    const ordered = { name: problem.chosen, share: 1, complete, untried: others, shaders: [] };
    if (others.length === 0 || !this.#watch.affords(kindOf(problem, others[0]!))) return ordered;
    return this.#onBuffers(problem, async (launch) => {
      const first = await this.#enter(problem, problem.chosen, launch);
      // The share is that of the first that can run.
      let [holder, name, share, tried] = [first, problem.chosen, 1, 0];
      const shaders: string[] = [];
      for (const other of others) {
        const kind = kindOf(problem, other);
        if (!this.#watch.affords(kind)) break;
        const opponent = holder;
        const { rival, ratio } = await this.#watch.spending(kind, async () => {
          const rival = await this.#enter(problem, other, launch);
          return { rival, ratio: rival && opponent && (await this.#ratio(rival, opponent)) };
        });
        if (rival) shaders.push(...shadersOf(rival));
        const theirs = ratio === undefined ? 1 : share * ratio;
        const wins = rival && (!holder || (theirs < share && theirs <= GAIN));
        (wins ? holder : rival)?.step.dispose();
        if (wins) [holder, name, share] = [rival, other, theirs];
        tried++;
        this.#tell(problem.title, 1);
      }
      holder?.step.dispose();
      // Where none can run now, one may another time.
      const complete = tried === others.length && holder !== undefined;
      return { name, share: first ? share : null, complete, untried: others.slice(tried), shaders };
    });
  }

  /** The rival's time over the holder's; infinite where there is nothing to compare. */
  async #ratio(rival: Entrant, holder: Entrant): Promise<number> {
    if (isFarSlower(rival, holder)) return Number.POSITIVE_INFINITY;
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

/** What measurements take about the same time by: mostly that of compiling the variant's shaders. */
const kindOf = ({ key }: Problem, variant: string): string => `${key.slice(0, key.indexOf(' '))} ${variant}`;

/**
 * Times the variants of each problem (see `problemsOf`), those first that take most of the step, and tells the
 * fastest. A measurement begins where what such ones took so far, compiling included, lets expect that it ends within
 * the limit; what is left open is told (`complete`), and goes on where a later call gets as `known` what this one found.
 * It launches on buffers of its own and leaves the device's choices as they are: `setChoices(device,
 * choicesBy(winners))` takes the winners. What is found depends on the clock, so whoever wants the same bits again must
 * keep the winners.
 * @throws ConfigError for problems that are none, or options that are unknown or out of range
 * @throws CaptureError inside a captured step
 * @example
 * await tune(device, [], { limitMs: 100 }); // []
 */
export function tune(device: Device, problems: readonly Problem[], options: TuneOptions): Promise<Winner[]> {
  expectTuning(device, problems, options);
  device.forbidInCapture('tune() was called', 'Tune before the step is captured.');
  return winnersOf(device, problems, options);
}

async function winnersOf(
  device: Device,
  problems: readonly Problem[],
  { known = {}, limitMs, now = () => performance.now(), onProgress }: TuneOptions,
): Promise<Winner[]> {
  const choices = new Map(problems.map((problem) => [problem, knownFor(problem, known)]));
  const shares = modelledShares(problems);
  const shareOf = (problem: Problem): number => shares.get(problem)!;
  const open = problems
    .filter((problem) => choices.get(problem) === undefined)
    .sort((a, b) => shareOf(b) - shareOf(a));
  const total = open.reduce((sum, { fitting }) => sum + fitting.length, 0);
  let done = 0;
  const tell = (title: string, count: number): void => {
    done += count;
    onProgress?.(done, total, title);
  };
  const unmeasured = problems.map((problem) =>
    unmeasuredWinner(problem, shareOf(problem), choices.get(problem)),
  );
  const taken = choicesBy(unmeasured.filter(({ complete }) => complete));
  const tuner = new Tuner(new Stopwatch(device, limitMs, now), taken, tell);
  const before = choicesOf(device);
  try {
    // First those that need another variant to run at all.
    const rank = (one: Measured): number => costOf(one) ?? Number.MAX_VALUE;
    const found = new Map<string, Winner>();
    let stepMs = 0;
    while (found.size < open.length) {
      const measured = await tuner.measureOrdered(open.slice(found.size));
      if (measured.length === 0) break;
      measured.sort((a, b) => rank(b) - rank(a));
      stepMs += measured.reduce((sum, one) => sum + (costOf(one) ?? 0), 0);
      for (const one of measured) {
        const { problem } = one;
        const earlier = entryFor(problem.bucket, known);
        found.set(problem.key, await tuner.choose(one, stepMs, shareOf(problem), earlier));
      }
    }
    if (done < total) tell(open.at(-1)!.title, total - done);
    return unmeasured.map((winner) => found.get(winner.key) ?? winner);
  } finally {
    setChoices(device, before);
  }
}
