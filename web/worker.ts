/** @file The page's worker: everything heavy, so that the page itself stays free. */
import { openDevice } from '#device';
import { ConfigError, PlanewiseError } from '../src/base/errors.ts';
import { taskInfos } from '../src/run/records.ts';
import type { Device } from '../src/tensor/device.ts';
import type {
  Busy,
  EventName,
  Events,
  Failure,
  Hello,
  RequestMessage,
  RequestName,
  Requests,
  WeightsSummary,
  WorkerMessage,
} from './protocol.ts';
import { builtinName, fetchBuiltin } from './work/builtin.ts';
import { furtherSettings, pagePresets } from './work/forms.ts';
import { imageValues, studyInfo } from './work/library.ts';
import { planStudy } from './work/plan.ts';
import { predictStudy } from './work/predict.ts';
import { Session } from './work/session.ts';
import { Story, usualSize } from './work/story.ts';
import { adapterName, Training } from './work/training.ts';
import { type LoadedWeights, openWeights, startWeights, summaryOf } from './work/weights.ts';

const send = (message: WorkerMessage, transfer: Transferable[] = []): void =>
  self.postMessage(message, { transfer });

function tell<K extends EventName>(event: K, content: Events[K]): void {
  send({ event, content });
}

/** Progress at most ten times a second, and the end of it. */
const BUSY_MS = 100;
let lastBusy = 0;
let cancelled = false;

function busy(progress: Busy): void {
  if (cancelled) {
    cancelled = false;
    throw new ConfigError('Cancelled.');
  }
  const now = performance.now();
  if (now - lastBusy < BUSY_MS && progress.done < progress.total) return;
  lastBusy = now;
  tell('busy', progress);
}

const session = new Session();
const training = new Training(tell);
const story = new Story(tell);
let device: Device | null = null;
let weights: LoadedWeights | null = null;
interface WeightsSource {
  readonly name: string;
  readonly own: boolean;
  readonly bytes: Uint8Array;
}

/** What they were read from, for when their device is lost. */
let weightsSource: WeightsSource | null = null;

/** The device for all but training; opened when first needed, and again when it was lost. */
async function useDevice(): Promise<Device> {
  if (device?.lost) weights = device = null;
  device ??= await openDevice();
  return device;
}

async function adapter(): Promise<Pick<Hello, 'adapter' | 'adapterProblem'>> {
  try {
    const opened = await useDevice();
    return {
      adapter: { name: adapterName(opened), software: opened.caps.software },
      adapterProblem: null,
    };
  } catch (error) {
    return { adapter: null, adapterProblem: failureOf(error).message };
  }
}

/** Stored data that cannot be read is told, and the page starts empty. */
async function attempt<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    tell('warning', `What an earlier visit left cannot be used: ${failureOf(error).message}`);
    return null;
  }
}

/** How long a page that is being closed or reloaded may keep its files. */
const TAKEOVER_MS = 3000;

/** One tab at a time writes the files kept in the browser; the lock ends with this worker. */
function takeFiles(): Promise<void> {
  return new Promise((resolve, reject) => {
    const hold = (): Promise<never> => {
      resolve();
      return new Promise(() => {});
    };
    const signal = AbortSignal.timeout(TAKEOVER_MS);
    navigator.locks
      .request('planewise', { signal }, hold)
      .catch(() =>
        reject(
          new ConfigError('it is open in another tab of this browser. Go on there, or close it and reload.'),
        ),
      );
  });
}

/** The run that is looked at, with its curves. */
async function runInfo(): Promise<Pick<Hello, 'run' | 'metrics' | 'validation'>> {
  const run = training.info;
  return {
    run,
    metrics: run ? ((await attempt(() => training.metrics())) ?? []) : [],
    validation: run ? ((await attempt(() => training.validation())) ?? []) : [],
  };
}

async function hello(): Promise<Hello> {
  await takeFiles();
  await attempt(() => training.restore());
  return {
    ...(await runInfo()),
    ...(await adapter()),
    presets: pagePresets,
    tasks: taskInfos(),
    data: await attempt(() => session.restore()),
    story: await attempt(() => story.restore()),
    storySize: usualSize,
  };
}

async function load({ bytes, ...source }: WeightsSource): Promise<WeightsSummary> {
  const loaded = await openWeights(await useDevice(), bytes, source, session.info && session.data.manifest);
  weights?.network.dispose();
  weights = loaded;
  weightsSource = { bytes, ...source };
  return summaryOf(loaded);
}

