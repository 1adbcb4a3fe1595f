/** @file `finetune` from arguments to a run: its defaults, weights to start from, few labelled subjects, resuming. */
import { readFile, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { CommandLine } from '../../src/commands/commandline.ts';
import { addConfigOptions, givenBy, type Values } from '../../src/commands/config.ts';
import { addFinetune } from '../../src/commands/finetune.ts';
import { addPretrain } from '../../src/commands/pretrain.ts';
import type { GivenConfig, RunConfig } from '../../src/run/config.ts';
import { fineTuning } from '../../src/run/job.ts';
import { hearts } from './hearts.ts';
import { terminal, useFolder, write } from './terminal.ts';

const at = useFolder();
const tiny = ['--adapter', 'swiftshader', '--size', '16', '--spacing', '2', '--batch', '4', '--steps', '2'];
const finetune = (...args: string[]) =>
  terminal((program) => addFinetune(program, null), 'finetune', ...tiny, ...args);
const configOf = async (run: string): Promise<RunConfig> =>
  JSON.parse(await readFile(at(run, 'config.json'), 'utf8'));

beforeAll(async () => {
  await write(at('data'), hearts(6));
  const cohort = ['phantom.subjects=3', 'phantom.phases=1', 'phantom.size=32', 'model.depth=2'];
  await terminal(
    (program) => addPretrain(program, null),
    ...['pretrain', ...tiny, '--width', '4', '--out', at('first')],
    ...cohort.flatMap((text) => ['--set', text]),
  );
}, 120_000);

async function given(...args: string[]): Promise<GivenConfig> {
  const command = new CommandLine().exitOverride().configureOutput({ writeErr: () => {} });
  addConfigOptions(command, fineTuning);
  return givenBy(command.parse(args, { from: 'user' }).opts<Values>());
}

describe('finetune', () => {
  it('goes on from a pretraining with its model, some labelled subjects and the preset’s task', async () => {
    const args = ['--data', at('data'), '--labelled', '2', '--init', at('first'), '--out', at('tuned')];
    const { stdout } = await finetune(...args);
    expect(stdout).toMatch(/Start: \d+ of \d+ weights of .*first.weights\.safetensors are taken over/);
    expect(
      stdout.match(/^Cost: 2 steps of 4 images; [\d.]+ MB on the device, 0\.\d+ MB of images/gm),
    ).toHaveLength(1);
    expect(stdout).toMatch(/final\.weight, final\.bias \(it is of the head of task orientation\)/);
    expect(stdout).toMatch(/6 images of 1 test subject:[\s\S]*Dice, mean of the classes/);
    const config = await configOf('tuned');
    expect(config.model).toMatchObject({ width: 4, depth: 2 });
    expect(config).toMatchObject({ preset: 'finetune', labelled: 2, local: ['data', 'init'] });
    const stays = JSON.parse(await readFile(at('tuned', 'local.json'), 'utf8'));
    expect(stays).toMatchObject({ data: at('data'), init: at('first') });
    expect(Object.keys(config.tasks)).toEqual(['segmentation']);
    expect(await readFile(at('tuned', 'report.html'), 'utf8')).toContain('<title>Fine-tuning: segmentation');
    const init = JSON.parse(await readFile(at('tuned', 'init.json'), 'utf8'));
    expect(init.fresh).toEqual(['final.weight', 'final.bias']);
    expect(init.skipped['global_layers.0.weight']).toBe('it is of the head of task location');
  });

  it('says why there is no figure where nothing of the test subjects can be measured', async () => {
    // masks without a structure that others have know of no background
    const partly = hearts(4, (label) => (label === 2 ? 0 : label));
    await write(at('partly'), [...hearts(3), ...partly.filter(({ path }) => path.startsWith('patient004'))]);
    const split = { train: ['patient001', 'patient002'], validation: ['patient003'], test: ['patient004'] };
    await writeFile(at('split.json'), JSON.stringify(split));
    const args = ['--data', at('partly'), '--width', '4', '--split', at('split.json'), '--out', at('silent')];
    const { stdout, stderr } = await finetune(...args);
    expect(stdout).toMatch(/6 images of 1 test subject:\nNo figure: nothing could be measured of them\.\n/);
    expect(stdout).not.toContain('RESULT');
    expect(stderr).toContain('Images that are not measured, for their masks know of no background: 6.\n');
    expect(await readFile(at('silent', 'report.html'), 'utf8')).toContain('know of no background: 6.');
  });

  it('resumes a run only with what it started from', async () => {
    const resumed = finetune('--out', at('tuned'), '--resume', '--init', at('tuned'));
    await expect(resumed).rejects.toThrow(/was started from other weights\. Resume with the init/);
    const { stdout } = await finetune('--out', at('tuned'), '--resume');
    expect(stdout).not.toContain('Start:');
    expect(stdout).toContain('test subject');
  });

  it('ends early, evaluates with mirror images, and says so in terminal and report', async () => {
    const args = ['--data', at('data'), '--out', at('early'), '--width', '4', '--mirror', '--steps', '40'];
    // a rate this low makes nothing better for long
    const sets = ['model.depth=2', 'chooseBy=figure', 'patience=1', 'validateEvery=1', 'learningRate=1e-9'];
    const { stdout } = await finetune(...args, ...sets.flatMap((text) => ['--set', text]));
    const [, last, best] =
      /^Training stopped at step (\d+) of 40 for want of better validations, best at step (\d+)$/m.exec(
        stdout,
      )!;
    expect(Number(last)).toBe(Number(best) + 1);
    const report = await readFile(at('early', 'report.html'), 'utf8');
    expect(report).toContain(
      `stopped at step ${last} of 40 for want of better validations, best at step ${best}`,
    );
    expect(report).toContain('<th scope="col">Dice of all pixels</th>');
    expect(report).toContain('Class probabilities are the means over the image and its mirror images');
    expect(await configOf('early')).toMatchObject({ mirror: true, patience: 1, chooseBy: 'figure' });
  });

  it('refuses mirror images before it trains where no class maps are learnt', async () => {
    const turned = finetune('--data', at('data'), '--task', 'rotation', '--mirror', '--out', at('turned'));
    await expect(turned).rejects.toThrow(
      /^mirror averages class maps .* task rotation predicts something else/,
    );
    await expect(readFile(at('turned', 'metrics.jsonl'))).rejects.toThrow('ENOENT');
  });

  it('trains on labelled phantom hearts where there are no data', async () => {
    const cohort = ['phantom.subjects=3', 'phantom.phases=1', 'phantom.size=32', 'model.depth=2'];
    const { stdout } = await finetune(
      ...['--width', '4', '--out', at('phantom')],
      ...cohort.flatMap((text) => ['--set', text]),
    );
    expect(stdout).toContain('Left ventricle, Dice');
  });

  it('trains a pretext on another folder beside, and goes on with it', async () => {
    await write(
      at('more'),
      hearts(9).filter(({ path }) => !path.includes('_gt')),
    );
    const args = ['--data', at('data'), '--unlabelled', at('more'), '--task', 'segmentation,rotation'];
    const { stdout } = await finetune(...args, '--width', '4', '--out', at('beside'));
    // of nine, those whose names validate (1) or test (1) in the six
    expect(stdout).toMatch(
      /^Unlabelled: 7 subjects of .*more, 42 images, for rotation; subject-\w+ \(patient00\d\), subject-\w+ \(patient00\d\) left out/m,
    );
    expect(await configOf('beside')).toMatchObject({ local: ['data', 'unlabelled'] });
    const stays = JSON.parse(await readFile(at('beside', 'local.json'), 'utf8'));
    expect(stays.unlabelled).toBe(at('more'));
    const again = await finetune('--out', at('beside'), '--resume', '--set', 'checkpointEvery=1');
    expect(again.stdout).toContain('Unlabelled: 7 subjects');
    expect(again.stdout).toContain('Rotation, accuracy');
  });

  it('refuses more labelled subjects than there are, and says how many there are', async () => {
    const many = finetune('--data', at('data'), '--labelled', '5', '--width', '4', '--out', at('many'));
    await expect(many).rejects.toThrow(
      /^labelled is 5, but of the 4 training subjects 4 have masks\. Ask for as many at most/,
    );
  });

  it('refuses weights that are none, a folder without any, and parts of weights that are not given', async () => {
    const from = (...args: string[]) => finetune('--data', at('data'), '--out', at('none'), ...args);
    await expect(from('--init', at('nowhere'))).rejects.toThrow(/nowhere/);
    await expect(from('--init', at('data'))).rejects.toThrow(/is a folder without weights\.safetensors/);
    await expect(from('--init', at('first', 'config.json'))).rejects.toThrow(/config\.json/);
    const alone = from('--init-parts', 'encoder', '--freeze', 'encoder');
    await expect(alone).rejects.toThrow(
      /initParts is encoder, but init names no weights; freeze is encoder, but init names no weights to keep/,
    );
    const wide = from('--init', at('first'), '--width', '6');
    await expect(wide).rejects.toThrow(
      /none of its \d+ weights \(of U-Net, .*\) fits this network's encoder \(U-Net, .*\)\./,
    );
  });
});

describe('flags of a training that starts from weights', () => {
  it('are keys of the configuration, and refused as they were written', async () => {
    const args = [
      '--init',
      'runs/first',
      '--init-parts',
      'encoder',
      '--freeze',
      'encoder',
      '--labelled',
      '5',
    ];
    expect(await given(...args)).toEqual({
      ...{ init: 'runs/first', initParts: 'encoder', freeze: 'encoder', labelled: 5 },
    });
    await expect(given('--init-parts', 'half')).rejects.toThrow(/: --init-parts half: one of all, encoder/);
    await expect(given('--labelled', '0')).rejects.toThrow(/: --labelled 0: a whole number from 1 is needed/);
  });
});
