/** @file Decodes images in several threads of one process. */
import { parentPort, Worker } from 'node:worker_threads';
import { FileError } from '../base/errors.ts';
import { type Decoded, type Decoder, decodeImage, type TurnedImage } from './decoding.ts';
import { openImages } from './dicom/pixels.ts';
import { imageBytes } from './imagebytes.ts';
import { reasonOf } from './scan.ts';
import type { ImagePlane } from './types.ts';
import type { Turn } from './upright.ts';
import type { Grid } from './usualgrid.ts';

/** Images of one file that a thread is given at a time. */
const MOST_FRAMES = 64;

/** Files that are read or decoded at a time, for each thread: while one is decoded, the next is read. */
const AHEAD = 2;

/** Some images of a file. */
interface Job {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly frames: readonly { readonly fileFrame: number; readonly plane: ImagePlane; readonly turn: Turn }[];
  readonly grid: Grid;
}

/** What a thread does that `decodeInThreads` started. */
export function decodingThread(): void {
  parentPort!.on('message', async ({ path, bytes, frames, grid }: Job) => {
    let images: ReturnType<typeof openImages> | undefined;
    const decoded: Decoded[] = [];
    for (const { fileFrame, ...lying } of frames)
      decoded.push(
        await decodeImage(
          () => {
            images ??= openImages(bytes, path);
            return images.pixels(fileFrame);
          },
          lying,
          grid,
        ),
      );
    parentPort!.postMessage(
      decoded,
      decoded.flatMap(({ pixels }) => (pixels ? [pixels.buffer as ArrayBuffer] : [])),
    );
  });
}

/** A thread with one job at a time. */
class Thread {
  readonly #worker: Worker;
  #job: {
    readonly path: string;
    done(decoded: readonly Decoded[]): void;
    failed(error: unknown): void;
  } | null = null;
  #end: string | null = null;

  constructor(worker: URL) {
    this.#worker = new Worker(worker, { workerData: { work: 'decode' } });
    this.#worker.on('message', (decoded: readonly Decoded[]) => this.#job?.done(decoded));
    this.#worker.on('error', (error) => this.#ended(error.message));
    this.#worker.on('exit', (code) => this.#ended(`code ${code}`));
  }

  #ended(how: string): void {
    this.#end ??= how;
    this.#job?.failed(this.#gone(this.#job.path));
  }

  #gone(path: string): FileError {
    const problem = `could not be decoded: the thread that was to do it has ended (${this.#end})`;
    return new FileError(path, problem, 'No store was written. Leave the file out, or try without --jobs.');
  }

  /** @throws FileError naming the file where the thread ends before it answers */
  async decode(job: Job): Promise<readonly Decoded[]> {
    if (this.#end !== null) throw this.#gone(job.path);
    try {
      return await new Promise((done, failed) => {
        this.#job = { path: job.path, done, failed };
        this.#worker.postMessage(job);
      });
    } finally {
      this.#job = null;
    }
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** Images that stand beside each other and are of one file, so many at most. */
function* byFile(images: Iterable<TurnedImage>): Generator<readonly TurnedImage[]> {
  let own: TurnedImage[] = [];
  for (const turned of images) {
    if (own.length === MOST_FRAMES || (own.length > 0 && own[0]!.image.source !== turned.image.source)) {
      yield own;
      own = [];
    }
    own.push(turned);
  }
  if (own.length > 0) yield own;
}

class Threads {
  readonly #threads: readonly Thread[];
  readonly #free: Thread[];
  readonly #waiting: ((thread: Thread) => void)[] = [];

  constructor(worker: URL, count: number) {
    this.#threads = Array.from({ length: count }, () => new Thread(worker));
    this.#free = [...this.#threads];
  }

  /** What the images of one file came to. */
  async decode(images: readonly TurnedImage[], grid: Grid): Promise<readonly Decoded[]> {
    const { source } = images[0]!.image;
    let bytes: Uint8Array;
    try {
      bytes = await imageBytes(source);
    } catch (error) {
      return images.map(() => ({ pixels: null, reason: reasonOf(error) }));
    }
    const frames = images.map(({ image: { header }, turn }) => ({
      fileFrame: header.fileFrame ?? 0,
      plane: header.plane,
      turn,
    }));
    const thread = this.#free.pop() ?? (await new Promise<Thread>((ready) => this.#waiting.push(ready)));
    try {
      return await thread.decode({ path: source.path, bytes, frames, grid });
    } finally {
      const next = this.#waiting.shift();
      if (next) next(thread);
      else this.#free.push(thread);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}

/**
 * Decodes in so many threads; the results are those of one. A thread that ends ends all with a FileError that names the
 * file which it was decoding.
 * @param worker the module that calls `decodingThread` in a thread
 */
export const decodeInThreads = (worker: URL, count: number): Decoder =>
  async function* (images, grid) {
    const threads = new Threads(worker, count);
    const pending: Promise<readonly Decoded[]>[] = [];
    try {
      for (const own of byFile(images)) {
        const decoded = threads.decode(own, grid);
        // whoever waits for it in its turn is told
        decoded.catch(() => {});
        pending.push(decoded);
        if (pending.length >= AHEAD * count) yield* await pending.shift()!;
      }
      for (const decoded of pending) yield* await decoded;
    } finally {
      await threads.close();
    }
  };
