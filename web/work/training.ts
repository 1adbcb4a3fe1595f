/** @file One training in the browser: started, paused, resumed and stopped, its files kept in OPFS. */
import { openDevice } from '#device';
import { ConfigError, FileError } from '../../src/base/errors.ts';
import type { Split } from '../../src/data/split.ts';
import type { TrainingData } from '../../src/data/types.ts';
import type { StepMetrics, ValidationMetrics } from '../../src/results/losses.ts';
import { type TrainConfig, trainConfigOf } from '../../src/run/config.ts';
import { planRun } from '../../src/run/plan.ts';
import { drawsLines } from '../../src/run/planner.ts';
import { trainWithRestarts } from '../../src/run/training.ts';
import type { Device } from '../../src/tensor/device.ts';
import { namedSubjects, splitOf } from '../../src/train/dataset.ts';
import type { TrainEvent, TrainOptions, TrainResult } from '../../src/train/events.ts';
import type { InitialWeights } from '../../src/train/init.ts';
import { readText } from '../../src/train/runfiles.ts';
import { metricsFile, parseRecords, readRecords, validationFile } from '../../src/train/runlog.ts';
import type { ModelSection } from '../../src/train/settings.ts';
import { splitFile } from '../../src/train/splitfile.ts';
import { weightsFile } from '../../src/train/weightsfile.ts';
import type { EventName, Events, KeptRun, RunInfo, TrainingForm } from '../protocol.ts';
import { BrowserFiles, WatchedFiles } from '../store.ts';
import { adapterName, batchProblem } from './adapter.ts';
import { configOf } from './forms.ts';
import { keepWeights } from './keepweights.ts';
import { Previews } from './previews.ts';
import { type BegunRun, RunRecord } from './runrecord.ts';
import { Runs } from './runs.ts';
import { countsOf } from './split.ts';

/** Weights to start from, and the model they are of. */
export interface StartWeights {
  readonly model: ModelSection;
  readonly weights: InitialWeights;
}

/** What a run is on. */
export interface RunData {
  /** Of its data set. */
  readonly key: string;
  readonly data: TrainingData;
  readonly name: string;
  /** Of the data that are trained on beside. */
  readonly besideName?: string;
  /** Whether any subject is a person. */
  readonly people: boolean;
}

type Tell = <K extends EventName>(event: K, content: Events[K]) => void;

export class Training {
  readonly #tell: Tell;
  readonly #runs = new Runs();
  #record: RunRecord;
  #stop: AbortController | null = null;
  #ending: 'paused' | 'finished' = 'finished';

  constructor(tell: Tell) {
    this.#tell = tell;
    this.#record = this.#recordIn(new BrowserFiles('run'));
  }

  /** Of the run that is looked at. */
  get files(): BrowserFiles {
    return this.#record.files;
  }

  get info(): RunInfo | null {
    return this.#record.info;
  }

  /** Wall-clock seconds of training so far. */
  get seconds(): number {
    return this.#record.seconds;
  }

  get running(): boolean {
    return this.#stop !== null;
  }

  /** A run left by an earlier visit; one that was cut off is paused at its last checkpoint. */
  async restore(): Promise<RunInfo | null> {
    return this.#lookAt(await this.#runs.restore());
  }

  /** All runs kept. */
  kept(): Promise<KeptRun[]> {
    return this.#runs.list();
  }

  /** Looks at another run. Throws ConfigError while one is training. */
  async open(folder: string): Promise<RunInfo | null> {
    this.#expectIdle();
    return this.#lookAt(await this.#runs.choose(folder));
  }

  /** Deletes a run that is not looked at. */
  remove(folder: string): Promise<void> {
    return this.#runs.remove(folder);
  }

  #expectIdle(): void {
    if (this.#stop) throw new ConfigError('A training is running. Pause or stop it first.');
  }

  #recordIn(files: BrowserFiles): RunRecord {
    return new RunRecord(files, (info) => this.#tell('run', info));
  }

