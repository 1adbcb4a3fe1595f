/** @file Runs an experiment: each pretraining once, each point of the grid once, whatever was cut short gone on with. */
import { join } from 'node:path';
import { BusyError, ConfigError } from '../../base/errors.ts';
import { type FolderLock, lockFile, lockFolder, whileLocked } from '../../data/files/lock.node.ts';
import { recordedResults } from '../../results/experiment.ts';
import type { Device } from '../../tensor/device.ts';
import { openProgramDevice } from '../device.node.ts';
import { runJob } from '../job.node.ts';
import { fineTuning, type JobKind, pretraining } from '../job.ts';
import { adapterLine, earlyText } from '../jobconsole.node.ts';
import { prepareAll } from './ahead.node.ts';
import { type BegunExperiment, beginExperiment } from './begin.node.ts';
import { baseConfig, pretrainingConfig } from './configs.ts';
import { type Grid, type PretrainingUnit, type Unit, unitTitle } from './grid.ts';
import type { ExperimentEnd, ExperimentOptions } from './options.node.ts';
import { mainOf } from './outcome.node.ts';
import { ExperimentPace } from './pace.ts';
import { isPlanned, planTestStudies } from './planes.node.ts';
import { pooledIn } from './pooling.ts';
import type { Request } from './requests.node.ts';
import { dropCheckpoints, stateOf, trainingSeconds } from './runs.node.ts';
import { dataTask, unfinished } from './tasks.node.ts';
import { keepUnmatched } from './unmatched.node.ts';
import { missing, untilAble } from './waiting.node.ts';

type Outcome = 'done' | 'stopped';

class Conductor {
  readonly #options: ExperimentOptions;
  readonly #begun: BegunExperiment;
  readonly #pace = new ExperimentPace();
  readonly #elsewhere: string[] = [];
  #units: readonly Unit[] = [];
  #device: Device | undefined;

  constructor(options: ExperimentOptions, begun: BegunExperiment) {
    this.#options = options;
    this.#begun = begun;
  }