let lastWork: Promise<unknown> = Promise.resolve();

/** Work on the page's own device, one after another: no network is replaced while it predicts. */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const done = lastWork.then(work);
  lastWork = done.catch(() => {});
  return done;
}

/** The loaded weights on a device that is not lost. */
async function useWeights(): Promise<LoadedWeights> {
  await useDevice();
  if (!weights && weightsSource) await load(weightsSource);
  if (weights) return weights;
  throw new ConfigError('No weights are loaded. Load a file, or take those of the run.');
}

/** Data that a run was started on must not change under it. */
function idle(): void {
  if (training.running) throw new ConfigError('A training is running on this data. Pause or stop it first.');
}

/** Two trainings at once would share one adapter. */
function storyIdle(): void {
  if (story.running) throw new ConfigError('The story is running. Stop it first; it goes on later.');
}

type Handlers = { [K in RequestName]: (input: Requests[K]['in']) => Promise<Requests[K]['out']> };

const handlers: Handlers = {
  hello,
  makeHearts: async (settings) => {
    idle();
    return session.makeHearts(settings, busy);
  },
  addFiles: async ({ files, first }) => {
    session.addFiles(files, first);
    return null;
  },
  scanFolder: ({ name }) => session.scanFolder(name, busy),
  prepareFolder: async (choice) => {
    idle();
    return session.prepareFolder(choice, busy);
  },
  cancel: async () => {
    cancelled = true;
    return null;
  },
  deleteAll: async () => {
    idle();
    storyIdle();
    await session.clear();
    await training.clear();
    await story.clear();
    return null;
  },
  study: async (subject) => studyInfo(session.library, subject),
  image: (request) => imageValues(session.library, request),
  settings: async (form) => furtherSettings(form, session.info ?? pagePresets[form.preset]!.grid),
  train: async ({ form, resume }) => {
    storyIdle();
    const from = form.init && weightsSource ? startWeights(await useWeights(), weightsSource.bytes) : null;
    return training.start(form, session.data, session.name, resume, from);
  },
  runs: () => training.kept(),
  openRun: async (folder) => {
    await training.open(folder);
    return runInfo();
  },
  deleteRun: async (folder) => {
    await training.remove(folder);
    return null;
  },
  pause: async () => {
    training.pause();
    return null;
  },
  stop: async () => {
    await training.stop(session.data);
    return null;
  },
  runWeights: () => training.weights(),
  report: () =>
    inTurn(async () => {
      if (!training.info) throw new ConfigError('There is no run yet. Train first.');
      const given = { data: session.data, people: session.info?.kind === 'folder' };
      // brings its own charts, which nobody needs before
      const { reportOf } = await import('./work/report.ts');
      return reportOf(await useDevice(), training, training.info, given, busy);
    }),
  loadWeights: (file) => inTurn(() => load({ ...file, own: false })),
  loadRunWeights: () =>
    inTurn(async () => {
      const name = `this page’s run on ${training.info?.dataName}`;
      return load({ name, own: true, bytes: await training.weights() });
    }),
  loadBuiltinWeights: () =>
    inTurn(async () => load({ name: builtinName, own: false, bytes: await fetchBuiltin() })),
  plan: (request) => inTurn(async () => planStudy(session.library, await useWeights(), request)),
  story: async ({ size, resume }) => {
    idle();
    return story.start(size, resume);
  },
  stopStory: async () => {
    story.stop();
    return null;
  },
  predict: (request) => inTurn(async () => predictStudy(session.library, await useWeights(), request)),
  exportPredictions: () =>
    inTurn(async () => {
      const { exportPredictions } = await import('./work/exportall.ts');
      const people = session.info?.kind === 'folder';
      return exportPredictions({ library: session.library, weights: await useWeights(), people, busy });
    }),
};

/** Work that reports progress and can be cancelled. */
const long: readonly RequestName[] = [
  'makeHearts',
  'scanFolder',
  'prepareFolder',
  'report',
  'exportPredictions',
];

function failureOf(error: unknown): Failure {
  if (error instanceof PlanewiseError) return { code: error.code, message: error.message };
  return { code: 'UNEXPECTED', message: error instanceof Error ? error.message : String(error) };
}

self.onmessage = async ({ data }: MessageEvent<RequestMessage>) => {
  const { id, name, input } = data;
  if (long.includes(name)) cancelled = false;
  try {
    const output = await handlers[name](input as never);
    send({ id, output });
  } catch (error) {
    send({ id, failure: failureOf(error) });
  }
};
