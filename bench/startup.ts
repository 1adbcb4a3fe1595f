/** @file From the start of the process to the end of the first train step, without and with what drivers cache on disk. */
import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ConfigName } from './network.ts';

/** Milliseconds: Node's own start, modules, device, recording and compiling the step, the first step; and all. */
export interface Stages {
  readonly node: number;
  readonly modules: number;
  readonly device: number;
  readonly capture: number;
  readonly step: number;
  readonly total: number;
}

export interface StartupRow extends Stages {
  readonly config: ConfigName;
  readonly cache: 'cold' | 'warm';
  readonly runs: number;
}

const WARM_RUNS = 3;
const program = fileURLToPath(new URL('./first.js', import.meta.url));

/** Where drivers keep compiled shaders: Mesa's, NVIDIA's. */
const cacheVariables = ['MESA_SHADER_CACHE_DIR', '__GL_SHADER_DISK_CACHE_PATH'];

function startOnce(config: ConfigName, cache: string): Promise<Stages> {
  const env = { ...process.env, ...Object.fromEntries(cacheVariables.map((name) => [name, cache])) };
  const child = fork(program, [config], { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let complaints = '';
  child.stderr?.on('data', (text: Buffer) => {
    complaints = (complaints + text).slice(-4000);
  });
  return new Promise((resolve, reject) => {
    let stages: Stages | undefined;
    child.once('message', (message: Stages) => {
      stages = message;
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      if (stages) resolve(stages);
      else reject(new Error(`The first step failed (code ${code}).\n${complaints}`));
    });
  });
}

/** One start with empty caches, then some with what it left; of those the one of median length is given. */
export async function measureStartup(config: ConfigName): Promise<StartupRow[]> {
  const cache = await mkdtemp(join(tmpdir(), 'planewise-cache-'));
  try {
    const cold = await startOnce(config, cache);
    const warm: Stages[] = [];
    for (let run = 0; run < WARM_RUNS; run++) warm.push(await startOnce(config, cache));
    warm.sort((a, b) => a.total - b.total);
    return [
      { config, cache: 'cold', runs: 1, ...cold },
      { config, cache: 'warm', runs: WARM_RUNS, ...warm[WARM_RUNS >> 1]! },
    ];
  } finally {
    await rm(cache, { recursive: true, force: true });
  }
}
