/** @file The grid of an experiment: its pretrainings and points, each with the name of its run folder. */
import { isMadePerFold } from './folds.ts';
import type { Experiment, Labelled } from './settings.ts';

/** Weights that are made once. */
export interface PretrainingUnit {
  readonly kind: 'pretraining';
  readonly name: string;
  /** Of the initialisation whose pretraining it is. */
  readonly initialisation: string;
  /** From 1: whose test subjects it leaves out; null: it has none of any. */
  readonly fold: number | null;
  readonly seed: number;
  /** The pretraining that it begins with; null: none of this experiment. */
  readonly from: PretrainingUnit | null;
}

/** A fine-tuning. */
export interface Point {
  readonly kind: 'point';
  readonly name: string;
  readonly initialisation: string;
  /** The pretraining that it begins with; null: none of this experiment. */
  readonly pretraining: PretrainingUnit | null;
  readonly labelled: Labelled;
  readonly steps: number;
  /** From 1: whose subjects test; null where the same test at every point. */
  readonly fold: number | null;
  readonly seed: number;
}

export type Unit = PretrainingUnit | Point;

/** The pretraining whose weights a run begins with; null: none of this experiment. */
export const beginsWith = (unit: Unit): PretrainingUnit | null =>
  unit.kind === 'point' ? unit.pretraining : unit.from;

/** The pretrainings that lead to a run, first to last; of those before one that `needed` refuses, none. */
export function chainOf(
  unit: Unit,
  needed: (unit: PretrainingUnit) => boolean = () => true,
): PretrainingUnit[] {
  const made = beginsWith(unit);
  return made && needed(made) ? [...chainOf(made, needed), made] : [];
}

export interface Grid {
  readonly pretrainings: readonly PretrainingUnit[];
  /** Seed by seed, so that what is done so far can be compared in pairs. */
  readonly points: readonly Point[];
}

const suffix = (fold: number | null): string => (fold === null ? '' : `_fold-${fold}`);

/** The pretrainings of an initialisation that a fold's points begin with; those of another where it is taken over from there. */
function pretrainingsOf(experiment: Experiment, key: string, of: number | null): PretrainingUnit[] {
  const own = experiment.initialisations[key];
  if (own?.of) return pretrainingsOf(experiment, own.of, of);
  if (!own?.pretraining) return [];
  const seeds = own.seeds.length > 0 ? own.seeds : experiment.pretrainingSeeds;
  const fold = isMadePerFold(experiment, key) ? of : null;
  const before = own.begins === null ? [] : pretrainingsOf(experiment, own.begins, of);
  return seeds.map((seed) => ({
    ...{ kind: 'pretraining' as const, name: `pretrained/${key}${suffix(fold)}_seed-${seed}` },
    ...{ initialisation: key, fold, seed },
    from: before.find((one) => one.seed === seed) ?? before[0] ?? null,
  }));
}

/** What an initialisation begins a fold's points with. */
type Arm = Pick<Point, 'initialisation' | 'pretraining'>;

/** @param turn the place of the seed among the seeds, from 0: which pretraining it has where each has one */
function armsOf(experiment: Experiment, fold: number | null, turn: number): Arm[] {
  return Object.keys(experiment.initialisations).flatMap((initialisation): Arm[] => {
    const made = pretrainingsOf(experiment, initialisation, fold);
    if (made.length === 0) return [{ initialisation, pretraining: null }];
    const own = experiment.pairing === 'nested' ? [made[turn % made.length]!] : made;
    return own.map((pretraining) => ({ initialisation, pretraining }));
  });
}

function pointOf(
  { initialisation, pretraining }: Arm,
  place: Pick<Point, 'labelled' | 'steps' | 'fold' | 'seed'>,
): Point {
  const { labelled, steps, fold, seed } = place;
  const arm = pretraining ? `${initialisation}_pretraining-${pretraining.seed}` : initialisation;
  const name = `points/${arm}_labelled-${labelled}_steps-${steps}${suffix(fold)}_seed-${seed}`;
  return { kind: 'point', name, initialisation, pretraining, ...place };
}

/**
 * All of an experiment, in the order in which it runs.
 * @param folds in which every subject tests once; null: the same subjects test at every point
 */
export function gridOf(experiment: Experiment, folds: number | null): Grid {
  const { seeds, steps, labelled } = experiment;
  const each = folds === null ? [null] : Array.from({ length: folds }, (_, i) => i + 1);
  const points = seeds.flatMap((seed, turn) =>
    each.flatMap((fold) =>
      steps.flatMap((count) =>
        labelled.flatMap((subjects) =>
          armsOf(experiment, fold, turn).map((arm) =>
            pointOf(arm, { labelled: subjects, steps: count, fold, seed }),
          ),
        ),
      ),
    ),
  );
  const made = points.flatMap((point) => chainOf(point));
  return { pretrainings: [...new Map(made.map((unit) => [unit.name, unit])).values()], points };
}

/** Which points are asked for. */
export interface Share {
  /** Names of points, or parts of them, with `*` for any text; none: all. */
  readonly only?: readonly string[];
  /** Every n-th point from the k-th (from 1) on: a share of several machines'. */
  readonly part?: { readonly k: number; readonly n: number };
}

const matches = (name: string, pattern: string): boolean =>
  new RegExp(
    pattern
      .split('*')
      .map((text) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*'),
  ).test(name);

/** The points of a share, and the pretrainings that they need; those of the k-th part begin at different ones. */
export function shareOf({ pretrainings, points }: Grid, { only = [], part }: Share): Grid {
  const chosen = points.filter(
    ({ name }, i) =>
      (only.length === 0 || only.some((pattern) => matches(name, pattern))) &&
      (!part || i % part.n === part.k - 1),
  );
  const names = new Set(chosen.flatMap((point) => chainOf(point)).map(({ name }) => name));
  const needed = pretrainings.filter(({ name }) => names.has(name));
  const first = part ? (part.k - 1) % Math.max(1, needed.length) : 0;
  return { pretrainings: [...needed.slice(first), ...needed.slice(0, first)], points: chosen };
}

/** `multitask, pretraining 1, 5 labelled, 200 steps, fold 3, seed 2` */
export function unitTitle(unit: Unit): string {
  const { initialisation, fold, seed } = unit;
  const last = `${fold === null ? '' : `fold ${fold}, `}seed ${seed}`;
  if (unit.kind === 'pretraining') return `pretraining ${initialisation}, ${last}`;
  const { pretraining, labelled, steps } = unit;
  const made = pretraining ? `${initialisation} (pretraining ${pretraining.seed})` : initialisation;
  return `${made}, ${labelled} labelled, ${steps} steps, ${last}`;
}
