/** @file Experiments on prepared stores: these are taken at their size and spacing, where the file says none. */
import { mkdir, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { addExperiment } from '../../../src/commands/experiment.ts';
import { openFiles } from '../../../src/data/sources/open.ts';
import { writeStore } from '../../../src/data/store.node.ts';
import { beginExperiment } from '../../../src/run/experiment/begin.node.ts';
import { parseExperiment } from '../../../src/run/experiment/file.ts';
import { hearts } from '../../commands/hearts.ts';
import { terminal, useFolder } from '../../commands/terminal.ts';

const at = useFolder();
const stage = { update: () => {}, end: () => {} };
const console = {
  ...{ say: () => {}, warn: () => {}, startRun: () => {} },
  startStage: () => stage,
};

const experiment = (base: object = {}, pretraining: object = {}) => ({
  name: 'stored',
  base: { batch: 4, adapter: 'swiftshader', model: { width: 4, depth: 2 }, data: at('store'), ...base },
  initialisations: {
    scratch: null,
    turned: {
      pretraining: { data: at('store'), tasks: ['rotation'], steps: 1, ...pretraining },
      pretrains: 'untested',
    },
  },
  subjects: { test: '2 folds' },
  labelled: [1],
  steps: [1],
  seeds: [1],
});

beforeAll(async () => {
  const { data } = await openFiles(hearts(4), { annotations: ['masks'], size: 16, spacingMm: 2 });
  await mkdir(at(), { recursive: true });
  await writeStore(at('store'), data);
});

describe('an experiment on a prepared store', () => {
  it('takes it at its size and spacing, to fine-tune and to pretrain', async () => {
    const options = { folder: at('run'), share: {}, console, worker: null };
    const { requests, own } = await beginExperiment({
      ...options,
      experiment: parseExperiment(experiment(), 'e.json'),
    });
    const grid = { size: 16, spacingMm: 2, data: at('store') };
    expect((await requests.of(own.points[0]!)).config).toMatchObject(grid);
    expect((await requests.of(own.pretrainings[0]!)).config).toMatchObject(grid);
  });

  it.each([
    ['base', { size: 48 }, {}],
    ['initialisations.turned.pretraining', {}, { spacingMm: 4 }],
  ])('is refused before anything runs where %s asks for another', async (section, base, pretraining) => {
    const path = at(`${section}.json`);
    for (const args of [[], ['--plan']]) {
      await writeFile(path, JSON.stringify(experiment(base, pretraining)));
      const run = terminal(
        (program) => addExperiment(program, null),
        ...['experiment', path, '--out', at('refused'), ...args],
      );
      await expect(run).rejects.toThrow(`${section}: ${at('store')} holds images of 16 px of 2 mm.`);
    }
  });
});
