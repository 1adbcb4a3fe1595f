import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawsOf } from '../../src/base/random.ts';
import { writeStore } from '../../src/data/store.node.ts';
import { checkpointFile } from '../../src/train/checkpoint.ts';
import { metricsFile, parseRecords, withoutTimings } from '../../src/train/runlog.ts';
import { weightsFile } from '../../src/train/weightsfile.ts';
import { type Job, processesOf, startRanks, withoutMpi } from '../mpi.ts';
import { slow } from '../slow.ts';
import { tinyData } from '../train/tiny.ts';

let folder = '';
const at = (...names: string[]): string => join(folder, ...names);
const text = (...names: string[]): Promise<string> => readFile(at(...names), 'utf8');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'planewise-ranks-'));
  await writeStore(at('store'), tinyData());
  const model = { width: 4, depth: 2 };
  const every = { validateEvery: 10, checkpointEvery: 5, validationFraction: 0.2 };
  const config = { model, steps: 20, batch: 4, learningRate: 3e-3, syncBatchNorm: true, ...every };
  await writeFile(at('config.json'), JSON.stringify(config));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const pretrain = (out: string, ...more: string[]): string[] => {
  const given = ['--config', at('config.json'), '--data', at('store'), '--out', at(out)];
  return ['pretrain', ...(more.includes('--resume') ? given.slice(4) : given), ...more];
};

/** Waits until a file is there, of a job that goes on meanwhile. */
async function until(job: Job, path: string): Promise<void> {
  while (!existsSync(path)) {
    if (job.child.exitCode !== null) throw new Error(`the job ended first:\n${job.output()}`);
    await sleep(20);
  }
}

async function finished(size: number, args: string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  const { code, output } = await startRanks(size, args, env).ended;
  expect(code, output).toBe(0);
}

const losses = async (out: string): Promise<number[]> =>
  parseRecords<{ loss: number }>(await text(out, metricsFile), metricsFile).map(({ loss }) => loss);

const MINUTES = 600_000;

describe.skipIf(withoutMpi !== null)(`ranks over MPI${withoutMpi ? ` (${withoutMpi})` : ''}`, () => {
  it(
    'that are started otherwise than the first are refused, naming both and what differs',
    async () => {
      const job = startRanks(2, [pretrain('other'), pretrain('other', '--set', 'steps=30')]);
      const { code, output } = await job.ended;
      expect(code).not.toBe(0);
      expect(output).toMatch(
        /The ranks are not alike: config\.steps is 20 on rank 0 \(\S+, process \d+\) and 30 on rank 1 \(\S+, process \d+\)/,
      );
      expect(existsSync(at('other', 'config.json'))).toBe(false);
    },
    MINUTES,
  );

  it.runIf(slow)(
    'end when one hangs, with its name, in the time that was set',
    async () => {
      const env = { PLANEWISE_RANK_TIMEOUT: '15' };
      const job = startRanks(2, pretrain('hung', '--set', 'steps=100000'), env);
      await until(job, at('hung', checkpointFile));
      const [, second] = processesOf(job);
      process.kill(second!, 'SIGSTOP');
      const { code, output } = await job.ended;
      expect(code).not.toBe(0);
      expect(output).toMatch(
        /rank 1 \(\S+, process \d+\) did not answer rank 0 \(\S+, process \d+\) for 15 s/,
      );
    },
    MINUTES,
  );

  it.runIf(slow)(
    'give the same losses, 1, 2 and 4 of them, and the same bytes twice',
    async () => {
      for (const size of [1, 2, 4]) await finished(size, pretrain(`of ${size}`));
      const alone = await losses('of 1');
      expect(alone).toHaveLength(20);
      for (const size of [2, 4])
        for (const [i, loss] of (await losses(`of ${size}`)).entries())
          expect(Math.abs(loss - alone[i]!) / alone[i]!).toBeLessThan(1e-5);
      await finished(4, pretrain('again'));
      for (const name of [weightsFile, checkpointFile])
        expect(await readFile(at('again', name))).toEqual(await readFile(at('of 4', name)));
      expect(withoutTimings(await text('again', metricsFile))).toBe(
        withoutTimings(await text('of 4', metricsFile)),
      );
    },
    MINUTES,
  );

  it.runIf(slow)(
    'read a store as asked for to the same bytes as from memory, 1 and 2 of them',
    async () => {
      for (const size of [1, 2]) {
        const [held, read] = ['64', '0'].map((mib) => `${size} of ${mib} MiB`) as [string, string];
        await finished(size, pretrain(held, '--set', 'steps=5'));
        await finished(size, pretrain(read, '--set', 'steps=5'), { PLANEWISE_STORE_MEMORY: '0' });
        for (const name of [weightsFile, checkpointFile])
          expect(await readFile(at(read, name))).toEqual(await readFile(at(held, name)));
      }
    },
    MINUTES,
  );

  it.runIf(slow)(
    'end when one is killed, whenever that is, and go on with others, 4 as 2 too',
    async () => {
      const next = drawsOf(1, 2, 3);
      await finished(2, pretrain('whole', '--set', 'steps=40'));
      const whole = await losses('whole');
      let killed = 0;
      for (let round = 0; round < 4; round++) {
        const out = `killed ${round}`;
        const job = startRanks(round === 3 ? 4 : 2, pretrain(out, '--set', 'steps=40'));
        await until(job, at(out, checkpointFile));
        await sleep(300 * next());
        const victims = processesOf(job);
        if (victims.length > 0) process.kill(victims[Math.floor(victims.length * next())]!, 'SIGKILL');
        const { code, output } = await job.ended;
        // it may have been done by then
        if (existsSync(at(out, 'evaluation.json'))) continue;
        killed++;
        expect(code, output).not.toBe(0);
        await finished(1 + (round % 2), pretrain(out, '--resume'));
        const resumed = await losses(out);
        expect(resumed).toHaveLength(40);
        for (const [i, loss] of resumed.entries())
          expect(Math.abs(loss - whole[i]!) / whole[i]!).toBeLessThan(1e-5);
      }
      expect(killed).toBeGreaterThan(0);
    },
    10 * MINUTES,
  );
});
