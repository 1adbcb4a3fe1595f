/** @file Jobs on a prepared store whose subjects a file names: split.json of another run, or one with a stranger. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeStore } from '../../src/data/store.node.ts';
import type { GivenConfig } from '../../src/run/config.ts';
import { runJob } from '../../src/run/job.node.ts';
import { pretraining } from '../../src/run/job.ts';
import { readSplit } from '../../src/run/split.node.ts';
import { useDevice } from '../device.ts';
import { plainKernels, tinyData } from '../train/tiny.ts';

const device = useDevice(plainKernels);
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'planewise-split-'));
  const { manifest, pixels } = tinyData();
  await writeStore(join(folder, 'store'), { manifest: { ...manifest, identifiers: 'nobody' }, pixels });
});
afterAll(() => rm(folder, { recursive: true }));

/** What a job says. */
async function run(name: string, given: GivenConfig, splitFile?: string): Promise<string[]> {
  const said: string[] = [];
  const own: GivenConfig = { steps: 1, batch: 2, model: { width: 4, depth: 2 }, validationImages: 4 };
  await runJob({
    kind: pretraining,
    given: {
      ...{ ...own, ...given, data: join(folder, 'store'), out: join(folder, name) },
      ...(splitFile !== undefined && { subjects: await readSplit(splitFile) }),
    },
    splitFile,
    resume: false,
    console: {
      say: (line) => void said.push(line),
      warn: () => {},
      startStage: () => ({ update: () => {}, end: () => {} }),
    },
    signal: new AbortController().signal,
    worker: null,
    device: device(),
  });
  return said;
}

const splitAt = async (name: string) =>
  JSON.parse(await readFile(join(folder, name, 'split.json'), 'utf8')) as object;

it('takes over the split of a run, and says on which grid a store was prepared', async () => {
  const said = await run('first', { fold: '2/3' });
  expect(said.find((line) => line.startsWith('Grid: '))).toMatch(
    /store was prepared at 16 px of 8 mm and is taken so; preset small has 32 px of 8 mm$/,
  );
  const split = await splitAt('first');
  expect(split).toMatchObject({ seed: 1, fold: '2/3' });
  await run('again', { seed: 9 }, join(folder, 'first', 'split.json'));
  expect(await splitAt('again')).toEqual({ ...split, seed: 9, fold: null });
});

it('names the file, and the subject that the data do not hold, before anything is trained', async () => {
  const file = join(folder, 'stranger.json');
  await writeFile(file, JSON.stringify({ train: ['subject1', 'nobody'], validation: [], test: [] }));
  await expect(run('third', {}, file)).rejects.toThrow(
    /stranger\.json names nobody, whom the data do not hold; they hold 10, first subject0/,
  );
});
