/** @file The folder of an experiment while it is begun: by several processes at once, or by one that was killed. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { parseExperiment } from '../../../src/run/experiment/file.ts';
import { keepExperiment, openFolder } from '../../../src/run/experiment/runs.node.ts';
import type { Experiment } from '../../../src/run/experiment/settings.ts';
import { useFolder } from '../../commands/terminal.ts';
import { tiny } from './tiny.ts';

const at = useFolder();

const parsed = (changes: object = {}): Experiment => parseExperiment({ ...tiny, ...changes }, 'e.json');
/** With a place of this computer, which is kept in a file of its own. */
const placed = (): Experiment => {
  const { base, ...own } = parsed();
  return { ...own, base: { ...base, data: at('images') } };
};

describe('a folder in which an experiment', () => {
  // each file as writes leave it while they go on
  it.each([
    ['is just written', ['experiment.json.1b4e28ba-2fa1-11d2-883f-0016d3cca427.tmp']],
    ['has a first file', ['local.json']],
    ['is between its files', ['local.json', 'experiment.json.1b4e28ba-2fa1-11d2-883f-0016d3cca427.tmp']],
  ])('%s is a new one', async (state, names) => {
    const folder = at(state);
    await mkdir(folder, { recursive: true });
    for (const name of names) await writeFile(join(folder, name), JSON.stringify({ experiment: placed() }));
    const { experiment, before } = await openFolder(folder, parsed());
    expect(before).toBeNull();
    await keepExperiment(folder, experiment);
    expect((await openFolder(folder, parsed())).before).toEqual(experiment);
  });

  it.each([
    'thesis.txt',
    'experiment.json.tmp',
    'my-experiment.json.1b4e28ba-2fa1-11d2-883f-0016d3cca427.tmp',
  ])('is not begun, beside %s', async (name) => {
    const folder = at(`beside ${name}`);
    await mkdir(folder, { recursive: true });
    for (const one of ['local.json', name]) await writeFile(join(folder, one), '{}');
    await expect(openFolder(folder, parsed())).rejects.toThrow(
      /beside .*: is not empty and holds no experiment\.json/,
    );
  });

  it('is begun by many at once is opened by each of them', async () => {
    for (let round = 0; round < 8; round++) {
      const folder = at(`many-${round}`);
      const begin = async (i: number): Promise<void> => {
        await pause(i);
        const { experiment } = await openFolder(folder, placed());
        await keepExperiment(folder, experiment);
      };
      await Promise.all(Array.from({ length: 8 }, (_, i) => begin(i)));
      expect((await readdir(folder)).sort()).toEqual(['experiment.json', 'local.json']);
      expect((await openFolder(folder, placed())).before).toMatchObject({ base: { data: at('images') } });
    }
  }, 300_000);

  it('has begun since it was opened is not taken by another experiment', async () => {
    const { experiment } = await openFolder(at('both'), parsed());
    const other = await openFolder(at('both'), parsed({ name: 'other' }));
    await keepExperiment(at('both'), experiment);
    await expect(keepExperiment(at('both'), other.experiment)).rejects.toThrow(
      /experiment\.json: is of the experiment tiny\. Choose another --out/,
    );
  });
});
