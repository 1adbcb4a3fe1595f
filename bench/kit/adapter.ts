/** @file The kit's first part: finds the GPU, by remedies where it must, and says what it is. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Opened } from './opened.ts';
import { type Ended, runProgram } from './process.ts';
import { type Attempt, attemptsOf, diagnosis, type Files, tracesOf } from './remedies.ts';

/** What the parts after it need to know. */
export interface FoundAdapter {
  readonly opened: Opened;
  /** The way that led to it. */
  readonly remedy: string;
  readonly env: Attempt['env'];
  /** Whether it opens with its matrix units shown too, and has some. */
  readonly matrices: boolean;
}

export interface Search {
  /** Folder of the built programs. */
  readonly dist: string;
  readonly icdFile: string;
  /** As the user says it; then nothing is mended. */
  readonly adapter: string | undefined;
  readonly seconds: number;
  /** What lies in folders; default: the system's. */
  readonly files?: Files;
  say(text: string): void;
}

const system: Files = {
  list(folder) {
    try {
      return readdirSync(folder).sort();
    } catch {
      return [];
    }
  },
};

const ATTEMPT_S = 10;

/** The line that says what went wrong, or the last. */
function tellingLine(text: string): string {
  const lines = text.trim().split('\n');
  const telling = lines.find((line) => /Error: /.test(line)) ?? lines.at(-1)!;
  return telling.slice(0, 400);
}

class Searcher {
  readonly #search: Search;
  readonly #ends: number;

  constructor(search: Search) {
    this.#search = search;
    this.#ends = performance.now() + 1000 * search.seconds;
  }

  get #left(): number {
    return Math.max(1, Math.min(ATTEMPT_S, (this.#ends - performance.now()) / 1000));
  }

  get isOver(): boolean {
    return performance.now() > this.#ends - 3000;
  }

  node(program: string, args: readonly string[], env: Attempt['env']): Promise<Ended> {
    const { dist } = this.#search;
    const all = [join(dist, program), ...args];
    return runProgram({ command: process.execPath, args: all, env, seconds: this.#left });
  }

  /** What the system says to a command; why not, where there is no such command. */
  async system(command: string, args: readonly string[]): Promise<string> {
    const { out, err, why } = await runProgram({ command, args, env: {}, seconds: Math.min(5, this.#left) });
    return (out + err).trim() || why || '';
  }

  /** Opens the adapter in one way; why not, where it does not open. */
  async open(env: Attempt['env']): Promise<Opened | string> {
    const { out, err, why } = await this.node('bench/opened.js', [], env);
    if (why) return `${why}: ${tellingLine(err) || tellingLine(out)}`;
    try {
      return JSON.parse(lastLineOf(out)) as Opened;
    } catch {
      return `said ${tellingLine(out)}`;
    }
  }

  async tryAll(attempts: readonly Attempt[]): Promise<FoundAdapter | null> {
    const { say, icdFile } = this.#search;
    for (const [i, { says, env, icd }] of attempts.entries()) {
      if (this.isOver) {
        say(`${i + 1}. ${attempts.length - i} ways were left when the time was over`);
        break;
      }
      if (icd) writeFileSync(icdFile, icd);
      const opened = await this.open({ ...env, PLANEWISE_ADAPTER: 'gpu' });
      say(`${i + 1}. ${says}: ${typeof opened === 'string' ? opened : opened.caps.description}`);
      if (typeof opened !== 'string') return { opened, remedy: says, env, matrices: false };
      if (icd) rmSync(icdFile, { force: true });
    }
    return null;
  }
}

/** The whole last line: it is JSON. */
const lastLineOf = (text: string): string => text.trim().split('\n').at(-1) ?? '';

async function withMatrices(
  searcher: Searcher,
  found: FoundAdapter,
  say: Search['say'],
): Promise<FoundAdapter> {
  if (!found.opened.caps.f16) return found;
  const shown = await searcher.open({ ...found.env, PLANEWISE_MATRICES: 'on' });
  const problem = typeof shown === 'string' ? shown : null;
  say(`\nwith PLANEWISE_MATRICES=on: ${problem ?? JSON.stringify((shown as Opened).caps.matrices)}`);
  if (typeof shown === 'string') return found;
  say(`matrices of the adapter: ${JSON.stringify(shown.info.subgroupMatrixConfigs)}`);
  return { ...found, matrices: shown.caps.matrices !== null };
}

function describeOpened({ caps, info, features, limits }: Opened): string {
  return [
    `caps: ${JSON.stringify(caps)}`,
    `adapter: ${JSON.stringify(info)}`,
    `features: ${features.join(', ')}`,
    `limits: ${JSON.stringify(limits)}`,
  ].join('\n');
}

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return 'none';
  }
};

/** What else may explain it. */
async function describeSystem(searcher: Searcher, files: Files, say: Search['say']): Promise<void> {
  say(`traces of a driver: ${tracesOf(files).join(', ') || 'none'}`);
  say(`/dev/dri: ${files.list('/dev/dri').join(', ') || 'none'}`);
  say(`/proc/driver/nvidia/version: ${read('/proc/driver/nvidia/version')}`);
  say(`/etc/os-release: ${read('/etc/os-release').split('\n')[0]}`);
  const named = Object.entries(process.env).filter(([name]) =>
    /^(NVIDIA|VK|CUDA|LD_|KIT|PLANEWISE)/.test(name),
  );
  say(`variables: ${named.map((pair) => pair.join('=')).join(' ') || 'none'}`);
  say(`nvidia-smi:\n${await searcher.system('nvidia-smi', [])}`);
}

/** Finds the best adapter; the software one that comes with the kit where there is no GPU. Null: nothing opens. */
export async function findAdapter(search: Search): Promise<FoundAdapter | null> {
  const { say, adapter, icdFile, files = system } = search;
  const searcher = new Searcher(search);
  say('ways tried:');
  const surroundings = { files, env: process.env, icdFile };
  let found = adapter && adapter !== 'gpu' ? null : await searcher.tryAll(attemptsOf(surroundings));
  const isGpu = found !== null;
  const asked: Attempt['env'] = adapter ? { PLANEWISE_ADAPTER: adapter } : {};
  if (!found && adapter !== 'gpu') {
    const opened = await searcher.open(asked);
    if (typeof opened === 'string') say(`software: ${opened}`);
    else found = { opened, remedy: adapter ? 'asked for' : 'no GPU', env: asked, matrices: false };
  }
  say(`\nUSED: ${found ? `${found.opened.caps.description} (${found.remedy})` : 'none'}`);
  if (found) say(describeOpened(found.opened));
  const env = found?.env ?? {};
  const devices = await searcher.node('cli.js', ['devices', '--probes'], env);
  say(`\nplanewise devices --probes${devices.why ? ` ${devices.why}` : ''}\n${devices.out}${devices.err}`);
  if (found) found = await withMatrices(searcher, found, say);
  await describeSystem(searcher, files, say);
  if (!isGpu && (!adapter || adapter === 'gpu')) {
    say(`\nNO GPU. ${diagnosis(files)}`);
    const loud = {
      VK_LOADER_DEBUG: 'error,warn,driver',
      PLANEWISE_DRIVER_LOG: '1',
      PLANEWISE_ADAPTER: 'gpu',
    };
    const { out, err } = await searcher.node('bench/opened.js', [], loud);
    say(`the Vulkan loader, as it is:\n${(out + err).slice(-20_000)}`);
  }
  return found;
}
