/** @file What a job says of settings that do less than they seem to. */
import { describe, expect, it } from 'vitest';
import { writeStore } from '../../src/data/store.node.ts';
import { type GivenConfig, presets, resolveConfig } from '../../src/run/config.ts';
import { type JobConsole, trainingProgress } from '../../src/run/jobconsole.node.ts';
import { openJobData } from '../../src/run/jobdata.node.ts';
import { planRun } from '../../src/run/plan.ts';
import { frozenLines, settingLines } from '../../src/run/settinglines.ts';
import { useFolder } from '../commands/terminal.ts';
import { maskedData } from '../train/masked.ts';
import { tinyData } from '../train/tiny.ts';

const at = useFolder();

const linesOf = (given: GivenConfig, data = maskedData()): string[] => {
  const config = resolveConfig({ preset: 'finetune', ...given });
  return settingLines(config, planRun(config, data.manifest));
};

describe('what is frozen', () => {
  const frozen = (given: GivenConfig) =>
    frozenLines(resolveConfig({ steps: 6, init: 'w', freeze: 'encoder', ...given }));

  it.each([
    [{}, 'Frozen: the encoder for all 6 steps'],
    [{ freezeSteps: 4 }, 'Frozen: the encoder for 4 steps; it is trained from the next on'],
    [
      { freezeSteps: 4, rates: { encoder: 0.1 } },
      'Frozen: the encoder for 4 steps; it is trained from the next on',
    ],
    [{ freezeSteps: 20 }, 'Frozen: the encoder for all 6 steps; freezeSteps is 20, so that it never thaws'],
    [{ rates: { encoder: 0.1 } }, 'Frozen: the encoder for all 6 steps; rates.encoder 0.1 changes nothing'],
  ])('is said: %j', (given, line) => {
    expect(frozen(given)).toEqual([line]);
  });

  it('is said below the weights that were taken over, and not of what is trained', () => {
    expect(frozenLines(presets.finetune)).toEqual([]);
    const said: string[] = [];
    const console: JobConsole = {
      say: (line) => void said.push(line),
      warn: () => {},
      startStage: () => ({ update: () => {}, end: () => {} }),
    };
    const config = resolveConfig({ init: 'w', freeze: 'encoder' });
    const body = { parts: 'all', filled: 1, of: 1 } as const;
    const report = { file: 'w', checksum: '', loaded: ['a'], skipped: new Map(), fresh: [], body };
    trainingProgress(console, config, tinyData()).show({ kind: 'init', report });
    expect(said).toEqual([
      expect.stringMatching(/^Start: 1 of 1 weights/),
      'Frozen: the encoder for all 1000 steps',
    ]);
  });
});

describe('a setting of which nothing is left', () => {
  it.each([
    [
      { patience: 5, steps: 10 },
      /^Patience: 5 never ends this run early, for it validates 0 times before step 10 /,
    ],
    [{ patience: 2, steps: 300 }, /^Patience: 2 never .* 2 times before step 300 \(validateEvery is 100\)$/],
    [
      { chooseBy: 'figure', tasks: ['rotation'] },
      /^Choice: chooseBy is figure, but no task here has one: the loss/,
    ],
    [{ mirror: true }, /^Mirror: the network is trained without mirror images/],
  ] satisfies [GivenConfig, RegExp][])('is told of: %j', (given, line) => {
    expect(linesOf(given)).toEqual([expect.stringMatching(line)]);
  });

  it.each([
    { patience: 2, steps: 301 },
    { chooseBy: 'figure' },
    { mirror: true, augmentation: { flipX: true } },
    {},
  ] satisfies GivenConfig[])('is not told of where something is: %j', (given) => {
    expect(linesOf(given)).toEqual([]);
  });

  it('is told of with the data', async () => {
    await writeStore(at('store'), maskedData());
    const said: string[] = [];
    const given = {
      preset: 'finetune',
      data: at('store'),
      size: 16,
      spacingMm: 8,
      model: { depth: 2 },
    } as const;
    await openJobData(resolveConfig({ ...given, mirror: true, identifiers: 'keep' }), {
      ...{ say: (line) => void said.push(line), resume: false, worker: null, onWarning: () => {} },
      startStage: () => ({ update: () => {}, end: () => {} }),
    });
    expect(said).toContainEqual(expect.stringMatching(/^Mirror: /));
  });
});
