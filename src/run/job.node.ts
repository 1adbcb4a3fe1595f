/** @file A whole training job in Node: data, training, evaluation, report, each in the run's folder. */
import type { ProfileRow } from '../autograd/profile.ts';
import { type FolderLock, whileLocked } from '../data/files/lock.node.ts';
import type { Split } from '../data/split.ts';
import type { TrainingData } from '../data/types.ts';
import { noneHeldOut } from '../report/html.ts';
import type { Evaluation } from '../results/evaluation.ts';
import { recordedResults } from '../results/experiment.ts';
import type { Device } from '../tensor/device.ts';
import { fromFirst, type JobRanks } from '../train/comm.ts';
import type { TrainResult } from '../train/events.ts';
import { evaluationRecord } from '../train/judge.ts';
import type { DiskFiles } from '../train/runfiles.node.ts';
import { writeText } from '../train/runfiles.ts';
import { traceFile } from '../train/trace.ts';
import type { StepFacts } from '../train/trainer.ts';
import { cacheFiles } from './cache.node.ts';
import { type RunConfig, trainConfigOf } from './config.ts';
import { openProgramDevice } from './device.node.ts';
import { evaluateRun } from './evaluate.ts';
import { revealed } from './identifiers.node.ts';
import { adapterLine, earlyText, type JobConsole, trainingProgress } from './jobconsole.node.ts';
import { openJobData } from './jobdata.node.ts';
import { writeReport } from './jobreport.node.ts';
import { expectPrecision } from './precision.node.ts';
import { type Begun, dataOf, expectAlike, startOf, takeGpu } from './ranks.node.ts';
import { evaluationFile, resultsFile } from './results.node.ts';
import { lockRun, RunFolder } from './runfolder.node.ts';
import { type JobRequest, readFound, type Settled, settle } from './settle.node.ts';
import { type EventFiles, eventFilesOf } from './tensorboard.node.ts';
import { trainWithRestarts } from './training.ts';

export type { JobConsole } from './jobconsole.node.ts';
export { pictureFile, reportFile } from './jobreport.node.ts';

export interface JobOptions extends JobRequest {
  /** Profiles the training step after training; see TrainOptions. */
  readonly profile?: boolean;
  /** Whether there are event files for TensorBoard; a run that has some goes on with them in any case. Default false. */
  readonly tensorboard?: boolean;
  readonly console: JobConsole;
  /** Stops training at the next step boundary; the job then ends without evaluation. */
  readonly signal: AbortSignal;
  /** Called when stopping begins to keep something: from here on a stop request should be gentle. */
  readonly onTraining?: (training: boolean) => void;
  /** Awaited before evaluation.json, the mark of a run at its end, is written. */
  readonly onEvaluated?: (evaluation: Evaluation) => Promise<void>;
  /** For threads; see `makeCohort`. */
  readonly worker: URL | null;
  /** What to compute on; default: a device that the job opens and closes. */
  readonly device?: Device;
  /** Of the run's folder, where the caller has it already. */
  readonly lock?: FolderLock;
  /** Of the first of several ranks; the others run `followJob`. */
  readonly ranks?: JobRanks;
}

export interface JobResult {
  readonly config: RunConfig;
  readonly training: TrainResult;
  /** Time by kernel of a training step, and the trace's path; null where none was asked for or measured. */
  readonly profile: { readonly rows: readonly ProfileRow[]; readonly trace: string } | null;
  /** Null when the job was stopped. */
  readonly results: Evaluation | null;
  /** Path of the report, null when the job was stopped. */
  readonly report: string | null;
}

class Job {
  readonly #options: JobOptions;
  #config: RunConfig;
  readonly #init: Settled['init'];
  readonly #folder: RunFolder;
  readonly #files: DiskFiles;
  readonly #timings: { readonly name: string; readonly seconds: number }[] = [];
  #device: Device | undefined;
  #facts: StepFacts | undefined;
  #profile: JobResult['profile'] = null;
  #events: EventFiles | null = null;

  constructor(options: JobOptions, { config, init }: Settled, folder: RunFolder) {
    this.#options = options;
    this.#config = config;
    this.#init = init;
    this.#folder = folder;
    this.#files = folder.files;
  }