  #lookAt(files: BrowserFiles): Promise<RunInfo | null> {
    this.#record = this.#recordIn(files);
    return this.#record.read();
  }

  metrics(): Promise<StepMetrics[]> {
    return readRecords<StepMetrics>(this.files, metricsFile);
  }

  validation(): Promise<ValidationMetrics[]> {
    return readRecords<ValidationMetrics>(this.files, validationFile);
  }

  /** Runs until the last step, a pause, a stop or a failure; what happens is told by events. */
  async start(
    form: TrainingForm,
    { key, data, name: dataName, besideName }: RunData,
    resume: boolean,
    start: StartWeights | null,
  ): Promise<RunInfo> {
    this.#expectIdle();
    const model = resume ? this.info?.model : start?.model;
    const config = trainConfigOf(configOf(form, data.manifest, model));
    const plan = planRun(config, data.manifest);
    if (form.split) namedSubjects(data, form.split.subjects, form.split.file);
    const split = splitOf(data, config, plan);
    const stop = new AbortController();
    this.#stop = stop;
    this.#ending = 'finished';
    const began = performance.now();
    const before = resume ? this.seconds : 0;
    const clock = (): void => {
      this.#record.seconds = before + (performance.now() - began) / 1000;
    };
    try {
      const heldOut = [...split.validation, ...split.test];
      const plansLines = drawsLines(plan);
      const names = { data: key, dataName, ...(besideName && { besideName }) };
      const parts = countsOf(split);
      await this.#begin({ form, ...names, parts, heldOut, plansLines, ...(model && { model }) }, resume);
      const init = this.#initOf(form, resume, start);
      const result = await this.#train(config, data, split, { resume, init, signal: stop.signal });
      clock();
      const ended = result.stopped ? this.#ending : 'finished';
      if (ended === 'finished') await keepWeights(this.files, config, data);
      const hasWeights = (await this.files.read(weightsFile)) !== null;
      return await this.#record.set({ state: ended, step: result.step, best: result.best, hasWeights });
    } catch (problem) {
      clock();
      const [error, hint] = batchProblem(problem, form, this.info?.adapter ?? '');
      if (this.info) await this.#record.set({ state: 'failed', message: (error as Error).message, ...hint });
      throw error;
    } finally {
      this.#stop = null;
    }
  }

  /** Stops at the next step with a checkpoint, to go on later. */
  pause(): void {
    this.#end('paused');
  }

  /** Stops at the next step for good; the best weights so far are kept. @param dataOf the run's data */
  async stop(dataOf: () => Promise<RunData>): Promise<void> {
    if (this.#stop) return this.#end('finished');
    if (!this.info) return;
    const { form, model } = this.info;
    const { data } = await dataOf();
    await keepWeights(this.files, trainConfigOf(configOf(form, data.manifest, model)), data);
    await this.#record.set({ state: 'finished', hasWeights: true });
  }

  /** Throws FileError where the run has not begun to train. */
  async split(): Promise<string> {
    const text = await readText(this.files, splitFile);
    if (text !== null) return text;
    throw new FileError(splitFile, 'does not exist yet', 'Start the training.');
  }

  async weights(): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await this.files.read(weightsFile);
    if (bytes) return bytes as Uint8Array<ArrayBuffer>;
    throw new FileError(
      weightsFile,
      'does not exist yet',
      'Train until the first validation, or stop the run.',
    );
  }

  async clear(): Promise<void> {
    this.#record = this.#recordIn(await this.#runs.clear());
  }

  #end(how: 'paused' | 'finished'): void {
    this.#ending = how;
    this.#stop?.abort();
  }

  /** Once there is a checkpoint, the weights it started from are in it. */
  #initOf({ init = false }: TrainingForm, resume: boolean, start: StartWeights | null) {
    if (!init) return null;
    if (resume && this.info!.step > 0) return 'gone' as const;
    if (start) return start.weights;
    throw new ConfigError('No weights are loaded to start from. Load some under Use.');
  }

  /** A run in place of the one that is looked at, or the same again. */
  async #begin(given: BegunRun, resume: boolean): Promise<void> {
    if (resume && this.info) return this.#record.goOn(given);
    const { info } = this;
    // one that has learnt something stays
    if (info && (info.step > 0 || info.hasWeights)) this.#record = this.#recordIn(await this.#runs.add());
    else await this.files.clear();
    await this.#record.begin(given);
  }

  async #train(
    config: TrainConfig,
    data: TrainingData,
    split: Split,
    how: Pick<TrainOptions, 'resume' | 'init' | 'signal'>,
  ): Promise<TrainResult> {
    let device: Device | null = null;
    const previews = new Previews(data, split, config, (preview) => this.#tell('preview', preview));
    const files = new WatchedFiles(this.files, (name, text) => this.#logged(name, text));
    const run = trainWithRestarts({
      openDevice: async () => {
        device?.dispose();
        device = await openDevice();
        this.#record.adapter = adapterName(device);
        return device;
      },
      data,
      config,
      files,
      ...how,
      onProgress: (event) => this.#progress(event, device),
      onRest: (network, step) => previews.show(network, step),
    });
    return run.finally(() => device?.dispose());
  }

  #logged(name: string, text: string): void {
    if (name === metricsFile) this.#tell('metrics', parseRecords<StepMetrics>(text, name));
    if (name === validationFile) this.#tell('validation', parseRecords<ValidationMetrics>(text, name));
  }

  #progress(event: TrainEvent, device: Device | null): void {
    if (event.kind === 'start') this.#tell('begin', event.step);
    if (event.kind === 'warning' || event.kind === 'notice') this.#tell('warning', event.message);
    if (event.kind === 'validation' && event.metrics.best)
      this.#save({ best: { step: event.metrics.step, loss: event.metrics.loss }, hasWeights: true });
    if (event.kind === 'checkpoint') this.#save({ step: event.step });
    if (event.kind !== 'steps') return;
    const { step, imagesPerSecond } = event.metrics;
    const { liveBytes, peakBytes } = device?.memory ?? { liveBytes: 0, peakBytes: 0 };
    this.#tell('pace', { step, imagesPerSecond, etaSeconds: event.etaSeconds, liveBytes, peakBytes });
  }

  /** Keeps a change without waiting: a lost write costs no more than the steps since the one before. */
  #save(change: Partial<RunInfo>): void {
    this.#record.set(change).catch((error: Error) => this.#tell('warning', error.message));
  }
}