  /** Makes what is not finished of the share. */
  async all(): Promise<ExperimentEnd> {
    const { console, folder, signal } = this.#options;
    const { grid, own } = this.#begun;
    await this.#lookThrough(grid);
    this.#units = unfinished(own, folder);
    await prepareAll(this.#begun, this.#units);
    const waits = { at: this.#at.bind(this), say: console.say.bind(console), signal };
    for (let due = this.#units; due.length > 0; ) {
      const waiting = await this.#runAll(due);
      if (!waiting) return this.#end(true);
      const able = await untilAble(waiting, waits);
      due = this.#units.filter((unit) => able.has(unit.name) || (able.size > 0 && waiting.includes(unit)));
    }
    await this.#planPlanes(own.pretrainings);
    return this.#end(signal.aborted);
  }

  /** Makes one run; a pretraining with its planes. */
  async one(unit: Unit): Promise<ExperimentEnd> {
    const { console, signal } = this.#options;
    const made = missing(unit, this.#at.bind(this));
    if (made)
      throw new ConfigError(
        `${unit.name} begins with ${made.name}, which is not finished. Run that first: --unit ${made.name}.`,
      );
    if (stateOf(this.#at(unit)) !== 'done') this.#units = [unit];
    for (const due of this.#units) {
      console.startRun(unitTitle(due), 1, 1, null);
      if ((await this.#make(due)) === 'stopped') return this.#end(true);
    }
    if (unit.kind === 'pretraining') await this.#planPlanes([unit]);
    return this.#end(signal.aborted);
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
      const outcome = await this.#make(unit).catch((error) => this.#leave(unit, error));
      if (outcome === 'stopped') return null;
    }
    return waiting;
  }

  close(): void {
    if (this.#device !== this.#options.device) this.#device?.dispose();
  }

  #end(stopped: boolean): ExperimentEnd {
    return { stopped, due: this.#units.length, elsewhere: this.#elsewhere };
  }

  #at({ name }: Unit): string {
    return join(this.#options.folder, name);
  }

  #size(unit: Unit): { kind: Unit['kind']; steps: number } {
    const steps = unit.kind === 'point' ? unit.steps : pretrainingConfig(this.#begun.experiment, unit).steps;
    return { kind: unit.kind, steps };
  }

  /** Learns from what is finished how long runs take, and tidies it. */
  async #lookThrough({ pretrainings, points }: Grid): Promise<void> {
    const { experiment } = this.#begun;
    const { batch } = baseConfig(experiment);
    for (const unit of [...pretrainings, ...points]) {
      if (stateOf(this.#at(unit)) !== 'done') continue;
      // whoever made it may have been killed before it did this
      if (unit.kind === 'point') await dropCheckpoints(this.#at(unit));
      const own = unit.kind === 'point' ? batch : pretrainingConfig(experiment, unit).batch;
      this.#pace.add(unit.kind, this.#size(unit).steps, await trainingSeconds(this.#at(unit), own));
    }
  }

  /** With each pretraining that is done, once all that trains is. */
  async #planPlanes(pretrainings: readonly PretrainingUnit[]): Promise<void> {
    const { signal, console } = this.#options;
    const { experiment, requests, data } = this.#begun;
    for (const unit of pretrainings) {
      const folder = this.#at(unit);
      if (signal.aborted) return;
      if (stateOf(folder) !== 'done' || isPlanned(folder)) continue;
      const { config } = await requests.of(unit);
      await planTestStudies(
        await this.#openDevice(),
        { folder, store: config.data!, config },
        await data.testStudies(unit.fold),
        { batch: baseConfig(experiment).batch, startStage: console.startStage.bind(console) },
      );
    }
  }

  async #make(unit: Unit): Promise<Outcome> {
    const { requests } = this.#begun;
    const kind = unit.kind === 'point' ? fineTuning : pretraining;
    const outcome = await this.#claimed(unit, kind, () => requests.of(unit));
    if (unit.kind === 'point' && outcome === 'done') await dropCheckpoints(this.#at(unit));
    return outcome;
  }

  /** Leaves a run to the process that is at it; other errors it throws on. */
  #leave(unit: Unit, error: unknown): void {
    const folder = this.#at(unit);
    if (!(error instanceof BusyError && error.folder === folder)) throw error;
    const line = `${unit.name} is being made by ${error.who} (${join(folder, lockFile)})`;
    // a pretraining is waited for
    if (unit.kind === 'pretraining') this.#options.console.say(line);
    else this.#elsewhere.push(line);
  }

  /** Makes a run unless another process has made it meanwhile. Throws BusyError where one is at it. */
  async #claimed(unit: Unit, kind: JobKind, request: () => Promise<Request>): Promise<Outcome> {
    const lock = await lockFolder(this.#at(unit));
    return whileLocked(lock, async () =>
      stateOf(this.#at(unit)) === 'done' ? 'done' : this.#run(unit, kind, await request(), lock),
    );
  }

  async #run(unit: Unit, kind: JobKind, request: Request, lock: FolderLock): Promise<Outcome> {
    const { given, config, unmatched } = request;
    const { console, signal, worker, onTraining, adapter, tensorboard = false } = this.#options;
    const folder = this.#at(unit);
    const before = stateOf(folder);
    await keepUnmatched(folder, unmatched);
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
            this.#begun.experiment.figure,
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
    const { device, console } = this.#options;
    const { adapter: usual, precision } = baseConfig(this.#begun.experiment);
    const adapter = this.#options.adapter ?? usual;
    const wanted = { ...(adapter && { adapter }), precision, say: console.say.bind(console) };
    this.#device = device && !device.lost ? device : await openProgramDevice(wanted);
    console.say(adapterLine(this.#device));
    return this.#device;
  }
}

async function conducted<T>(
  options: ExperimentOptions,
  begun: BegunExperiment,
  work: (conductor: Conductor) => Promise<T>,
): Promise<T> {
  const conductor = new Conductor(options, begun);
  try {
    return await work(conductor);
  } finally {
    conductor.close();
  }
}

/**
 * Runs the points of a share that are not finished, and the pretrainings that they need. A run that was cut short goes
 * on from its checkpoint; one that another process is at is left to it.
 * @throws ConfigError where subjects overlap, or a run that exists was made with other settings
 * @throws FileError where the folder holds something else, or cannot be read or written
 */
export async function runExperiment(options: ExperimentOptions): Promise<ExperimentEnd> {
  return conducted(options, await beginExperiment(options), (conductor) => conductor.all());
}

/**
 * Runs one pretraining or point alone, or, named `data`, prepares the data of all.
 * @param name of its run folder, such as `pretrained/multitask_seed-1`
 * @throws ConfigError where the experiment has no such run, or the pretraining that it begins with is not finished; else
 * as `runExperiment`
 * @throws BusyError where another process is at it
 */
export async function runUnit(options: ExperimentOptions, name: string): Promise<ExperimentEnd> {
  const begun = await beginExperiment(options);
  const units = [...begun.grid.pretrainings, ...begun.grid.points];
  if (name === dataTask) {
    options.console.startRun('data of all runs', 1, 1, null);
    await prepareAll(begun, units);
    return { stopped: options.signal.aborted, due: 1, elsewhere: [] };
  }
  const unit = units.find((one) => one.name === name);
  if (!unit)
    throw new ConfigError(
      `${begun.experiment.name} has no run ${name}. Give ${dataTask} or the name of a run, such as ${units[0]!.name}; --plan lists all.`,
    );
  return conducted(options, begun, (conductor) => conductor.one(unit));
}
