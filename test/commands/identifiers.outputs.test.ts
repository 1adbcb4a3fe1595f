/** @file What `predict`, `plan`, `evaluate` and `experiment` leave names nobody: every byte and name of it is searched. */
import { readdir, readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addEvaluate } from '../../src/commands/evaluate.ts';
import { addExperiment } from '../../src/commands/experiment.ts';
import { addPlan } from '../../src/commands/plan.ts';
import { addPredict } from '../../src/commands/predict.ts';
import { memoryFile } from '../data/dicom-writer.ts';
import { fileOf, segmentation } from '../run/anyweights.ts';
import { hearts } from './hearts.ts';
import { leaks } from './leaks.ts';
import { secrets, somebody } from './somebody.ts';
import { terminal, useFolder, write } from './terminal.ts';

const at = useFolder();
const former = process.env.PLANEWISE_KEY;
const classes = ['background', 'right ventricle', 'myocardium', 'left ventricle'];

/** Labelled volumes of somebody. */
const volumes = (count: number) =>
  hearts(count).map((file) => ({ ...file, path: file.path.replaceAll('patient', 'SECRETID') }));

async function printed(add: (program: Command) => void, ...args: string[]): Promise<void> {
  const { stdout } = await terminal(add, ...args, '--json');
  // the folder that was named may be named again
  const rest = secrets.filter((secret) => secret !== 'planewise-secret');
  expect(rest.filter((secret) => stdout.includes(secret))).toEqual([]);
}
const weights = ['--adapter', 'swiftshader', '--weights'];

beforeAll(async () => {
  process.env.PLANEWISE_KEY = at('key.jsonl');
  await write(at('planewise-secret'), somebody());
  await write(at('planewise-secret-hearts'), volumes(4));
  const { bytes } = fileOf({ segmentation }, classes, { width: 4, size: 32, spacingMm: 8 });
  await write(at('classes'), [memoryFile('weights.safetensors', bytes)]);
});
afterAll(() => {
  process.env.PLANEWISE_KEY = former;
});

describe('names are in nothing that is written', () => {
  it('by predict, as NIfTI and as DICOM SEG', async () => {
    const predict = (data: string, out: string, ...rest: string[]) =>
      printed(
        addPredict,
        'predict',
        ...weights,
        at('classes'),
        '--data',
        at(data),
        '--out',
        at(out),
        ...rest,
      );
    await predict('planewise-secret-hearts', 'maps');
    await predict('planewise-secret', 'seg', '--format', 'dicom-seg');
    for (const [out, count] of [
      ['maps', 8],
      ['seg', 2],
    ] as const) {
      expect((await readdir(at(out))).filter((name) => name.startsWith('subject-'))).toHaveLength(count);
      expect(await leaks(at(out), secrets)).toEqual([]);
    }
  }, 120_000);

  it('by plan, as JSON and as DICOM', async () => {
    await printed(
      addPlan,
      ...['plan', ...weights, 'builtin', '--study', at('planewise-secret'), '--out', at('planned')],
    );
    expect((await readdir(at('planned'))).sort()).toEqual([
      'plan.json',
      expect.stringMatching(/^subject-[0-9a-z]{8}$/),
    ]);
    expect(await leaks(at('planned'), secrets)).toEqual([]);
  }, 120_000);

  it('by an experiment, its runs, reports and event files', async () => {
    await write(at('planewise-secret-unlabelled'), volumes(3));
    const shared = { size: 16, spacingMm: 12, batch: 2, steps: 2 };
    const file = {
      name: 'named',
      base: {
        preset: 'finetune',
        ...shared,
        model: { width: 4, depth: 2 },
        data: at('planewise-secret-hearts'),
      },
      initialisations: {
        scratch: null,
        rotation: {
          pretraining: {
            preset: 'small',
            ...shared,
            tasks: ['rotation'],
            data: at('planewise-secret-unlabelled'),
          },
        },
      },
      subjects: { test: 1, distinct: true },
      labelled: [2],
      seeds: [1],
    };
    await write(at('.'), [memoryFile('planewise-secret.json', Buffer.from(JSON.stringify(file)))]);
    const args = [at('planewise-secret.json'), '--out', at('named'), '--tensorboard'];
    await terminal(
      (program) => addExperiment(program, null),
      'experiment',
      ...args,
      '--adapter',
      'swiftshader',
    );
    const runs = [
      'pretrained/rotation_seed-1',
      ...(await readdir(at('named/points'))).map((name) => `points/${name}`),
    ];
    expect(runs).toHaveLength(3);
    for (const run of runs) expect(await readdir(at(`named/${run}`))).toContain('report.html');
    // where this machine finds the data again, which says so itself
    expect(await leaks(at('named'), secrets, ['local.json'])).toEqual([]);
  }, 240_000);

  it('by evaluate, as CSV', async () => {
    const args = ['--data', at('planewise-secret-hearts'), '--rows', '--csv', at('t.csv')];
    await printed(addEvaluate, 'evaluate', ...weights, at('classes'), ...args);
    const text = await readFile(at('t.csv'), 'utf8');
    expect(text).toContain('subject-');
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
  }, 120_000);
});
