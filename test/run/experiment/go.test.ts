/** @file An experiment whole; killed and gone on with; grown; contradicted. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { listed } from '../../../src/base/words.ts';
import { addExperiment } from '../../../src/commands/experiment.ts';
import { openFolder } from '../../../src/run/experiment/runs.node.ts';
import type { Experiment } from '../../../src/run/experiment/settings.ts';
import { type Printed, terminal, useFolder } from '../../commands/terminal.ts';
import { slow } from '../../slow.ts';
import { tiny, withoutTimes } from './tiny.ts';

const at = useFolder();
const whole = () => at('whole');
const read = (...path: string[]): Promise<string> => readFile(at(...path), 'utf8');

/** Runs an experiment in a folder of the test's. */
async function experiment(content: object, out: string, ...args: string[]): Promise<Printed> {
  await mkdir(at(), { recursive: true });
  await writeFile(at('e.json'), JSON.stringify(content));
  return terminal(
    (program) => addExperiment(program, null),
    'experiment',
    at('e.json'),
    '--out',
    at(out),
    ...args,
  );
}

/** When each file of the runs was last written. */
async function times(out: string): Promise<Record<string, number>> {
  const found = await readdir(at(out, 'points'), { recursive: true, withFileTypes: true });
  const files = found.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  const entries = files.map(async (file) => [file, (await stat(file)).mtimeMs] as const);
  return Object.fromEntries(await Promise.all(entries));
}

let first: Printed;
beforeAll(async () => {
  first = await experiment(tiny, 'whole');
}, 400_000);

