/** @file Runs an experiment: each pretraining once, each point of the grid once, whatever was cut short gone on with. */
import { join } from 'node:path';
import { BusyError, ConfigError } from '../../base/errors.ts';
import { type FolderLock, lockFile, lockFolder, whileLocked } from '../../data/files/lock.node.ts';
import { recordedResults } from '../../results/experiment.ts';
import type { Device } from '../../tensor/device.ts';
import type { DataOptions } from '../dataset.node.ts';
import { openProgramDevice } from '../device.node.ts';
import { runJob } from '../job.node.ts';
import { fineTuning, type JobKind, pretraining } from '../job.ts';
import { adapterLine, earlyText } from '../jobconsole.node.ts';
import { expectCohortsApart } from './check.ts';
import { baseConfig, pretrainingConfig } from './configs.ts';
import { ExperimentData } from './data.node.ts';
import { expectUnchanged } from './existing.node.ts';
import { ForeignWeights } from './foreign.node.ts';
import { chainOf, type Grid, gridOf, shareOf, type Unit, unitTitle } from './grid.ts';
import type { ExperimentEnd, ExperimentOptions } from './options.node.ts';
import { mainOf } from './outcome.node.ts';
import { ExperimentPace } from './pace.ts';
import { isPlanned, planTestStudies } from './planes.node.ts';
import { pooledIn } from './pooling.ts';
import { type Request, Requests } from './requests.node.ts';
import { dropCheckpoints, keepExperiment, openFolder, stateOf, trainingSeconds } from './runs.node.ts';
import type { Experiment } from './settings.ts';
import { missing, untilAble } from './waiting.node.ts';

type Outcome = 'done' | 'stopped' | 'elsewhere';

class Conductor {
  readonly #options: ExperimentOptions;
  readonly #before: Experiment | null;
  readonly #data: ExperimentData;
  readonly #requests: Requests;
  readonly #pace = new ExperimentPace();
  readonly #elsewhere: string[] = [];
  #units: readonly Unit[] = [];
  readonly #weights = new ForeignWeights();
  #device: Device | undefined;

  constructor(options: ExperimentOptions, before: Experiment | null) {
    this.#options = options;
    this.#before = before;
    const data: DataOptions = {
      startStage: options.console.startStage.bind(options.console),
      onWarning: options.console.warn.bind(options.console),
      worker: options.worker,
    };
    const { experiment, folder } = options;
    this.#data = new ExperimentData(experiment, folder, data);
    this.#requests = new Requests(experiment, folder, this.#data, data.onWarning);
  }

