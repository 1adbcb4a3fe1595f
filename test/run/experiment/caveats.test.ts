/** @file What limits the figures of an experiment is in its report, whenever that is made: here of runs made by hand. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import { parseExperiment } from '../../../src/run/experiment/file.ts';
import { gridOf } from '../../../src/run/experiment/grid.ts';
import { reportExperiment } from '../../../src/run/experiment/report.node.ts';
import { keepExperiment, openFolder } from '../../../src/run/experiment/runs.node.ts';
import { useFolder } from '../../commands/terminal.ts';
import { dice } from '../../results/compared.ts';
import { tiny } from './tiny.ts';

const at = useFolder();

async function write(path: string, value: unknown): Promise<void> {
  await mkdir(dirname(at(path)), { recursive: true });
  await writeFile(at(path), JSON.stringify(value));
}

/** The finished points of an experiment, each with its files. @returns the experiment */
async function finished(content: object, folder: string, files: (point: string) => Record<string, unknown>) {
  const { experiment } = await openFolder(at(folder), parseExperiment(content, 'e.json'));
  await keepExperiment(at(folder), experiment);
  for (const { name } of gridOf(experiment, null).points) {
    const own = { 'config.json': {}, 'results.json': [dice(0.5)], 'evaluation.json': {}, ...files(name) };
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
