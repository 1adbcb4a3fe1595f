/** @file What `predict`, `plan` and `evaluate` leave names nobody: every byte and name of it is searched. */
import { readdir, readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addEvaluate } from '../../src/commands/evaluate.ts';
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

  it('by evaluate, as CSV', async () => {
    const args = ['--data', at('planewise-secret-hearts'), '--rows', '--csv', at('t.csv')];
    await printed(addEvaluate, 'evaluate', ...weights, at('classes'), ...args);
    const text = await readFile(at('t.csv'), 'utf8');
    expect(text).toContain('subject-');
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
  }, 120_000);
});