  async go(): Promise<JobResult> {
    const { console, signal, ranks } = this.#options;
    console.say(`Run: ${this.#config.out}`);
    if (ranks) console.say(`Ranks: ${ranks.comm.size}; ${ranks.names.join(', ')}`);
    if (this.#init === 'gone')
      console.warn(`${this.#config.init} cannot be read any more; the run goes on without it.`);
    if (ranks) await takeGpu(ranks, this.#config);
    // First, for what the adapter lacks should not show only after minutes of preparing data.
    const device = await this.#openDevice();
    if (ranks) await expectAlike(ranks, startOf({ config: this.#config, init: this.#init }, device));
    if (!this.#options.resume) await this.#folder.announce(this.#config);
    const data = await this.#timed('Data', () => this.#open());
    if (ranks) {
      await fromFirst(ranks.comm, () => this.#config);
      await expectAlike(ranks, dataOf(this.#config, data));
    }
    const training = await this.#timed('Training', () => this.#train(data));
    const early = earlyText(training, this.#config.steps);
    if (early) console.say(`Training ${early}`);
    const trained = { config: this.#config, training, profile: this.#profile };
    if (training.stopped || signal.aborted) return { ...trained, results: null, report: null };
    const results = await this.#timed('Evaluation', () => this.#evaluate(data, training.split));
    if (results.part === 'training') console.warn(noneHeldOut);
    const report = await this.#report(data, training, results);
    await writeText(this.#files, resultsFile, `${JSON.stringify(recordedResults(results))}\n`);
    // the mark of a run at its end
    const record = { ...evaluationRecord(results), ...dataOf(this.#config, data) };
    await writeText(this.#files, evaluationFile, `${JSON.stringify(record, null, 2)}\n`);
    return { ...trained, results, report };
  }

  async #open(): Promise<TrainingData> {
    const { console, resume, worker, splitFile } = this.#options;
    const { data, config } = await openJobData(this.#config, {
      say: console.say.bind(console),
      startStage: console.startStage.bind(console),
      onWarning: console.warn.bind(console),
      expectFolder: () => this.#folder.check(),
      ...{ resume, worker, splitFile },
    });
    this.#config = config;
    return data;
  }

  async #train(data: TrainingData): Promise<TrainResult> {
    const { console, signal, resume, profile = false, onTraining, ranks } = this.#options;
    const progress = trainingProgress(console, this.#config, data);
    this.#events = await eventFilesOf(this.#files, this.#options);
    onTraining?.(true);
    try {
      return await trainWithRestarts({
        openDevice: () => this.#openDevice(),
        data,
        config: trainConfigOf(this.#config),
        files: this.#files,
        cache: cacheFiles(),
        init: this.#init,
        resume,
        profile,
        ...(this.#events && { recorder: this.#events }),
        // Not before: a resume that is refused must leave the run as it was.
        onAccepted: () => this.#folder.accept(this.#config),
        onSteps: () => this.#folder.reopen(),
        onProgress: (event) => {
          progress.show(event);
          if (event.kind === 'start') this.#facts = event.facts;
          if (event.kind === 'profile')
            this.#profile = { rows: event.rows, trace: this.#files.describe(traceFile) };
        },
        signal,
        // the others hold what a lost device had: they end, too
        ...(ranks && { comm: ranks.comm, restarts: 0 }),
      });
    } finally {
      onTraining?.(false);
      progress.end();
    }
  }

  /** The job's device; another one once that is lost. */
  async #openDevice(): Promise<Device> {
    if (this.#device && !this.#device.lost) return this.#device;
    this.close();
    const { adapter, precision } = this.#config;
    const { device: given, console } = this.#options;
    const wanted = { ...(adapter && { adapter }), precision, say: console.say.bind(console) };
    this.#device = given && !given.lost ? given : await openProgramDevice(wanted);
    await expectPrecision(this.#device, precision);
    console.say(adapterLine(this.#device));
    return this.#device;
  }

  close(): void {
    if (this.#device !== this.#options.device) this.#device?.dispose();
    this.#device = undefined;
  }

  async #evaluate(data: TrainingData, split: Split): Promise<Evaluation> {
    const device = await this.#openDevice();
    const stage = this.#options.console.startStage('evaluating', 1);
    try {
      const results = await evaluateRun(device, data, split, this.#files, {
        batch: this.#config.batch,
        mirror: this.#config.mirror,
        onProgress: (done, total) => stage.update(done / total),
      });
      await this.#options.onEvaluated?.(results);
      return results;
    } finally {
      stage.end();
    }
  }

  async #report(data: TrainingData, training: TrainResult, evaluation: Evaluation): Promise<string> {
    const { caps } = await this.#openDevice();
    return writeReport(this.#files, this.#events, {
      ...{ kind: this.#options.kind.title, config: this.#config, data, training, evaluation, caps },
      timings: this.#timings,
      facts: this.#facts,
    });
  }

  async #timed<T>(name: string, work: () => Promise<T>): Promise<T> {
    const started = performance.now();
    const result = await work();
    this.#timings.push({ name, seconds: (performance.now() - started) / 1000 });
    return result;
  }
}

/**
 * Runs a job from data to report. The run's folder then holds config.json, split.json, metrics.jsonl,
 * validation.jsonl, checkpoint.safetensors, weights.safetensors, results.json, evaluation.json, report.html and slices.png, and init.json where it
 * started from weights; a phantom cohort in `cohort`, and what was prepared in `prepared`.
 * @throws BusyError where another process is at work there
 */
export async function runJob(options: JobOptions): Promise<JobResult> {
  if (options.lock) return runLocked(options, options.lock);
  return whileLocked(await lockRun(options), (lock) =>
    runLocked({ ...options, given: { ...options.given, out: lock.folder } }, lock),
  );
}

async function runLocked(options: JobOptions, lock: FolderLock): Promise<JobResult> {
  const found = await readFound(options);
  if (options.ranks) await fromFirst<Begun>(options.ranks.comm, () => ({ out: lock.folder, found }));
  const { news, ...settled } = await settle(options, found);
  for (const line of news?.say ?? []) options.console.say(line);
  for (const line of news?.warn ?? []) options.console.warn(line);
  const folder = new RunFolder(settled.config.out, lock);
  const job = new Job(options, settled, folder);
  try {
    return await job.go();
  } catch (error) {
    await folder.withdraw();
    throw await revealed(error);
  } finally {
    job.close();
  }
}
