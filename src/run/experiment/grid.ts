/** @file The grid of an experiment: its pretrainings and points, each with the name of its run folder. */
import type { Experiment, Labelled } from './settings.ts';

/** Weights that are made once. */
export interface PretrainingUnit {
  readonly kind: 'pretraining';
  readonly name: string;
  /** Of the initialisation whose pretraining it is. */
  readonly initialisation: string;
  readonly seed: number;
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
  readonly seed: number;
}

export type Unit = PretrainingUnit | Point;

export interface Grid {
  readonly pretrainings: readonly PretrainingUnit[];
  /** Seed by seed, so that what is done so far can be compared in pairs. */
  readonly points: readonly Point[];
}

/** The pretrainings of an initialisation; those of another where it is taken over from there. */
function pretrainingsOf(experiment: Experiment, key: string): PretrainingUnit[] {
  const own = experiment.initialisations[key];
  if (own?.of) return pretrainingsOf(experiment, own.of);
  if (!own?.pretraining) return [];
  const seeds = own.seeds.length > 0 ? own.seeds : experiment.pretrainingSeeds;
  return seeds.map((seed) => ({
    ...{ kind: 'pretraining' as const, name: `pretrained/${key}_seed-${seed}` },
    ...{ initialisation: key, seed },
  }));
}

/** All of an experiment, in the order in which it runs. */
export function gridOf(experiment: Experiment): Grid {
  const { seeds, steps, labelled, initialisations } = experiment;
  const arms = Object.keys(initialisations).flatMap((initialisation) => {
    const made = pretrainingsOf(experiment, initialisation);
    return (made.length > 0 ? made : [null]).map((pretraining) => ({ initialisation, pretraining }));
  });
  const points = seeds.flatMap((seed) =>
    steps.flatMap((count) =>
      labelled.flatMap((subjects) =>
        arms.map(({ initialisation, pretraining }): Point => {
          const arm = pretraining ? `${initialisation}_pretraining-${pretraining.seed}` : initialisation;
          const name = `points/${arm}_labelled-${subjects}_steps-${count}_seed-${seed}`;
          return { kind: 'point', name, initialisation, pretraining, labelled: subjects, steps: count, seed };
        }),
      ),
    ),
  );
  const made = arms.flatMap(({ pretraining }) => pretraining ?? []);
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
  const needed = pretrainings.filter((unit) =>
    chosen.some(({ pretraining }) => pretraining?.name === unit.name),
  );
  const first = part ? (part.k - 1) % Math.max(1, needed.length) : 0;
  return { pretrainings: [...needed.slice(first), ...needed.slice(0, first)], points: chosen };
}

/** `multitask, pretraining 1, 5 labelled, 200 steps, seed 2` */
export function unitTitle(unit: Unit): string {
  if (unit.kind === 'pretraining') return `pretraining ${unit.initialisation}, seed ${unit.seed}`;
  const { initialisation, pretraining, labelled, steps, seed } = unit;
  const made = pretraining ? `${initialisation} (pretraining ${pretraining.seed})` : initialisation;
  return `${made}, ${labelled} labelled, ${steps} steps, seed ${seed}`;
}
