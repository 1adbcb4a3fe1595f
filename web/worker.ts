/** @file The page's worker: everything heavy, so that the page itself stays free. */
import { ConfigError } from '../src/base/errors.ts';
import { withUnlabelled } from '../src/data/beside.ts';
import type {
  Busy,
  EventName,
  Events,
  RequestMessage,
  RequestName,
  Requests,
  TrainingForm,
  WorkerMessage,
} from './protocol.ts';
import { failureOf } from './work/failure.ts';
import { furtherSettings, pagePresets } from './work/forms.ts';
import { Greeting } from './work/greeting.ts';
import { keyText } from './work/identifiers.ts';
import { imageValues, studyInfo } from './work/library.ts';
import { Loaded } from './work/loaded.ts';
import { planStudy } from './work/plan.ts';
import { predictStudy } from './work/predict.ts';
import { firstData, Session } from './work/session.ts';
import { splitFrom, splitText } from './work/split.ts';
import { Story } from './work/story.ts';
import { type RunData, Training } from './work/training.ts';

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
const loaded = new Loaded(() => session.manifest);

const greeting = new Greeting({ session, training, story, loaded }, tell);

let lastWork: Promise<unknown> = Promise.resolve();

/** Work on the page's own device, one after another: no network is replaced while it predicts. */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const done = lastWork.then(work);
  lastWork = done.catch(() => {});
  return done;
}

/** Data that a run was started on must not change under it. */
function idle(): void {
  if (training.running) throw new ConfigError('A training is running on this data. Pause or stop it first.');
}

/** Two trainings at once would share one adapter. */
function storyIdle(): void {
  if (story.running) throw new ConfigError('The story is running. Stop it first; it goes on later.');
}

/** The data of a run, with those that are trained on beside. Throws ConfigError where they are not kept any more. */
async function dataFor(key: string, { beside }: Pick<TrainingForm, 'beside'>): Promise<RunData> {
  const data = await session.dataOf(key);
  const own = { key, data, name: session.nameOf(key), people: session.isOfPeople(key) };
  if (beside === undefined) return own;
  return {
    ...own,
    data: withUnlabelled(data, await session.dataOf(beside)),
    besideName: session.nameOf(beside),
    people: own.people || session.isOfPeople(beside),
  };
}

/** The data of the run that is looked at. */
async function dataOfRun(): Promise<RunData> {
  const { info } = training;
  if (!info) throw new ConfigError('There is no run yet. Train first.');
  return dataFor(info.data ?? firstData, info.form);
}

type Handlers = { [K in RequestName]: (input: Requests[K]['in']) => Promise<Requests[K]['out']> };

const handlers: Handlers = {
  hello: () => greeting.hello(),
  makeStudies: async (settings) => {
    idle();
    return session.makeStudies(settings, busy);
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
  chooseData: (key) => session.choose(key),
  deleteData: async (key) => {
    idle();
    return session.remove(key);
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
    await loaded.clear();
    return null;
  },
  study: async (subject) => studyInfo(session.library, subject),
  image: (request) => imageValues(session.library, request),
  settings: async (form) => furtherSettings(form, session.info ?? pagePresets[form.preset]!.grid),
  readSplit: async (file) => splitFrom(file, await session.dataOf(session.key)),
  train: async ({ form, resume }) => {
    storyIdle();
    const from = form.init ? await loaded.start() : null;
    const { info } = training;
    const key = resume && info ? (info.data ?? firstData) : session.key;
    return training.start(form, await dataFor(key, form), resume, from);
  },
  runs: () => training.kept(),
  openRun: async (folder) => {
    await training.open(folder);
    return greeting.runInfo();
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
    await training.stop(dataOfRun);
    return null;
  },
  runSplit: async () => splitText(await training.split(), (await dataOfRun()).people),
  runWeights: () => training.weights(),
  report: () =>
    inTurn(async () => {
      const given = await dataOfRun();
      // brings its own charts, which nobody needs before
      const { reportOf } = await import('./work/report.ts');
      return reportOf(await loaded.device(), training, training.info!, given, busy);
    }),
  key: keyText,
  loadWeights: ({ name, bytes }) => inTurn(() => loaded.fromFile(name, bytes)),
  loadRunWeights: () =>
    inTurn(async () => {
      const name = `this page’s run on ${training.info?.dataName}`;
      return loaded.fromRun(name, training.files, await training.weights());
    }),
  loadBuiltinWeights: () => inTurn(() => loaded.builtin()),
  plan: (request) => inTurn(async () => planStudy(session.library, await loaded.weights(), request)),
  story: async ({ size, resume }) => {
    idle();
    return story.start(size, resume);
  },
  stopStory: async () => {
    story.stop();
    return null;
  },
  predict: (request) => inTurn(async () => predictStudy(session.library, await loaded.weights(), request)),
  exportPredictions: () =>
    inTurn(async () => {
      const { exportPredictions } = await import('./work/exportall.ts');
      const people = session.isOfPeople(session.key);
      return exportPredictions({ library: session.library, weights: await loaded.weights(), people, busy });
    }),
};

/** Work that reports progress and can be cancelled. */
const long: readonly RequestName[] = [
  'makeStudies',
  'scanFolder',
  'prepareFolder',
  'report',
  'exportPredictions',
];

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
