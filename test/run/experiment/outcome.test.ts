/** @file The runs of an experiment that are damaged: named, with what to do. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileError } from '../../../src/base/errors.ts';
import { parseExperiment } from '../../../src/run/experiment/file.ts';
import { gridOf } from '../../../src/run/experiment/grid.ts';
import {
  outcomeJson,
  outcomeOf,
  readPretrained,
  readRuns,
  runsAsCsv,
} from '../../../src/run/experiment/outcome.node.ts';
import { openFolder } from '../../../src/run/experiment/runs.node.ts';
import { useFolder } from '../../commands/terminal.ts';
import { tiny } from './tiny.ts';

const at = useFolder();
const experiment = parseExperiment(tiny, 'tiny.json');
const grid = gridOf(experiment, null);

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(at(path)), { recursive: true });
  await writeFile(at(path), text);
}

describe('an experiment’s finished runs', () => {
  const [point, made] = [grid.points[0]!.name, grid.pretrainings[0]!.name];

  it.each([
    ['is cut short', '[{"key": "dic', /is not JSON/],
    ['is nested without end', '['.repeat(100_000), /more than 100 deep/],
    ['is no list', 'null', /does not hold what a run came to/],
    ['is a list of something else', '[1]', /does not hold/],
    ['has no values by subject', '[{"key": "dice", "bySubject": null}]', /does not hold/],
  ])('are refused by file where results.json %s', async (_, text, message) => {
    for (const name of [point, made]) {
      await write(`${name}/config.json`, '{}');
      await write(`${name}/evaluation.json`, '{}');
      await write(`${name}/results.json`, text);
    }
    for (const read of [readRuns, readPretrained]) {
      const error = await read(at(), grid).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(FileError);
      expect(error).toMatchObject({
        message: expect.stringMatching(message),
        file: expect.stringMatching(/results\.json$/),
      });
    }
  });

  it('are rows by subject, or one without where only all subjects together have a figure', async () => {
    const figure = { title: 'T', unit: '', digits: 3, better: 'lower', trivial: null, detail: false };
    const results = [
      { ...figure, key: 'by', value: 0.25, bySubject: { a: 0, b: 0.5 } },
      { ...figure, key: 'whole', value: 0.125, bySubject: {} },
      { ...figure, key: 'none', value: null, bySubject: {} },
    ];
    for (const { name } of grid.points) {
      await write(`${name}/config.json`, '{}');
      await write(`${name}/evaluation.json`, '{}');
      await write(`${name}/results.json`, JSON.stringify(results));
    }
    const outcome = outcomeOf(experiment, { grid, folds: null }, await readRuns(at(), grid));
    const own = runsAsCsv(outcome)
      .split('\r\n')
      .filter((line) => line.startsWith(`${point},`));
    expect(own.map((line) => line.split(',').slice(6))).toEqual([
      ['a', 'by', '0'],
      ['b', 'by', '0.5'],
      ['', 'whole', '0.125'],
    ]);
    const { runs } = outcomeJson(outcome) as { readonly runs: readonly { readonly values: object }[] };
    expect(runs[0]!.values).toEqual({ by: 0.25, whole: 0.125, none: null });
  });

  const said = {
    ...{ label: 'pathology', classes: ['NOR', 'DCM'] },
    predictions: [{ subject: 'a', group: 'NOR', images: 2, predicted: 'NOR', probabilities: [0.75, 0.25] }],
  };
  const [prediction] = said.predictions;
  const folds = gridOf(parseExperiment({ ...tiny, subjects: { test: '2 folds' } }, 'tiny.json'), 2);
  const evaluated = async (classification: unknown): Promise<unknown> => {
    const { name } = folds.points[0]!;
    await write(`${name}/config.json`, '{}');
    await write(`${name}/results.json`, '[]');
    const text = typeof classification === 'string' ? classification : JSON.stringify({ classification });
    await write(`${name}/evaluation.json`, text);
    return readRuns(at(), folds).catch((caught: unknown) => caught);
  };

  it.each([
    ['is cut short', '{"classification": {"cl', /is not JSON/],
    ['is no object', '[]', /does not hold what a run came to/],
    ['has a number for a task', 1, /does not hold/],
    ['has no classes', { ...said, classes: undefined }, /does not hold/],
    ['has no predictions', { ...said, predictions: {} }, /does not hold/],
    ['has nobody', { ...said, predictions: [{ ...prediction, subject: null }] }, /does not hold/],
    [
      'has a class that is none',
      { ...said, predictions: [{ ...prediction, predicted: 'X' }] },
      /does not hold/,
    ],
    [
      'lacks a probability',
      { ...said, predictions: [{ ...prediction, probabilities: [1] }] },
      /does not hold/,
    ],
  ])('of a fold are refused by file where evaluation.json %s', async (_, content, message) => {
    const error = await evaluated(content);
    expect(error).toBeInstanceOf(FileError);
    expect(error).toMatchObject({
      message: expect.stringMatching(message),
      file: expect.stringMatching(/evaluation\.json$/),
    });
  });

  it('of a fold are read as they were written', async () => {
    expect(await evaluated(said)).toMatchObject([{ summaries: { classification: said } }]);
    expect(await evaluated(null)).toMatchObject([{ summaries: { classification: null } }]);
  });

  it('are left alone where experiment.json is damaged', async () => {
    await write('experiment.json', '{"name": "tin');
    await expect(openFolder(at(), experiment)).rejects.toThrow(/experiment\.json: is not JSON/);
  });
});

describe('the outcome of a part of an experiment', () => {
  it('leaves out initialisations of which nothing is finished, and names them', () => {
    const result = {
      key: 'dice',
      title: 'Dice',
      unit: '',
      digits: 3,
      better: 'higher',
      detail: false,
    } as const;
    const runs = grid.points
      .filter(({ pretraining }) => pretraining === null)
      .map(({ name, initialisation, labelled, steps, seed }) => ({
        ...{ name, initialisation, pretraining: null, labelled, steps, seed },
        results: [{ ...result, value: 0.5, trivial: null, bySubject: { a: 0.5 } }],
      }));
    const outcome = outcomeOf(experiment, { grid, folds: null }, runs);
    expect(outcome.initialisations).toEqual(['scratch']);
    expect(outcome.unfinished).toEqual(['pretrained']);
    expect(outcome.comparisons.get('dice')).toEqual([]);
    expect(outcome.planned).toBe(grid.points.length);
  });
});
