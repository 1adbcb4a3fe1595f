/** @file Every command that writes says that it cannot, and why, before it reads or computes anything. */
import { mkdir, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { addEvaluate } from '../../src/commands/evaluate.ts';
import { addExperiment } from '../../src/commands/experiment.ts';
import { addFinetune } from '../../src/commands/finetune.ts';
import { addPhantom } from '../../src/commands/phantom.ts';
import { addPlan } from '../../src/commands/plan.ts';
import { addPredict } from '../../src/commands/predict.ts';
import { addPrepare } from '../../src/commands/prepare.ts';
import { addPretrain } from '../../src/commands/pretrain.ts';
import { addTune } from '../../src/commands/tune.ts';
import { addWeights } from '../../src/commands/weights.ts';
import { terminal, useFolder } from './terminal.ts';

const at = useFolder();
afterEach(() => vi.unstubAllEnvs());

const grid = JSON.stringify({
  name: 'grid',
  base: {},
  initialisations: { scratch: null },
  labelled: [1],
  seeds: [1],
});

/** Each command writes below a file; what it would read is not there, and would be missed next. */
const writing: readonly [name: string, (program: Command) => void, (out: string) => string[]][] = [
  ['phantom', addPhantom, (out) => ['--out', out]],
  ['prepare', addPrepare, (out) => [at('images'), '--out', out]],
  ['pretrain', (program) => addPretrain(program, null), (out) => ['--data', at('images'), '--out', out]],
  ['finetune', (program) => addFinetune(program, null), (out) => ['--data', at('images'), '--out', out]],
  ['predict', addPredict, (out) => ['--weights', at('none'), '--data', at('images'), '--out', out]],
  ['plan', addPlan, (out) => ['--weights', at('none'), '--study', at('images'), '--out', out]],
  ['evaluate', addEvaluate, (out) => ['--weights', at('none'), '--data', at('images'), '--csv', out]],
  ['experiment', (program) => addExperiment(program, null), (out) => [at('grid.json'), '--out', out]],
  ['weights', addWeights, (out) => ['export', at('none'), '--format', 'npz', '--out', out]],
  ['weights', addWeights, (out) => ['import', at('none.npz'), '--out', `${out}.safetensors`]],
];

describe('what cannot be written is refused first', () => {
  it.each(writing)('by %s', async (name, add, args) => {
    await mkdir(at('images')).catch(() => {});
    await writeFile(at('grid.json'), grid);
    await writeFile(at('file'), '');
    await expect(terminal(add, name, ...args(at('file', 'out')))).rejects.toThrow(
      /file\/out[^:]*: is not a folder, or lies under a file/,
    );
  });

  it('by tune, whose findings go to the cache', async () => {
    await writeFile(at('file'), '');
    vi.stubEnv('PLANEWISE_CACHE', at('file'));
    await expect(terminal(addTune, 'tune')).rejects.toThrow(/variants\.json: is not a folder, or lies under/);
  });

  it('by what gives people pseudonyms, whose key has no place', async () => {
    await mkdir(at('people'));
    await writeFile(at('file'), '');
    vi.stubEnv('PLANEWISE_KEY', at('file', 'key.jsonl'));
    const refused = /key\.jsonl: is not a folder, or lies under a file/;
    await expect(terminal(addPrepare, 'prepare', at('people'), '--out', at('store'))).rejects.toThrow(
      refused,
    );
    const args = ['--data', at('people'), '--out', at('run'), '--adapter', 'swiftshader'];
    await expect(terminal((program) => addPretrain(program, null), 'pretrain', ...args)).rejects.toThrow(
      refused,
    );
  });
});
