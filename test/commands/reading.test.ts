/** @file What the commands that train read of files: configurations that they printed themselves, and splits. */
import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ConfigError, FileError } from '../../src/base/errors.ts';
import { addFinetune } from '../../src/commands/finetune.ts';
import { addPretrain } from '../../src/commands/pretrain.ts';
import { writeStore } from '../../src/data/store.node.ts';
import type { RunConfig } from '../../src/run/config.ts';
import { tinyData } from '../train/tiny.ts';
import { terminal, useFolder } from './terminal.ts';

const at = useFolder();
const adds = { pretrain: addPretrain, finetune: addFinetune };

/** The configuration that a command prints, as text. */
async function printed(command: keyof typeof adds, ...args: string[]): Promise<string> {
  const add = adds[command];
  const { stdout } = await terminal((program) => add(program, null), command, ...args, '--print-config');
  return stdout;
}

async function write(name: string, value: unknown): Promise<string> {
  await writeFile(at(name), typeof value === 'string' ? value : JSON.stringify(value));
  return at(name);
}

describe('--print-config', () => {
  it('prints what --config reads back to the same run, whatever was given, and runs nothing', async () => {
    await writeStore(at('store'), tinyData());
    const split = await write('own.json', { train: ['a', 'b'], rest: ['e'], validation: ['c'], test: ['d'] });
    for (const [command, ...args] of [
      ['pretrain'],
      ['pretrain', '--preset', 'zhang2024', '--size', '64', '--set', 'augmentation.gamma=[0.7,1.5]'],
      ['pretrain', '--set', 'phantom.anatomy=knee', '--task', 'rotation', '--fold', '2/5'],
      [
        'pretrain',
        '--data',
        at('store'),
        '--set',
        'model.name=resnetUnet',
        '--tune',
        '5',
        '--out',
        at('run'),
      ],
      ['finetune', '--data', 'acdc/', '--labelled', '5', '--set', 'labelledValidation=1', '--mirror'],
      ['finetune', '--data', at('store'), '--preset', 'acdc', '--size', '16', '--spacing', '8'],
      ['finetune', '--data', 'acdc/', '--empty-slices', 'background'],
      ['finetune', '--task', 'classification', '--lr', '0.01', '--split', split],
      ['finetune', '--task', 'segmentation,location', '--data', 'a', '--map', 'x=short-axis', '--recompute'],
      [
        'finetune',
        '--init',
        'builtin',
        '--freeze',
        'encoder',
        '--freeze-steps',
        '5',
        '--set',
        'rates.heads=2',
      ],
    ] as [keyof typeof adds, ...string[]][]) {
      const text = await printed(command, ...args);
      const file = await write('printed.json', text);
      expect(await printed(command, '--config', file), args.join(' ')).toBe(text);
    }
    const run = printed('pretrain', '--resume', '--out', at('run'));
    await expect(run).rejects.toThrow(/no run to resume/);
  });

  it('shows the run as it would be, of a store with its grid', async () => {
    const config = JSON.parse(await printed('pretrain', '--data', at('store'), '--steps', '7')) as RunConfig;
    expect(config).toMatchObject({ size: 16, spacingMm: 8, steps: 7, preset: 'small', batch: 16 });
  });
});

describe('--split', () => {
  it('refuses what is no split, naming the file, and the subject where it has two places', async () => {
    for (const [value, message] of [
      ['{', /bad\.json: is not JSON/],
      [{ train: ['a'], test: [] }, /bad\.json: validation is missing: a list is needed/],
      [{ train: ['a'], validation: [], test: ['b', 'a'] }, /bad\.json names a twice, in train and in test/],
      [{ train: [], validation: ['b'], test: [] }, /bad\.json: train is empty/],
      [{ train: ['a'], valid: [], validation: [], test: [] }, /bad\.json: unknown key "valid"/],
    ] as const) {
      const refused = printed('pretrain', '--split', await write('bad.json', value));
      await expect(refused).rejects.toThrow(message);
    }
    await expect(printed('pretrain', '--split', at('none.json'))).rejects.toThrow(FileError);
    const good = await write('good.json', { train: ['a'], validation: [], test: [] });
    await expect(
      printed('pretrain', '--split', good, '--set', 'subjects={"train":["b"],"validation":[],"test":[]}'),
    ).rejects.toThrow(/--split and --set subjects= both/);
    await expect(printed('pretrain', '--split', good, '--fold', '1/2')).rejects.toThrow(ConfigError);
    await expect(printed('pretrain', '--fold', '6/5')).rejects.toThrow(/--fold 6\/5: a fold of two or more/);
  });
});
