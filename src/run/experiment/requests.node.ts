/** @file What the runs of an experiment are given: the configuration of each pretraining and each point. */
import { join } from 'node:path';
import { ConfigError } from '../../base/errors.ts';
import { some } from '../../base/words.ts';
import type { Split } from '../../data/split.ts';
import { type RunConfig, resolveConfig } from '../config.ts';
import { revealedText } from '../identifiers.node.ts';
import type { GivenConfig } from '../settings.ts';
import { baseConfig, pointConfig, pretrainingConfig, pretrainingGiven } from './configs.ts';
import type { ExperimentData, PretrainingData } from './data.node.ts';
import type { Point, PretrainingUnit, Unit } from './grid.ts';
import { expectApart, type Parts, pointSplit, spareSplit, untestedSplit } from './parts.ts';
import type { Experiment } from './settings.ts';

/** What a run is given, and what that comes to. */
export interface Request {
  readonly given: GivenConfig;
  readonly config: RunConfig;
  /** Where the file has its settings. */
  readonly section: string;
  /** Of a pretraining: test subjects whom its data do not know by name, so that nobody is left out for them. */
  readonly unmatched: readonly string[];
}

/** The data are prepared already: what made them is no setting of the run. */
function onStore(given: GivenConfig, store: string): GivenConfig {
  const { phantom: _, map: __, target: ___, emptySlices: ____, ...rest } = given;
  return { ...rest, data: store };
}

const request = (given: GivenConfig, section: string, unmatched: readonly string[] = []): Request => ({
  ...{ given, section, unmatched },
  config: resolveConfig(given),
});

/** Who pretrains. */
interface Chosen {
  /** Null: by the fractions. */
  readonly split: Split | null;
  /** See `Request`. */
  readonly unmatched: readonly string[];
}

export function pretrainingRequest(
  experiment: Experiment,
  unit: PretrainingUnit,
  { folder, store, split, unmatched }: Chosen & { readonly folder: string; readonly store: string },
): Request {
  const { initialisation, seed, name, from } = unit;
  const given = pretrainingGiven(experiment, initialisation);
  const { size, spacingMm } = pretrainingConfig(experiment, unit);
  const own = { ...onStore(given, store), size, spacingMm, seed, out: join(folder, name) };
  return request(
    { ...own, ...(split && { subjects: split }), ...(from && { init: join(folder, from.name) }) },
    `initialisations.${initialisation}.pretraining`,
    unmatched,
  );
}

export function pointRequest(
  experiment: Experiment,
  point: Point,
  { folder, store, split }: { readonly folder: string; readonly store: string; readonly split: Split },
): Request {
  const weights = experiment.initialisations[point.initialisation]?.weights ?? null;
  const { model, size, spacingMm } = baseConfig(experiment);
  const given = onStore(pointConfig(experiment, point), store);
  const init = point.pretraining ? join(folder, point.pretraining.name) : weights;
  const own = { model, size, spacingMm, subjects: split, init, out: join(folder, point.name) };
  return request({ ...given, ...own }, 'base');
}

/** What the runs of an experiment are given, their data prepared when they are first asked for. */
export class Requests {
  readonly #experiment: Experiment;
  readonly #folder: string;
  readonly #data: ExperimentData;
  readonly #warn: (line: string) => void;
  /** By the name of the run. */
  readonly #told = new Map<string, Request>();

  constructor(experiment: Experiment, folder: string, data: ExperimentData, warn: (line: string) => void) {
    this.#experiment = experiment;
    this.#folder = folder;
    this.#data = data;
    this.#warn = warn;
  }

  /** What a run is given, told once. @throws ConfigError where subjects overlap, or too few are left */
  async of(unit: Unit): Promise<Request> {
    const told = this.#told.get(unit.name);
    if (told) return told;
    const request = await (unit.kind === 'point' ? this.#point(unit) : this.#pretraining(unit));
    this.#told.set(unit.name, request);
    return request;
  }

  /** @throws ConfigError where somebody would pretrain who tests, or, unless all do who do not, may be labelled */
  async #pretraining(unit: PretrainingUnit): Promise<Request> {
    const config = pretrainingConfig(this.#experiment, unit);
    const made = await this.#data.pretraining(config);
    const chosen = await this.#chosenOf(unit, config, made);
    return pretrainingRequest(this.#experiment, unit, {
      ...chosen,
      ...{ folder: this.#folder, store: made.store },
    });
  }

  async #chosenOf(unit: PretrainingUnit, config: RunConfig, made: PretrainingData): Promise<Chosen> {
    const { subjects, initialisations } = this.#experiment;
    const where = `initialisations.${unit.initialisation}.pretraining`;
    const { seed, validationFraction: validation, testFraction: test } = config;
    const untested = initialisations[unit.initialisation]!.pretrains === 'untested';
    if (!untested && !made.same) {
      if (config.data !== null && baseConfig(this.#experiment).data !== null && !subjects.distinct)
        expectApart(made.subjects.map(made.known), (await this.#data.target()).parts, where);
      return { split: null, unmatched: [] };
    }
    const own = partsAt((await this.#data.target()).parts, unit.fold, where);
    const fractions = { seed, validation, test, order: made.order };
    if (!untested) return { split: spareSplit(own, where, fractions), unmatched: [] };
    const target = made.same ? (name: string) => name : made.known;
    const { split, missing } = untestedSplit(made.subjects, own, target, where, fractions);
    if (missing.length > 0)
      this.#warn(
        await revealedText(
          `${unit.name}: ${where}.data have nobody of the name of ${some(missing, 3)}, who ${missing.length === 1 ? 'tests' : 'test'}: nobody is left out for them. If they are there under other names, say so in subjects.same.`,
        ),
      );
    return { split, unmatched: missing };
  }

  async #point(point: Point): Promise<Request> {
    const { store, parts } = await this.#data.target();
    const split = pointSplit(partsAt(parts, point.fold, 'base'), point, this.#experiment.subjects.validation);
    return pointRequest(this.#experiment, point, { folder: this.#folder, store, split });
  }
}

/** Throws ConfigError where folds have parts of their own, and a run is of none. */
function partsAt(parts: readonly Parts[], fold: number | null, where: string): Parts {
  if (fold === null && parts.length > 1)
    throw new ConfigError(`${where}.data and base.data are one folder by two paths. Write both alike.`);
  return parts[(fold ?? 1) - 1]!;
}
