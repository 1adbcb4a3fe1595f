/** @file Training from prepared stores that are larger than memory should be: peak memory by images, and speed beside the same in memory. */
import { fork } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { drawsOf } from '../src/base/random.ts';
import { StoreWriter } from '../src/data/storewriter.node.ts';
import type { PreparedImage, TrainingData } from '../src/data/types.ts';
import { median } from './timing.ts';

/** Pixels on a side, and images of a subject. */
const SIZE = 32;
const OF_SUBJECT = 200;
const STEPS = 50;
/** Images of the stores; those of the middle one are also trained from memory, in turns. */
const counts = [2_000, 20_000, 200_000] as const;
const TURNS = 3;

export interface StoreRow {
  readonly images: number;
  /** Of all files. */
  readonly megabytes: number;
  /** To write it, images made included. */
  readonly writtenSeconds: number;
  /** Most memory of a process that prepared as many images of DICOM studies, of the one that wrote the store, and of one that trained 50 steps from it, MiB. */
  readonly preparerMiB: number;
  readonly writerMiB: number;
  readonly trainerMiB: number;
  /** From the start of the training program to its end. */
  readonly seconds: number;
}

export interface StoreResults {
  readonly rows: readonly StoreRow[];
  /** Medians of images per second, a turn each. */
  readonly streamed: readonly number[];
  readonly inMemory: readonly number[];
}

const program = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** A record as hearts have it. */
function imageOf(index: number): PreparedImage {
  const subject = `subject-${String(Math.floor(index / OF_SUBJECT)).padStart(6, '0')}`;
  const [slice, frame] = [index % 10, Math.floor((index % OF_SUBJECT) / 10)];
  const angle = 0.001 * index;
  return {
    ...{ subject, file: `${subject}/sax/slice-${slice}-${frame}.dcm`, view: 'short-axis', space: 0 },
    ...{ frame, slice, location: slice / 9 },
    lines: [0, 1].map((k) => [Math.cos(angle + k), Math.sin(angle + k), -15.5 + 0.1 * slice] as const),
    plane: {
      position: [-128 + Math.sin(angle), -128, 8 * slice],
      ...{ rowDirection: [1, 0, 0], columnDirection: [0, 1, 0], spacingMm: [8, 8] },
      ...{ rows: SIZE, columns: SIZE },
    },
  };
}

/** A subject with noise for pixels. */
function subjectOf(number: number, manifest: TrainingData['manifest']): TrainingData {
  const draw = drawsOf(1, 1, number);
  const pixels = Float32Array.from({ length: OF_SUBJECT * SIZE ** 2 }, () => 2 * draw() - 1);
  const images = Array.from({ length: OF_SUBJECT }, (_, i) => imageOf(number * OF_SUBJECT + i));
  return { manifest: { ...manifest, images }, pixels };
}

/** Writes a store of so many images, as `prepare` writes its own. */
export async function writeMadeStore(folder: string, images: number): Promise<void> {
  const manifest: TrainingData['manifest'] = {
    ...{ format: 'planewise-prepared', version: 1, size: SIZE, spacingMm: 8, targetView: 'short-axis' },
    ...{ referenceViews: ['2-chamber', '4-chamber'], dtype: 'f32', images: [], skipped: [] },
    identifiers: 'nobody',
  };
  const kind = { size: SIZE, dtype: 'f32', masks: false, colours: false } as const;
  const writer = await StoreWriter.begin(folder, kind);
  for (let number = 0; number < images / OF_SUBJECT; number++) await writer.add(subjectOf(number, manifest));
  await writer.finish(manifest);
}

/** Runs a program to its end. @returns its most memory, MiB */
function peakOf(path: string, args: readonly string[], memory = '64'): Promise<number> {
  const tell = "process.on('exit',()=>process.send?.(process.resourceUsage().maxRSS/1024))";
  const child = fork(path, args, {
    env: { ...process.env, PLANEWISE_STORE_MEMORY: memory },
    execArgv: ['--import', `data:text/javascript,${encodeURIComponent(tell)}`],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let said = '';
  child.stderr?.on('data', (text: Buffer) => {
    said = (said + text).slice(-2000);
  });
  return new Promise((resolve, reject) => {
    let peak = 0;
    child.on('message', (value: number) => {
      peak = value;
    });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve(peak) : reject(new Error(`${path} ended with ${code}.\n${said}`)),
    );
  });
}

function trainFrom(store: string, out: string, images: number, memory?: string): Promise<number> {
  const held = `validationFraction=${OF_SUBJECT / images}`;
  const args = ['pretrain', '--data', store, '--out', out, '--steps', String(STEPS), '--width', '4'];
  return peakOf(program('../cli.js'), [...args, '--set', held, '--set', 'testFraction=0'], memory);
}

/** Median of a run's images per second, but for its first ten steps. */
async function speedOf(out: string): Promise<number> {
  const lines = (await readFile(join(out, 'metrics.jsonl'), 'utf8')).trim().split('\n').slice(10);
  return median(lines.map((line) => (JSON.parse(line) as { imagesPerSecond: number }).imagesPerSecond));
}

/** Writes the stores, trains from each, and from one also in memory. */
export async function measureStore(): Promise<StoreResults> {
  const folder = await mkdtemp(join(tmpdir(), 'planewise-bench-'));
  const rows: StoreRow[] = [];
  const [streamed, inMemory]: [number[], number[]] = [[], []];
  try {
    for (const images of counts) {
      const [store, out] = [join(folder, `store-${images}`), join(folder, `run-${images}`)];
      const preparerMiB = await peakOf(program('./storemaker.js'), [store, String(images), 'prepare']);
      const began = performance.now();
      const writerMiB = await peakOf(program('./storemaker.js'), [store, String(images)]);
      const written = performance.now();
      const trainerMiB = await trainFrom(store, out, images);
      rows.push({
        ...{ images, preparerMiB, writerMiB, trainerMiB },
        megabytes: (images * SIZE ** 2 * 4 + (await readFile(join(store, 'manifest.json'))).length) / 1e6,
        writtenSeconds: (written - began) / 1000,
        seconds: (performance.now() - written) / 1000,
      });
      if (images !== counts[1]) continue;
      for (let turn = 0; turn < TURNS; turn++)
        for (const [memory, into] of [
          ['0', streamed],
          ['4096', inMemory],
        ] as const) {
          const own = join(folder, `turn-${memory}-${turn}`);
          await trainFrom(store, own, images, memory);
          into.push(await speedOf(own));
        }
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return { rows, streamed, inMemory };
}
