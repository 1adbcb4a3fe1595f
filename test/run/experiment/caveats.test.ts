/** @file What limits the figures of an experiment is in its report, whenever that is made: here of runs made by hand. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { addExperiment } from '../../../src/commands/experiment.ts';
import { pointConfigBefore } from '../../../src/run/experiment/configs.ts';
import { parseExperiment } from '../../../src/run/experiment/file.ts';
import { gridOf } from '../../../src/run/experiment/grid.ts';
import { reportExperiment } from '../../../src/run/experiment/report.node.ts';
import { keepExperiment, openFolder } from '../../../src/run/experiment/runs.node.ts';
import { terminal, useFolder } from '../../commands/terminal.ts';
import { dice } from '../../results/compared.ts';
import { tiny } from './tiny.ts';

const at = useFolder();

async function write(path: string, value: unknown): Promise<void> {
  await mkdir(dirname(at(path)), { recursive: true });
  await writeFile(at(path), JSON.stringify(value));
}

/** The finished points of an experiment, each with its files. @returns the experiment */
async function finished(
  content: object,
  folder: string,
  files: (point: string) => Record<string, unknown>,
  folds: number | null = null,
) {
  const { experiment } = await openFolder(at(folder), parseExperiment(content, 'e.json'));
  await keepExperiment(at(folder), experiment);
  for (const point of gridOf(experiment, folds).points) {
    const { name } = point;
    // as of a folder that was handed on, which has no paths
    const { data: _, ...config } = pointConfigBefore(experiment, point);
    const own = { 'config.json': config, 'results.json': [dice(0.5)], 'evaluation.json': {}, ...files(name) };
    for (const [file, value] of Object.entries(own)) await write(`${folder}/${name}/${file}`, value);
  }
  return experiment;
}

const reportIn = (folder: string): Promise<string> => readFile(at(folder, 'report.html'), 'utf8');

it('initial weights of which the network took only some are told of once for each initialisation', async () => {
  const init = (filled: number) => ({ file: 'w', checksum: 'c', body: { parts: 'all', filled, of: 100 } });
  const initialisations = { ...tiny.initialisations, w: { weights: 'w' }, older: { weights: 'o' } };
  const filled: Record<string, number> = { pretrained: 100, w: 22 };
  const experiment = await finished({ ...tiny, initialisations }, 'taken', (name) => {
    const key = /^points\/([a-z]+)/.exec(name)![1]!;
    if (key === 'scratch') return {};
    // earlier versions kept no counts
    return { 'init.json': key === 'older' ? { file: 'o', checksum: 'c' } : init(filled[key]!) };
  });
  await reportExperiment(experiment, at('taken'));
  const told = (await reportIn('taken')).match(/[^>]*begins with \d+ of \d+ weights[^<]*/g);
  expect(told).toEqual([
    expect.stringMatching(/^w begins with 22 of 100 weights of the network, heads apart, taken over/),
  ]);
});

it('test subjects whom pretrainings’ data do not know are told of by initialisation, each once', async () => {
  const pretraining = { data: 'scans', tasks: ['rotation'], steps: 4 };
  const of = { pretraining, pretrains: 'untested' };
  const content = {
    ...tiny,
    base: { ...tiny.base, phantom: undefined, data: 'hearts' },
    initialisations: { scratch: null, one: of, other: of },
    ...{ subjects: { test: 2 }, pretrainingSeeds: [1, 2] },
  };
  const experiment = await finished(content, 'unmatched', () => ({}));
  const made = ['one', 'other'].flatMap((key) => [1, 2].map((seed) => `pretrained/${key}_seed-${seed}`));
  const names: Record<string, string[]> = { [made[0]!]: ['c', 'a'], [made[1]!]: ['a'] };
  for (const name of made) {
    const own = { 'config.json': {}, 'results.json': [], 'evaluation.json': {} };
    const files = names[name] ? { ...own, 'unmatched.json': names[name] } : own;
    for (const [file, value] of Object.entries(files)) await write(`unmatched/${name}/${file}`, value);
  }
  await reportExperiment(experiment, at('unmatched'));
  const report = await reportIn('unmatched');
  expect(report.match(/<p class="note">The data of the pretraining of [^:]*/g)).toEqual([
    expect.stringMatching(/ of one have nobody of the name of a, c, who test$/),
  ]);
  expect(report).toContain('<p>But for those named below, nobody who tests pretrains. Images');
  await write(`unmatched/${made[0]}/unmatched.json`, { a: 1 });
  await expect(reportExperiment(experiment, at('unmatched'))).rejects.toThrow(
    /unmatched\.json: is no list of names/,
  );
});

describe('test subjects without a figure', () => {
  const test = ['a', 'b', 'c'];
  const parts = test.map((name) => ({ test: [name], pool: test.filter((one) => one !== name), spare: [] }));
  const folded = { ...tiny, subjects: { test: '3 folds' } };

  /** The report of an experiment in folds, and what is printed of it. @param of the value of a subject, null without one */
  async function told(folder: string, of: (name: string, seed: number) => number | null) {
    await finished(
      folded,
      folder,
      (point) => {
        const [, fold, seed] = /fold-(\d)_seed-(\d)$/.exec(point)!;
        const name = test[Number(fold) - 1]!;
        const value = of(name, Number(seed));
        return { 'results.json': value === null ? [] : [{ ...dice(value, [name]) }] };
      },
      3,
    );
    await write(`${folder}/subjects.json`, { folds: parts, groups: {} });
    await write('e.json', folded);
    const args = [at('e.json'), '--out', at(folder), '--report'];
    const { stderr } = await terminal((program) => addExperiment(program, null), 'experiment', ...args);
    return { stderr, report: await reportIn(folder) };
  }

  it('are named where they have none in any run, or in some alone', async () => {
    const { stderr, report } = await told('few', (name, seed) =>
      name === 'b' || (name === 'c' && seed === 2) ? null : 0.5,
    );
    const none =
      'Dice, mean of the classes: 2 of 3 test subjects have a value, and means are over these. Without one in any run: b. The reports of the runs in which they test say why.';
    const some =
      'Dice, mean of the classes: in some runs alone there is a value of c. Means of the other runs, and differences to these, are without them.';
    expect(stderr).toBe(`${none}\n${some}\n`);
    for (const line of [none, some]) expect(report).toContain(`<p class="note">${line}</p>`);
    expect(report).toContain('figure is the mean over those of them who have one.');
  });

  it('are told of where nobody has one, and nothing is where all have', async () => {
    const nobody = await told('nobody', () => null);
    const none =
      'None of the 3 test subjects has a figure. The reports of the runs in which they test say why.';
    expect(nobody.stderr).toBe(`${none}\n`);
    expect(nobody.report).toContain(`are finished. ${none}`);
    const everybody = await told('everybody', () => 0.5);
    expect(everybody.stderr).toBe('');
    expect(everybody.report).toContain('figure is the mean over all of them.');
    expect(everybody.report).not.toContain('test subjects ha');
  });
});
