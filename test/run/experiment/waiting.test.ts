/** @file Processes on one experiment: each run is made by one, and pretrainings are waited for. */
import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseExperiment } from '../../../src/run/experiment/file.ts';
import { useFolder } from '../../commands/terminal.ts';
import { slow } from '../../slow.ts';
import { tiny } from './tiny.ts';

const at = useFolder();
const json = async (...path: string[]) => JSON.parse(await readFile(at(...path), 'utf8'));

describe('two processes on one experiment', () => {
  const cli = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));

  it('make the pretraining once: the second does other work, waits, and goes on with the points', async () => {
    const content = { ...tiny, labelled: [2], seeds: [1, 2] };
    await mkdir(at(), { recursive: true });
    await writeFile(at('e.json'), JSON.stringify(content));
    const start = () => {
      const child = spawn(process.execPath, [cli, 'experiment', at('e.json'), '--out', at('both')]);
      const told = { text: '' };
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (text) => {
          told.text += text;
        });
      return { told, ended: new Promise((done) => child.on('exit', done)) };
    };
    const both = [start(), start()];
    expect(await Promise.all(both.map(({ ended }) => ended))).toEqual([0, 0]);
    const log = (
      await readFile(at('both', 'pretrained', 'pretrained_seed-1', 'metrics.jsonl'), 'utf8')
    ).trim();
    expect(log.split('\n')).toHaveLength(8);
    expect(await json('both', 'results.json')).toMatchObject({ planned: 4, finished: 4 });
    const texts = both.map(({ told }) => told.text).join('');
    expect(texts).toMatch(/pretrained_seed-1 is being made by process \d+ on /);
    const claims = (await readdir(at('both'), { recursive: true })).filter((name) =>
      name.includes('running.json'),
    );
    expect(claims).toEqual([]);
  }, 300_000);

  it('of several runs at once each leave runs to one another, and wait for the pretraining', async () => {
    const content = { ...tiny, labelled: [2], seeds: [1, 2] };
    const made = at('jobs', 'pretrained', 'pretrained_seed-1');
    const point = at('jobs', 'points', 'scratch_labelled-2_steps-8_seed-1');
    await writeFile(at('e3.json'), JSON.stringify(content));
    await mkdir(at('jobs'), { recursive: true });
    await writeFile(at('jobs', 'experiment.json'), JSON.stringify(parseExperiment(content, 'e3.json')));
    for (const folder of [made, point]) {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'running.json'), JSON.stringify({ host: 'elsewhere', pid: 1 }));
    }
    const args = ['experiment', at('e3.json'), '--out', at('jobs'), '--jobs', '2'];
    const child = spawn(process.execPath, [cli, ...args]);
    const told = { text: '' };
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text) => {
        told.text += text;
        if (told.text.includes('waiting for pretrained/'))
          rmSync(join(made, 'running.json'), { force: true });
      });
    expect(await new Promise((done) => child.on('exit', done)), told.text).toBe(0);
    expect(told.text).toContain('scratch_labelled-2_steps-8_seed-1 is being made by process 1 on elsewhere');
    expect(await json('jobs', 'results.json')).toMatchObject({ planned: 4, finished: 3 });
  }, 300_000);

  it.runIf(slow)(
    'of which the first is at the pretraining: the second goes on once that process is gone',
    async () => {
      const made = at('gone', 'pretrained', 'pretrained_seed-1');
      const content = { ...tiny, labelled: [1], seeds: [1] };
      await mkdir(made, { recursive: true });
      await writeFile(at('e2.json'), JSON.stringify(content));
      await writeFile(at('gone', 'experiment.json'), JSON.stringify(parseExperiment(content, 'e2.json')));
      await writeFile(join(made, 'running.json'), JSON.stringify({ host: 'elsewhere', pid: 1 }));
      const child = spawn(process.execPath, [cli, 'experiment', at('e2.json'), '--out', at('gone')]);
      let told = '';
      const waiting = new Promise<void>((done) =>
        child.stderr.on('data', (text) => {
          told += text;
          if (
            told.includes(
              'waiting for pretrained/pretrained_seed-1, which is being made by process 1 on elsewhere',
            )
          )
            done();
        }),
      );
      const ended = new Promise((done) => child.on('exit', done));
      expect(await Promise.race([waiting, ended.then(() => told)])).toBeUndefined();
      const point = 'scratch_labelled-1_steps-8_seed-1';
      expect(existsSync(at('gone', 'points', point, 'evaluation.json'))).toBe(true);
      expect(existsSync(join(made, 'config.json'))).toBe(false);
      await rm(join(made, 'running.json'));
      expect(await ended).toBe(0);
      expect(await json('gone', 'results.json')).toMatchObject({ planned: 2, finished: 2 });
    },
    300_000,
  );
});
