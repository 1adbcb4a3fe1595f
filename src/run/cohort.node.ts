/** @file Makes a phantom cohort with several threads. */
import { availableParallelism } from 'node:os';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { PlanewiseError } from '../base/errors.ts';
import {
  claimPhantomFolder,
  finishPhantomFolder,
  type PhantomCohortOptions,
  writePhantomSubjects,
} from '../data/phantom.node.ts';

interface Share {
  readonly folder: string;
  readonly options: PhantomCohortOptions;
  readonly indices: readonly number[];
}

type Message =
  | { readonly kind: 'subject' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/** What the program does when it runs as a thread of `makeCohort`. */
export async function cohortWorker(): Promise<void> {
  const { folder, options, indices } = workerData as Share;
  const post = (message: Message): void => parentPort?.postMessage(message);
  try {
    await writePhantomSubjects(folder, options, indices, () => post({ kind: 'subject' }));
  } catch (error) {
    const code = error instanceof PlanewiseError ? error.code : 'WORKER';
    post({ kind: 'failed', code, message: error instanceof Error ? error.message : String(error) });
  }
}

function runWorker(url: URL, share: Share, onSubject: () => void): { worker: Worker; done: Promise<void> } {
  const worker = new Worker(url, { workerData: { work: 'cohort', ...share } });
  const done = new Promise<void>((resolve, reject) => {
    worker.on('message', (message: Message) => {
      if (message.kind === 'subject') onSubject();
      else reject(new PlanewiseError(message.code, message.message));
    });
    worker.on('error', reject);
    worker.on('exit', () => resolve());
  });
  return { worker, done };
}

/**
 * Writes a phantom cohort as `writePhantomCohort` does, with as many threads as there are cores, into a folder that the
 * caller has locked.
 * @param worker the module that calls `cohortWorker` when it is not the main thread; null: no threads
 * @throws FileError or ConfigError as it does
 */
export async function makeCohort(
  folder: string,
  options: PhantomCohortOptions,
  worker: URL | null,
  onSubject: (done: number) => void,
): Promise<void> {
  await claimPhantomFolder(folder, options);
  const indices = Array.from({ length: options.subjects }, (_, index) => index);
  let done = 0;
  const count = (): void => onSubject(++done);
  if (worker) await inThreads(worker, folder, options, indices, count);
  else await writePhantomSubjects(folder, options, indices, count);
  await finishPhantomFolder(folder);
}

async function inThreads(
  worker: URL,
  folder: string,
  options: PhantomCohortOptions,
  indices: readonly number[],
  count: () => void,
): Promise<void> {
  const threads = Math.min(availableParallelism(), options.subjects, 16);
  const running = Array.from({ length: threads }, (_, thread) =>
    runWorker(worker, { folder, options, indices: indices.filter((i) => i % threads === thread) }, count),
  );
  try {
    await Promise.all(running.map((thread) => thread.done));
  } finally {
    await Promise.all(running.map((thread) => thread.worker.terminate()));
  }
}