describe('an experiment', () => {
  it('pretrains once, runs every point, and reports', async () => {
    expect(first.stdout.match(/^\[\d\/9\]/gm)).toHaveLength(9);
    expect(first.stdout).toContain('[1/9] pretraining pretrained, seed 1');
    expect(first.stdout).toMatch(/\[4\/9\] .*\(about 0:\d\d left\)/);
    expect(await readdir(at('whole', 'points'))).toHaveLength(8);
    const csv = (await read('whole', 'results.csv')).trim().split('\r\n');
    const figures = new Set(csv.slice(1).map((line) => line.split(',')[7]));
    expect(csv[0]).toBe('run,initialisation,pretraining,labelled,steps,seed,subject,figure,value');
    expect(csv.filter((line) => line.includes(',segmentation.dice,'))).toHaveLength(8 * 3);
    expect(figures.size).toBeGreaterThan(5);
    const told = JSON.parse(await read('whole', 'results.json'));
    expect(told).toMatchObject({ figure: 'segmentation.dice', scratch: 'scratch', planned: 8, finished: 8 });
    expect(told.results[0].comparisons).toHaveLength(2);
    const report = await read('whole', 'report.html');
    expect(report).toContain('8 of 8 fine-tunings are finished');
    expect(report).toContain('Planes planned on the test studies');
    const planned = JSON.parse(await read('whole', 'pretrained', 'pretrained_seed-1', 'planes.json'));
    const { planes, refused } = planned;
    expect(planes.length + refused.length).toBe(2 * 3);
    expect(first.stdout).toContain('Planes planned on the test studies with pretraining pretrained, seed 1:');
  });

  it('tests the same hearts at every point, and labels others; the two contain the one', async () => {
    const names = await readdir(at('whole', 'points'));
    const configs = await Promise.all(
      names.map(async (name) => JSON.parse(await read('whole', 'points', name, 'config.json'))),
    );
    const tests = new Set(configs.map(({ subjects }) => JSON.stringify(subjects.test)));
    expect([...tests]).toEqual(['["test/patient001","test/patient002","test/patient003"]']);
    for (const { subjects, seed } of configs) {
      expect(subjects.validation).toEqual([]);
      for (const name of subjects.train) expect(name).toMatch(/^pool\//);
      const same = configs.filter((one) => one.seed === seed).map((one) => one.subjects.train);
      const [one, two] = [1, 2].map((count) => same.filter((train) => train.length === count));
      expect(new Set(one!.map(String)).size).toBe(1);
      expect(two![0]).toContain(one![0][0]);
    }
  });

  it('begins the points of an initialisation with its weights, and keeps no checkpoint of what is finished', async () => {
    const point = 'pretrained_pretraining-1_labelled-1_steps-8_seed-1';
    const init = JSON.parse(await read('whole', 'points', point, 'init.json'));
    expect(init.loaded).toContain('conv1.conv1.0.weight');
    expect(await readdir(at('whole', 'points', point))).not.toContain('checkpoint.safetensors');
    expect(existsSync(at('whole', 'points', 'scratch_labelled-1_steps-8_seed-1', 'init.json'))).toBe(false);
  });

  it('says which trainings ended before their last step', async () => {
    const standing = { ...tiny.base, learningRate: 1e-12, validateEvery: 1, patience: 1 };
    const one = { labelled: [2], seeds: [1], initialisations: { scratch: null } };
    const subjects = { ...tiny.subjects, validation: 1 };
    const { stderr } = await experiment({ ...tiny, ...one, subjects, base: standing }, 'standing');
    expect(stderr).toMatch(
      /^points\/scratch_labelled-2_steps-8_seed-1 stopped at step 2 of 8 for want of better validations, best at step 1$/m,
    );
  });

  it('has nothing to report before its first run, and leaves the folder free for it', async () => {
    await expect(experiment(tiny, 'early', '--report')).rejects.toThrow(
      /holds no runs of this experiment yet/,
    );
    expect(existsSync(at('early'))).toBe(false);
  });

  it('names the figures that there are where the one asked for is none', async () => {
    const other = experiment({ ...tiny, figure: 'segmentation.dise' }, 'whole', '--report');
    await expect(other).rejects.toThrow(
      /figure is segmentation\.dise, but the runs have segmentation\.dice, /,
    );
    await experiment(tiny, 'whole', '--report');
  });

  const once = { ...tiny, labelled: [1], seeds: [1] };
  const misspelt = { ...once, figure: 'segmentation.dise' };
  const ours = (weights: string) => ({ ...once, initialisations: { scratch: null, ours: { weights } } });
  it.each([
    [
      'too many labelled',
      { ...tiny, labelled: [1, 40] },
      /labelled asks for 40, but 4 subjects may be labelled/,
    ],
    [
      'a pool too large',
      { ...tiny, subjects: { test: 2, pool: 3 } },
      /pool is 3, but beside the test subjects 2/,
    ],
    ['more folds than subjects', { ...tiny, subjects: { test: '9 folds' } }, /fold 1\/9 of 4 subjects/],
    ['weights that are not there', ours('nothing.safetensors'), /nothing\.safetensors/],
    ['weights of another network', ours('builtin'), /ours\.weights \(builtin\) are of a network/],
  ])('refuses %s before its first run, and plans none', async (_, content, message) => {
    await expect(experiment(content, 'ahead', '--plan')).rejects.toThrow(message);
    expect(existsSync(at('ahead'))).toBe(false);
    await expect(experiment(content, 'ahead')).rejects.toThrow(message);
    expect(existsSync(at('ahead', 'pretrained'))).toBe(false);
  });

  it('refuses a figure that its points will not have once its data are there, before its first run', async () => {
    const { results } = JSON.parse(await read('whole', 'results.json'));
    const keys: string[] = results.map(({ key }: { key: string }) => key);
    const message = `figure is segmentation.dise, but the runs have ${listed(keys)}. Name one of these.`;
    await expect(experiment(misspelt, 'figure')).rejects.toThrow(message);
    expect(await readdir(at('figure'))).not.toContain('pretrained');
    await expect(experiment(misspelt, 'figure', '--plan')).rejects.toThrow(message);
    const chosen = { ...misspelt, figure: keys.at(-1) };
    const { stdout } = await experiment(chosen, 'figure', '--plan');
    expect(stdout).toMatch(/pretraining pretrained, seed 1 .*to do/);
  });

  it('runs nothing twice, and leaves no checkpoint of a process that was killed at its end', async () => {
    const before = await times('whole');
    const left = at('whole', 'points', 'scratch_labelled-1_steps-8_seed-1', 'checkpoint.safetensors');
    await writeFile(left, '');
    const { stdout, stderr } = await experiment(tiny, 'whole');
    expect(existsSync(left)).toBe(false);
    expect(stdout).not.toMatch(/^\[\d/m);
    expect(stderr).toContain('are finished; nothing was trained');
    expect(stdout).toMatch(/Dice, mean of the classes:\nBEGINS WITH.*\npretrained +1 +8 /);
    expect(stdout.endsWith(`Report: ${at('whole', 'report.html')}\n`)).toBe(true);
    expect(await times('whole')).toEqual(before);
    const plan = await experiment(tiny, 'whole', '--plan');
    expect(plan.stdout.match(/ done /g)).toHaveLength(9);
    expect(plan.stderr).toContain('0 of 9 runs to do: about 0:00 of training, by the finished runs');
  });

  it.runIf(slow)(
    'killed in the middle and started again, comes to the same bytes',
    async () => {
      await writeFile(at('killed.json'), JSON.stringify(tiny));
      const cli = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));
      const start = () =>
        spawn(process.execPath, [cli, 'experiment', at('killed.json'), '--out', at('killed')]);
      const log = at('killed', 'points', 'scratch_labelled-2_steps-8_seed-1', 'metrics.jsonl');
      const child = start();
      const gone = new Promise((done) => child.on('exit', done));
      while (!existsSync(log) && child.exitCode === null) await new Promise((done) => setTimeout(done, 5));
      child.kill('SIGKILL');
      await gone;
      expect(existsSync(at('killed', 'report.html'))).toBe(false);
      const again = start();
      let printed = '';
      again.stdout.on('data', (text) => {
        printed += text;
      });
      expect(await new Promise((done) => again.on('exit', done))).toBe(0);
      expect(printed).toMatch(/^\[1\/\d\] /);
      expect(printed).not.toContain('pretraining pretrained, seed 1\n');
      for (const name of ['results.csv', 'results.json', 'subjects.json'])
        expect(await read('killed', name), name).toBe(await read('whole', name));
      const reports = [await read('killed', 'report.html'), await read('whole', 'report.html')];
      expect(withoutTimes(reports[0]!)).toBe(withoutTimes(reports[1]!));
      expect(withoutTimes(reports[1]!)).not.toBe(reports[1]);
    },
    400_000,
  );

  it('stops after a step with Ctrl-C, and the same command goes on', async () => {
    const stopping = { ...tiny, name: 'stopping', labelled: [1], seeds: [1] };
    const log = at('stopping', 'points', 'scratch_labelled-1_steps-8_seed-1', 'config.json');
    const watch = setInterval(() => {
      if (existsSync(log)) process.emit('SIGINT');
      if (existsSync(log)) clearInterval(watch);
    }, 1);
    const { stderr } = await experiment(stopping, 'stopping');
    clearInterval(watch);
    expect(stderr).toContain('Stopped. The same command goes on.');
    expect(existsSync(at('stopping', 'report.html'))).toBe(false);
    const { stdout } = await experiment(stopping, 'stopping');
    expect(stdout).toContain('[1/2] scratch, 1 labelled, 8 steps, seed 1');
    const point = 'scratch_labelled-1_steps-8_seed-1';
    expect(await read('stopping', 'points', point, 'results.json')).toBe(
      await read('whole', 'points', point, 'results.json'),
    );
  }, 300_000);

  it('grows: more seeds run, what is there stays', async () => {
    await cp(whole(), at('grown'), { recursive: true });
    // made before a key was there
    const older = at('grown', 'points', 'scratch_labelled-2_steps-8_seed-1', 'config.json');
    const { unlabelled, ...config } = JSON.parse(await readFile(older, 'utf8'));
    expect(unlabelled).toBeNull();
    await writeFile(older, JSON.stringify(config));
    const before = await times('grown');
    const { stdout } = await experiment(
      { ...tiny, seeds: [1, 2, 3] },
      'grown',
      '--only',
      'scratch*labelled-2',
    );
    expect(stdout).toMatch(/^\[1\/1\] scratch, 2 labelled, 8 steps, seed 3\b/);
    expect(await times('grown')).toMatchObject(before);
    expect(await read('grown', 'report.html')).toContain('9 of 12 fine-tunings are finished');
  }, 200_000);

  it('goes on from a pretraining with another, and minds which', async () => {
    await cp(whole(), at('chain'), { recursive: true });
    const { pretrained } = tiny.initialisations;
    const onward = (of: string, more: object = {}) => ({
      pretraining: { ...pretrained.pretraining, tasks: ['rotation'], init: { of }, ...more },
    });
    const initialisations = { ...tiny.initialisations, on: onward('pretrained') };
    const content = { ...tiny, initialisations };
    const { stdout } = await experiment(content, 'chain', '--only', 'on_*labelled-1*seed-1');
    expect(stdout).toMatch(/^\[1\/2\] pretraining on, seed 1\b/m);
    const init = JSON.parse(await read('chain', 'pretrained', 'on_seed-1', 'init.json'));
    const begunWith = async (...run: string[]) => JSON.parse(await read('chain', ...run, 'local.json')).init;
    expect(await begunWith('pretrained', 'on_seed-1')).toContain('pretrained_seed-1');
    expect(init.loaded).toContain('conv1.conv1.0.weight');
    const point = 'on_pretraining-1_labelled-1_steps-8_seed-1';
    expect(await begunWith('points', point)).toContain('on_seed-1');
    const told = JSON.parse(await read('chain', 'results.json'));
    const [of] = told.results[0].comparisons.filter(
      (one: { initialisation: string }) => one.initialisation === 'on',
    );
    expect(of).toMatchObject({ seeds: 1, pretrainings: 1 });
    // the time of what led to it is its cost too
    expect(await read('chain', 'report.html')).toMatch(/<th scope="row">on<\/th><td class="number">2<\/td>/);
    const other = { ...initialisations, other: pretrained, on: onward('other') };
    await expect(experiment({ ...tiny, initialisations: other }, 'chain', '--only', 'on_')).rejects.toThrow(
      /on_seed-1 was made with other settings: initialisations\.on\.pretraining\.init was .*pretrained_seed-1, is pretrained\/other_seed-1/,
    );
    const alone = { ...initialisations, on: onward('other', { init: null }) };
    await expect(experiment({ ...tiny, initialisations: alone }, 'chain')).rejects.toThrow(
      /init was .*, is null/,
    );
  }, 200_000);

  it('leaves a run to the process that is at it', async () => {
    const point = at('whole', 'points', 'scratch_labelled-1_steps-8_seed-9');
    await mkdir(point);
    await writeFile(join(point, 'running.json'), JSON.stringify({ host: 'elsewhere', pid: 1 }));
    const { stderr } = await experiment(
      { ...tiny, seeds: [1, 2, 9] },
      'whole',
      '--only',
      'scratch_labelled-1',
    );
    await rm(point, { recursive: true });
    expect(stderr).toMatch(/seed-9 is being made by process 1 on elsewhere/);
    expect(stderr).toContain('The same command runs what is left');
  }, 200_000);
});

