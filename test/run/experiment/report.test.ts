/** @file The report of an experiment whose runs several processes make: the last that is written has all of them. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { parseExperiment } from '../../../src/run/experiment/file.ts';
import { gridOf, type Unit } from '../../../src/run/experiment/grid.ts';
import { reportExperiment } from '../../../src/run/experiment/report.node.ts';
import { keepExperiment, openFolder } from '../../../src/run/experiment/runs.node.ts';
import { useFolder } from '../../commands/terminal.ts';
import { dice } from '../../results/compared.ts';
import { tiny } from './tiny.ts';

/** Awaited whenever the finished runs have been read. */
const reading = vi.hoisted(() => ({ done: async (): Promise<void> => {} }));

vi.mock('../../../src/run/experiment/outcome.node.ts', async (original) => {
  const actual = await original<typeof import('../../../src/run/experiment/outcome.node.ts')>();
  return {
    ...actual,
    async readRuns(...args: Parameters<typeof actual.readRuns>) {
      const runs = await actual.readRuns(...args);
      await reading.done();
      return runs;
    },
  };
});

const at = useFolder();

async function finish({ name }: Unit): Promise<void> {
  const files = { 'config.json': {}, 'results.json': [dice(0.5)], 'evaluation.json': {} };
  await mkdir(at(name), { recursive: true });
  for (const [file, value] of Object.entries(files)) await writeFile(at(name, file), JSON.stringify(value));
}

it('a report has the runs that another process finished, and reported, while it was made', async () => {
  const { experiment } = await openFolder(at(), parseExperiment(tiny, 'tiny.json'));
  const { points } = gridOf(experiment, null);
  await keepExperiment(at(), experiment);
  await finish(points[0]!);
  const later = points.slice(1, 3);
  reading.done = async () => {
    const next = later.pop();
    if (next) await finish(next);
  };
  expect((await reportExperiment(experiment, at())).finished).toHaveLength(3);
  expect(JSON.parse(await readFile(join(at(), 'results.json'), 'utf8'))).toMatchObject({ finished: 3 });
  expect(await readFile(join(at(), 'report.html'), 'utf8')).toContain('3 of 8 fine-tunings are finished');
});

it('a report whose seeds all have the same difference does not say that they are too few', async () => {
  const { experiment } = await openFolder(at(), parseExperiment(tiny, 'tiny.json'));
  await keepExperiment(at(), experiment);
  for (const point of gridOf(experiment, null).points) await finish(point);
  reading.done = async () => {};
  await reportExperiment(experiment, at());
  const report = await readFile(join(at(), 'report.html'), 'utf8');
  expect(report).toContain('There is no test: the seeds have all the same difference, or none.');
  expect(report).not.toContain('fewer than two seeds');
});
