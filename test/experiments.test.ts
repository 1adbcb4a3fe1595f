/** @file docs/experiments.md does what it says, from top to bottom; the experiments that come along can be read. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readExperiment } from '../src/run/experiment/file.ts';
import { foldsInFile } from '../src/run/experiment/folds.ts';
import { gridOf } from '../src/run/experiment/grid.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = await readFile(join(root, 'docs/experiments.md'), 'utf8');
const run = promisify(execFile);

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'planewise-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The words of a command line, without its comment. */
const wordsOf = (line: string): string[] =>
  [...line.replace(/ #.*$/, '').matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!);

/** How many subjects there are in data that do not come along, where each tests. */
const subjectsOfData: Readonly<Record<string, number>> = { 'sunnybrook-acdc.json': 5 };

describe('docs/experiments.md', () => {
  it('runs from top to bottom', async () => {
    const blocks = [...page.matchAll(/^```(sh|json)\n([\s\S]*?)^```$/gm)];
    let commands = 0;
    for (const [, tag, text] of blocks) {
      if (tag === 'json') await writeFile(join(folder, 'five.json'), text!);
      for (const line of tag === 'sh' ? text!.trim().split('\n') : []) {
        const [npx, name, ...args] = wordsOf(line);
        expect([npx, name]).toEqual(['npx', 'planewise']);
        await run(process.execPath, [join(root, 'dist/cli.js'), ...args], { cwd: folder });
        commands++;
      }
    }
    expect(commands).toBe(7);
    const told = JSON.parse(await readFile(join(folder, 'runs/five/results.json'), 'utf8'));
    expect(told).toMatchObject({ planned: 8, finished: 8, figure: 'segmentation.dice' });
    expect(await readdir(join(folder, 'runs/first'))).toContain('weights.safetensors');
  }, 600_000);

  it('tells of the experiments that there are, with their numbers of runs', async () => {
    const names = await readdir(join(root, 'experiments'));
    expect(names.length).toBeGreaterThanOrEqual(3);
    for (const name of names) {
      const file = `experiments/${name}`;
      const experiment = readExperiment(await readFile(join(root, file), 'utf8'), file);
      const folds = foldsInFile(experiment);
      const { points, pretrainings } = gridOf(
        experiment,
        folds === undefined ? subjectsOfData[name]! : folds,
      );
      const [row] = page.split('\n').filter((line) => line.startsWith(`| \`${file}\``));
      expect(row, file).toBeDefined();
      const runs = /: (\d+) runs/.exec(row!)?.[1];
      if (runs) expect(points.length + pretrainings.length, file).toBe(Number(runs));
    }
  });
});