describe('an experiment whose file contradicts its runs', () => {
  const base = { ...tiny.base };
  const { pretrained } = tiny.initialisations;
  const made = { ...pretrained.pretraining };
  it.each([
    [
      'base',
      { base: { ...base, learningRate: 0.5 } },
      /points.*seed-1 was made with other settings: base\.learningRate was 0\.004, is 0\.5\./,
    ],
    [
      'test subjects',
      { subjects: { test: { seed: 14, subjects: 3 } } },
      /points.*seed-1 was made with other settings: subjects\.test (changed|was \{.*"seed":13.*\}, is \{.*14.*\})\./,
    ],
    [
      'a pretraining',
      { initialisations: { scratch: null, pretrained: { pretraining: { ...made, steps: 9 } } } },
      /pretrained_seed-1 was made with other settings: initialisations\.pretrained\.pretraining\.steps was 8, is 9\./,
    ],
    [
      'validation',
      { subjects: { ...tiny.subjects, validation: 1 }, labelled: [2] },
      /was made with other settings: subjects(\.validation| \(train subjects of the run\)) was/,
    ],
    [
      'the size of images',
      { base: { ...base, size: 32, spacingMm: 6 } },
      /points.*seed-1 was made with other settings: base\.size, base\.spacingMm changed\./,
    ],
    [
      'the batch of a pretraining',
      { initialisations: { scratch: null, pretrained: { pretraining: { ...made, batch: 5 } } } },
      /pretrained_seed-1 was made .*: initialisations\.pretrained\.pretraining\.batch was 4, is 5\./,
    ],
    [
      'the hearts of a pretraining',
      {
        initialisations: {
          scratch: null,
          pretrained: { pretraining: { ...made, phantom: { ...made.phantom, seed: 15 } } },
        },
      },
      /pretrained_seed-1 was made .*: the data of initialisations\.pretrained\.pretraining changed\./,
    ],
    [
      'hearts that test and pretrain',
      { subjects: { test: { seed: 12, subjects: 3 } } },
      /pretraining\.phantom\.seed is 12, which is the cohort of subjects\.test: these are the same hearts|subjects\.test was/,
    ],
  ])('in %s is refused by key and run, by plan and report too', async (_, changes, message) => {
    const before = await times('whole');
    const report = await read('whole', 'report.html');
    for (const args of [[], ['--plan'], ['--report']])
      await expect(experiment({ ...tiny, ...changes }, 'whole', ...args)).rejects.toThrow(message);
    expect(await times('whole')).toEqual(before);
    expect(await read('whole', 'report.html')).toBe(report);
  });

  it('is told from a folder that was handed on without data and what names them', async () => {
    await cp(whole(), at('handed'), { recursive: true });
    for (const name of await readdir(at('handed'), { recursive: true }))
      if (name.endsWith('local.json')) await rm(at('handed', name));
    await rm(at('handed', 'data'), { recursive: true });
    await experiment({ ...tiny, seeds: [1, 2, 3], labelled: [1, 2, 3] }, 'handed', '--report');
    expect(await read('handed', 'report.html')).toContain('8 of 18 fine-tunings are finished');
    const changed = { ...tiny, base: { ...base, learningRate: 0.5 } };
    await expect(experiment(changed, 'handed', '--report')).rejects.toThrow(
      /learningRate was 0\.004, is 0\.5/,
    );
  });

  it('or whose folder holds something else', async () => {
    await mkdir(at('full'), { recursive: true });
    await writeFile(at('full', 'thesis.txt'), '');
    await expect(experiment(tiny, 'full')).rejects.toThrow(
      /full: is not empty and holds no experiment\.json/,
    );
    const data = at('whole');
    const read = { ...tiny, base: { data } } as unknown as Experiment;
    const within = openFolder(at('whole', 'points', 'new'), read);
    await expect(within).rejects.toThrow(/new is or lies in .*whole, whose files would no longer/);
    const other = experiment({ ...tiny, name: 'other' }, 'whole');
    await expect(other).rejects.toThrow(/experiment\.json: is of the experiment tiny\. Choose another --out/);
  });
});