  async go(): Promise<ExperimentEnd> {
    const { experiment, folder, share, console, signal } = this.#options;
    const grid = gridOf(experiment, await this.#data.folds());
    const own = shareOf(grid, share);
    if (own.points.length === 0)
      throw new ConfigError(
        `No point of ${experiment.name} is asked for. Its first is ${grid.points[0]!.name}.`,
      );
    await this.#weights.expectFitting(experiment, own);
    expectCohortsApart(experiment, await this.#weights.cohorts(experiment));
    const [data, requests, weights] = [this.#data, this.#requests, this.#weights];
    await expectUnchanged(grid, { experiment, before: this.#before, folder, data, requests, weights });
    await keepExperiment(folder, experiment);
    await this.#learnPace(grid);
    this.#units = this.#unfinished(own);
    const waits = { at: this.#at.bind(this), say: console.say.bind(console), signal };
    for (let due = this.#units; due.length > 0; ) {
      const waiting = await this.#runAll(due);
      if (!waiting) return this.#end(true);
      const able = await untilAble(waiting, waits);
      due = this.#units.filter((unit) => able.has(unit.name) || (able.size > 0 && waiting.includes(unit)));
    }
    await this.#planPlanes(own);
    return this.#end(this.#options.signal.aborted);
  }

  /** Runs one after the other. @returns those that wait for pretrainings of other processes; null where it was stopped */
  async #runAll(units: readonly Unit[]): Promise<Unit[] | null> {
    const waiting: Unit[] = [];
    for (const [i, unit] of units.entries()) {
      if (this.#options.signal.aborted) return null;
      if (missing(unit, this.#at.bind(this))) {
        waiting.push(unit);
        continue;
      }
      const left = this.#pace.left([...waiting, ...units.slice(i)].map((one) => this.#size(one)));
      const all = this.#units;
      this.#options.console.startRun(unitTitle(unit), all.indexOf(unit) + 1, all.length, left);
      if ((await this.#make(unit)) === 'stopped') return null;
    }
    return waiting;
  }

  close(): void {
    if (this.#device !== this.#options.device) this.#device?.dispose();
  }

  #end(stopped: boolean): ExperimentEnd {
    return { stopped, due: this.#units.length, elsewhere: this.#elsewhere };
  }

  /** Pretrainings first, those only that an unfinished point begins with. */
  #unfinished({ pretrainings, points }: Grid): Unit[] {
    const open = (unit: Unit): boolean => stateOf(this.#at(unit)) !== 'done';
    const due = points.filter(open);
    const needed = new Set(due.flatMap((point) => chainOf(point, open)).map(({ name }) => name));
    return [...pretrainings.filter(({ name }) => needed.has(name)), ...due];
  }

  #at({ name }: Unit): string {
    return join(this.#options.folder, name);
  }

  #size(unit: Unit): { kind: Unit['kind']; steps: number } {
    const steps =
      unit.kind === 'point' ? unit.steps : pretrainingConfig(this.#options.experiment, unit).steps;
    return { kind: unit.kind, steps };
  }

  async #learnPace({ pretrainings, points }: Grid): Promise<void> {
    const { experiment } = this.#options;
    const { batch } = baseConfig(experiment);
    for (const unit of [...pretrainings, ...points]) {
      if (stateOf(this.#at(unit)) !== 'done') continue;
      const own = unit.kind === 'point' ? batch : pretrainingConfig(experiment, unit).batch;
      this.#pace.add(unit.kind, this.#size(unit).steps, await trainingSeconds(this.#at(unit), own));
    }
  }

  /** With each pretraining that is done, once all that trains is. */
  async #planPlanes({ pretrainings }: Grid): Promise<void> {
    const { experiment, signal, console } = this.#options;
    for (const unit of pretrainings) {
      const folder = this.#at(unit);
      if (signal.aborted) return;
      if (stateOf(folder) !== 'done' || isPlanned(folder)) continue;
      const { config } = await this.#requests.pretraining(unit);
      await planTestStudies(
        await this.#openDevice(),
        { folder, store: config.data!, config },
        await this.#data.testStudies(unit.fold),
        { batch: baseConfig(experiment).batch, startStage: console.startStage.bind(console) },
      );
    }
  }

  async #make(unit: Unit): Promise<Outcome> {
    if (unit.kind === 'pretraining')
      return this.#claimed(unit, pretraining, () => this.#requests.pretraining(unit));
    const outcome = await this.#claimed(unit, fineTuning, () => this.#requests.point(unit));
    if (outcome === 'done') await dropCheckpoints(this.#at(unit));
    return outcome;
  }

  /** Makes a run unless another process is at it or has made it meanwhile. */
  async #claimed(unit: Unit, kind: JobKind, request: () => Promise<Request>): Promise<Outcome> {
    let lock: FolderLock;
    try {
      lock = await lockFolder(this.#at(unit));
    } catch (error) {
      if (!(error instanceof BusyError)) throw error;
      const line = `${unit.name} is being made by ${error.who} (${join(this.#at(unit), lockFile)})`;
      // a pretraining is waited for
      if (unit.kind === 'pretraining') this.#options.console.say(line);
      else this.#elsewhere.push(line);
      return 'elsewhere';
    }
    return whileLocked(lock, async () =>
      stateOf(this.#at(unit)) === 'done' ? 'done' : this.#run(unit, kind, await request(), lock),
    );
  }

  async #run(unit: Unit, kind: JobKind, { given, config }: Request, lock: FolderLock): Promise<Outcome> {
    const { console, signal, worker, onTraining, adapter, tensorboard = false } = this.#options;
    const folder = this.#at(unit);
    const before = stateOf(folder);
    const { results, training } = await runJob({
      ...{ kind, given: { ...given, ...(adapter && { adapter }) }, signal, worker, lock },
      tensorboard,
      resume: before === 'begun',
      device: await this.#openDevice(),
      console: {
        ...console,
        say: () => {},
        warn: (line) => console.warn(`${unit.name}: ${line}`),
        startStage: console.startStage.bind(console),
      },
      ...(onTraining && { onTraining }),
      onEvaluated: async (evaluation) => {
        // before hours pass
        if (unit.kind === 'point')
          mainOf(
            [...recordedResults(evaluation), ...pooledIn(unit, evaluation)],
            this.#options.experiment.figure,
          );
      },
    });
    if (!results) return 'stopped';
    const early = earlyText(training, config.steps);
    if (early) console.say(`${unit.name} ${early}`);
    this.#pace.add(unit.kind, config.steps, await trainingSeconds(folder, config.batch));
    return 'done';
  }

  async #openDevice(): Promise<Device> {
    if (this.#device && !this.#device.lost) return this.#device;
    const { device, experiment, console } = this.#options;
    const { adapter: usual, precision } = baseConfig(experiment);
    const adapter = this.#options.adapter ?? usual;
    const wanted = { ...(adapter && { adapter }), precision, say: console.say.bind(console) };
    this.#device = device && !device.lost ? device : await openProgramDevice(wanted);
    console.say(adapterLine(this.#device));
    return this.#device;
  }
}

/**
 * Runs the points of a share that are not finished, and the pretrainings that they need. A run that was cut short goes
 * on from its checkpoint; one that another process is at is left to it.
 * @throws ConfigError where subjects overlap, or a run that exists was made with other settings
 * @throws FileError where the folder holds something else, or cannot be read or written
 */
export async function runExperiment(options: ExperimentOptions): Promise<ExperimentEnd> {
  const { experiment, before } = await openFolder(options.folder, options.experiment);
  const conductor = new Conductor({ ...options, experiment }, before);
  try {
    return await conductor.go();
  } finally {
    conductor.close();
  }
}
