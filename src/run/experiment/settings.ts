/** @file An experiment as its file says it: what is compared, over which grid, on whom. */
import type { Identifiers } from '../../data/identifiers/pseudonyms.ts';
import type { GivenConfig } from '../settings.ts';
import type { SlurmSettings } from './slurm/settings.ts';

/** A cohort of phantom hearts that only tests. */
export interface TestCohort {
  readonly seed: number;
  readonly subjects: number;
}

export interface ExperimentSubjects {
  /**
   * Who tests. The same at every point: a cohort of phantom hearts of its own; so many subjects, drawn; `fold 2/5`; or
   * names, `patient101..patient150` for a range of the sorted ones. Every subject once: `5 folds`, or `each` alone.
   * Null: whom those who published the data hold out.
   */
  readonly test: TestCohort | number | string | readonly string[] | null;
  /** How many of the others may be labelled; who is left over may pretrain. Null: all may be labelled, nobody pretrains. */
  readonly pool: number | null;
  /** How many of the labelled subjects of a point choose its weights instead of training; 0: the last weights are taken. */
  readonly validation: number;
  /** Of the draws of test subjects and pool, which are the same at every point. */
  readonly seed: number;
  /** Whether data sets have no subject in common even where they call some the same. */
  readonly distinct: boolean;
  /** Who of other data is whom of the data of `base`: names there by names here. The same names are the same subjects. */
  readonly same: Readonly<Record<string, string>>;
}

/**
 * Who of the subjects of the target data pretrains: those who neither test nor may be labelled, or all who do not test
 * (in folds each fold has a pretraining of its own, which leaves its test subjects out).
 */
export type Pretrains = 'spare' | 'untested';

/** Weights that fine-tuning begins with. */
export interface Initialisation {
  /** Made once for each seed, with these settings; null: not made here. */
  readonly pretraining: GivenConfig | null;
  readonly pretrains: Pretrains;
  /** The initialisation whose weights the pretraining begins with; null: none of the file. */
  readonly begins: string | null;
  /** Of the pretraining; empty: the experiment's. */
  readonly seeds: readonly number[];
  /** A run or weights file from elsewhere; null: none. */
  readonly weights: string | null;
  /** The initialisation whose weights these are, taken over in another way; null: none. */
  readonly of: string | null;
  /** What differs from `base` where these weights are taken over: initParts, freeze, learningRate, … */
  readonly transfer: GivenConfig;
}

/**
 * How seeds meet the pretraining seeds of an initialisation: each with every one, or each with one of them, which the
 * seeds take in turn (the design that is called nested: draws of labels within pretrainings).
 */
export type Pairing = 'crossed' | 'nested';

/** A count of labelled subjects, or all of the pool. */
export type Labelled = number | 'all';

export interface Experiment {
  readonly name: string;
  /** The fine-tuning: a preset, and what differs from it. */
  readonly base: GivenConfig;
  /** By name; null: from scratch, of which there is exactly one. */
  readonly initialisations: Readonly<Record<string, Initialisation | null>>;
  readonly subjects: ExperimentSubjects;
  readonly labelled: readonly Labelled[];
  /** Of fine-tuning; each is a training of its own, with its own schedule. */
  readonly steps: readonly number[];
  /** Each draws labelled subjects, first weights, and the order of training. */
  readonly seeds: readonly number[];
  readonly pretrainingSeeds: readonly number[];
  readonly pairing: Pairing;
  /** What people and files are called in what its runs write; null: as its folder has it, of a new one pseudonyms. */
  readonly identifiers: Identifiers | null;
  /** Key of the result that is compared; null: the first of the evaluations. */
  readonly figure: string | null;
  /** What its jobs ask Slurm for; null: nothing is said. It changes no run. */
  readonly slurm: SlurmSettings | null;
}
