/** @file Train steps in every way of planewise and of PyTorch, one after another: what fails or hangs stops no other. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Caps } from '../src/tensor/device.ts';
import { type PrecisionName, precisionNames, precisions } from '../tools/gpulab/precisions.ts';
import { type ConfigName, type NetworkSizes, sizesOf } from './network.ts';
import { type Contestant, measureSteps, nodeEngine, type StepRow } from './steps.ts';
import { differs, findTorch, missingTorch, torchContestant } from './torch.ts';

/** An engine's step; of planewise, the way that the lab knows it by. */
export interface WayRow extends StepRow {
  readonly precision: PrecisionName | null;
}

/** An engine that did no step, or another than planewise's. */
export interface WayFailure {
  readonly config: ConfigName;
  readonly engine: string;
  readonly reason: string;
}

export interface Ways {
  readonly rows: readonly WayRow[];
  readonly failures: readonly WayFailure[];
  /** Why PyTorch's are left out; null where they are not. */
  readonly noTorch: string | null;
}

/** How the engines are chosen and limited. */
export interface WaysOptions {
  /** Names of engines; all where it is empty. */
  readonly engines: readonly string[];
  /** Leaves out engines with this text in their name. */
  readonly without: string | undefined;
  /** Only engines that have no step yet, or a wrong one. */
  readonly missing: boolean;
  readonly steps: number;
}

interface Way {
  readonly contestant: Contestant;
  readonly precision: PrecisionName | null;
}

/** An engine that has not answered by then hangs: compilers are given their time, those for processors more. */
const answerMs = ({ software }: Pick<Caps, 'software'>): number => (software ? 150_000 : 45_000);
const TUNE_MS = 8_000;
/** What an engine's counted steps may take. */
const BUDGET_MS = 3_000;

/** What tells a planewise from the one in f32. */
const suffixes: Readonly<Record<PrecisionName, string>> = {
  f32: '',
  mixed: ' mixed',
  half: ' mixed without matrices',
  winograd: ' winograd',
};

function way(name: PrecisionName, tuned: boolean, limitMs: number): Way {
  const { precision, variants, matrices } = precisions[name];
  const forced = Object.entries(variants).map((pair) => pair.join(':'));
  const env = {
    ...(forced.length > 0 && { PLANEWISE_VARIANT: forced.join() }),
    ...(precision === 'mixed' && !matrices && { PLANEWISE_MATRICES: 'off' }),
  };
  const engine = `planewise${suffixes[name]}${tuned ? ' tuned' : ''}`;
  const contestant: Contestant = {
    ...nodeEngine('planewise', env, limitMs),
    engine,
    job: (job) => ({ ...job, precision, ...(tuned && { tuneMs: TUNE_MS }) }),
  };
  return { contestant, precision: tuned ? null : name };
}

/** Planewise's: as it comes, forms that are only tried, and what the tuner finds. */
export function ownWays(caps: Pick<Caps, 'f16' | 'matrices' | 'software'>): Way[] {
  const { f16, matrices } = caps;
  const limit = answerMs(caps);
  const possible = precisionNames.filter((name) => {
    const { precision, matrices: uses } = precisions[name];
    return precision === 'f32' || (f16 && (uses || matrices !== null));
  });
  const untuned = possible.map((name) => way(name, false, limit));
  return [
    ...untuned,
    ...possible.filter((name) => name !== 'winograd').map((name) => way(name, true, limit)),
  ];
}

/** PyTorch's; none on a processor beside a GPU. */
function torchWays(caps: Caps, file: string): Way[] | string {
  const torch = findTorch();
  if (!torch) return missingTorch;
  if (!torch.gpu && !caps.software) return `PyTorch ${torch.version} finds no CUDA here.`;
  return torch.modes.map((mode) => ({
    contestant: torchContestant(torch, mode, file, answerMs(caps)),
    precision: null,
  }));
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * Steps of one configuration, engine after engine: planewise as it comes, then PyTorch, then what is only tried;
 * `onEngine` is told of each as soon as it is done.
 * @param known what was measured before
 * @returns why PyTorch's were left out, null where they were not
 */
export async function measureWays(
  config: ConfigName,
  caps: Caps,
  options: WaysOptions,
  known: Ways | null,
  onEngine: (found: WayRow | WayFailure) => Promise<void>,
): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), 'planewise-ways-'));
  try {
    const done = options.missing ? measuredOf(config, known) : [];
    let ours = known?.rows.find((row) => row.config === config && row.engine === 'planewise');
    const measure = async (ways: readonly Way[]): Promise<void> => {
      for (const { contestant, precision } of ways) {
        const { engine } = contestant;
        if (!isWanted(engine, options) || done.includes(engine)) continue;
        const found = await measureOne(
          contestant,
          config,
          caps,
          options.steps,
          sizesLike(config, caps, ours),
        );
        if ('reason' in found) {
          await onEngine(found);
          continue;
        }
        const row = { ...found, precision };
        if (engine === 'planewise') ours = row;
        await onEngine(row);
        if (ours && differs(row, ours)) await onEngine({ config, engine, reason: other(row, ours) });
      }
    };
    const own = ownWays(caps);
    const first = own.filter(({ precision }) => precision !== null && precision !== 'winograd');
    await measure(first);
    const theirs = torchWays(caps, join(folder, 'arrays'));
    if (typeof theirs !== 'string') await measure(theirs);
    await measure(own.filter((one) => !first.includes(one)));
    return typeof theirs === 'string' ? theirs : null;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const other = (row: StepRow, ours: StepRow): string =>
  `its losses ${row.losses.slice(0, 3)} differ from planewise's ${ours.losses.slice(0, 3)}`;

/** Engines whose step of a configuration is known and right. */
function measuredOf(config: ConfigName, known: Ways | null): string[] {
  const of = (all: readonly (WayRow | WayFailure)[] = []): string[] =>
    all.filter((one) => one.config === config).map(({ engine }) => engine);
  const wrong = of(known?.failures);
  return of(known?.rows).filter((engine) => !wrong.includes(engine));
}

const isWanted = (engine: string, { engines, without }: WaysOptions): boolean =>
  (engines.length === 0 || engines.includes(engine)) && !(without && engine.includes(without));

/** The batch that planewise had memory for, so that all do the same work. */
function sizesLike(config: ConfigName, { software }: Caps, ours: StepRow | undefined): NetworkSizes[] {
  const all = sizesOf(config, software);
  return ours ? all.filter(({ batch }) => batch === ours.batch) : all;
}

async function measureOne(
  contestant: Contestant,
  config: ConfigName,
  { software }: Caps,
  steps: number,
  sizes: readonly NetworkSizes[],
): Promise<StepRow | WayFailure> {
  try {
    const plan = { engines: [contestant], config, software, sizes, steps, budgetMs: BUDGET_MS };
    return (await measureSteps(plan))[0]!;
  } catch (error) {
    return { config, engine: contestant.engine, reason: textOf(error) };
  }
}

/** Earlier results, but for engines of which there is something newer. */
export function mergeWays(earlier: Ways | undefined, now: Ways | undefined): Ways | undefined {
  if (!earlier || !now) return now ?? earlier;
  const nameOf = ({ config, engine }: WayRow | WayFailure): string => `${config} ${engine}`;
  const again = new Set([...now.rows, ...now.failures].map(nameOf));
  const left = <T extends WayRow | WayFailure>(all: readonly T[]): T[] =>
    all.filter((one) => !again.has(nameOf(one)));
  return {
    rows: [...left(earlier.rows), ...now.rows],
    failures: [...left(earlier.failures), ...now.failures],
    noTorch: now.noTorch,
  };
}
