/** @file An experiment by several processes comes to what one makes; what Slurm is given, as text. */
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/base/errors.ts';
import { quoted } from '../../../src/base/shell.ts';
import { addExperiment } from '../../../src/commands/experiment.ts';
import { parseExperiment } from '../../../src/run/experiment/file.ts';
import { sharedExperiment } from '../../../src/run/experiment/shared.ts';
import {
  groupsOf,
  numbered,
  type Submission,
  submissionFiles,
} from '../../../src/run/experiment/slurm/scripts.ts';
import { usualSlurm } from '../../../src/run/experiment/slurm/settings.ts';
import type { Task } from '../../../src/run/experiment/tasks.node.ts';
import { type Printed, terminal, useFolder } from '../../commands/terminal.ts';
import { tiny } from './tiny.ts';

const at = useFolder();
const worker = new URL('../../../dist/train.js', import.meta.url);
const read = (...path: string[]): Promise<string> => readFile(at(...path), 'utf8');

async function experiment(content: object, out: string, ...args: string[]): Promise<Printed> {
  await writeFile(at('e.json'), JSON.stringify(content));
  const add = (program: Parameters<typeof addExperiment>[0]) => addExperiment(program, worker);
  return terminal(add, 'experiment', at('e.json'), '--out', at(out), ...args);
}

describe('two processes of a host', () => {
  it('come to the same bytes as one; a run that fails is named, the others go on, and so does the same command', async () => {
    const content = { ...tiny, labelled: [1], initialisations: { scratch: null }, steps: [4] };
    await experiment(content, 'one');
    const place = at('two', 'points', 'scratch_labelled-1_steps-4_seed-1');
    // no folder can be made there
    await mkdir(dirname(place), { recursive: true });
    await writeFile(place, '');
    await writeFile(at('two', 'experiment.json'), await read('one', 'experiment.json'));
    const first = await experiment(content, 'two', '--jobs', '2');
    expect(first.stdout).toMatch(/^\[1\/3\] data of all runs\n\[2\/3\] scratch.*\n\[3\/3\] scratch/);
    expect(first.stderr).toMatch(/points\/scratch_labelled-1_steps-4_seed-1: .*seed-1/);
    expect(first.stderr).toContain('1 run did not finish. The same command tries again.');
    expect(JSON.parse(await read('two', 'results.json'))).toMatchObject({ planned: 2, finished: 1 });
    await rm(place);
    const second = await experiment(content, 'two', '--jobs', '2');
    expect(second.stdout).toMatch(/^\[1\/2\] data of all runs\n\[2\/2\] scratch.*seed 1\n/);
    for (const name of ['results.json', 'results.csv', 'subjects.json'])
      expect(await read('two', name), name).toBe(await read('one', name));
  }, 300_000);

  it('are refused what does not go together', async () => {
    await mkdir(at(), { recursive: true });
    const refused = (...args: string[]) => expect(experiment(tiny, 'none', ...args)).rejects;
    await refused('--executor', 'slurm', '--jobs', '2').toThrow(/--jobs is of --executor local/);
    await refused('--dry-run').toThrow(/--dry-run is of --executor slurm/);
    await refused('--unit', 'data', '--jobs', '2').toThrow(
      /--unit is one run in this process\. Leave out --jobs/,
    );
    await refused('--unit', 'points/none').toThrow(
      /tiny has no run points\/none\. Give data or the name of a run, such as pretrained\/pretrained_seed-1/,
    );
    await refused('--unit', 'points/pretrained_pretraining-1_labelled-1_steps-8_seed-1').toThrow(
      /begins with pretrained\/pretrained_seed-1, which is not finished\. Run that first/,
    );
  });
});

describe('the section slurm', () => {
  const given = (slurm: object) => parseExperiment({ ...tiny, slurm }, 'e.json').slurm;

  it('is completed, and stays on this computer', () => {
    expect(given({ gpus: 'a100:1' })).toEqual({ ...usualSlurm, gpus: 'a100:1' });
    expect(parseExperiment(tiny, 'e.json').slurm).toBeNull();
    const whole = parseExperiment({ ...tiny, slurm: { account: 'heart' } }, 'e.json');
    expect(sharedExperiment(whole).slurm).toBeNull();
  });

  it.each([
    [{ partitoin: 'gpu' }, /unknown key "partitoin" in slurm; did you mean partition\?/],
    [{ partition: 'a b' }, /slurm\.partition a b: text without spaces and quotes is needed/],
    [{ time: '4h' }, /slurm\.time 4h: hours:minutes:seconds is needed/],
    [{ memory: '16 GB' }, /slurm\.memory 16 GB: a number with K, M, G or T is needed/],
    [{ gpus: 0 }, /slurm\.gpus 0: a whole number from 1 is needed/],
    [{ cpus: 1.5 }, /slurm\.cpus 1\.5: a whole number/],
    [{ options: ['exclude=n7'] }, /slurm\.options.*an option of sbatch is needed/],
    [{ setup: ['a\nb'] }, /slurm\.setup.*one line is needed/],
    [{ pretraining: { time: '1' } }, /slurm\.pretraining\.time 1: hours/],
    [{ time: '00:03:00' }, /slurm\.time is 00:03:00, which leaves no time to run: 120 s before/],
    [{ data: { setup: [] } }, /unknown key "setup" in slurm\.data/],
  ])('is refused %j', (slurm, message) => {
    expect(() => given(slurm)).toThrow(ConfigError);
    expect(() => given(slurm)).toThrow(message);
  });
});

const task = (name: string, after: string | null, kind: Task['kind'] = 'point'): Task => ({
  ...{ kind, name, title: name, after },
});
const tasks = [
  task('data', null, 'data'),
  task('pretrained/a', 'data', 'pretraining'),
  task('pretrained/b', 'pretrained/a', 'pretraining'),
  task('points/1', 'data'),
  task('points/2', 'pretrained/b'),
  task('points/3', 'data'),
  task('points/4', 'pretrained/b'),
];

const submission = (changes: Partial<Submission> = {}): Submission => ({
  name: 'five',
  settings: {
    ...usualSlurm,
    ...{ partition: 'gpu', time: '04:00:00', memory: '16G', gpus: 1, options: ['--exclude=n7'] },
    ...{ setup: ['module load nodejs/22'], pretraining: { time: '1-00:00:00' }, data: { partition: 'cpu' } },
  },
  folder: '/shared/my "runs" 5%/slurm/1',
  cwd: "/shared/it's",
  command: ['node', '/opt/planewise/cli.js', 'experiment', "/shared/it's/five.json", '--out', '/shared/out'],
  tasks: numbered(tasks),
  queued: new Map(),
  ...changes,
});

describe('what Slurm is given', () => {
  const files = submissionFiles(submission());

  it('is a table of tasks, in which those that wait for the same one stand together', () => {
    expect(files.get('runs.tsv')!.split('\n').slice(0, 4)).toEqual([
      'task\trun\tafter',
      '1\tdata\t-',
      '2\tpretrained/a\tdata',
      '3\tpretrained/b\tpretrained/a',
    ]);
    expect(groupsOf(numbered(tasks)).map(({ first, last, after }) => [first, last, after])).toEqual([
      [1, 1, null],
      [2, 2, 'data'],
      [3, 3, 'pretrained/a'],
      [4, 5, 'data'],
      [6, 7, 'pretrained/b'],
    ]);
  });

  it('asks for what the file says, quoted for sbatch and for the shell', () => {
    const points = files.get('points.sbatch')!;
    for (const line of [
      '#SBATCH --job-name=five-points',
      '#SBATCH --chdir="/shared/it\'s"',
      String.raw`#SBATCH --output="/shared/my \"runs\" 5%%/slurm/1/logs/%A_%a.txt"`,
      ...['#SBATCH --partition=gpu', '#SBATCH --time=04:00:00', '#SBATCH --mem=16G', '#SBATCH --gres=gpu:1'],
      ...['#SBATCH --exclude=n7', '#SBATCH --requeue', '#SBATCH --kill-on-invalid-dep=yes'],
      '#SBATCH --signal=B:TERM@120',
      'module load nodejs/22',
      String.raw`node /opt/planewise/cli.js experiment '/shared/it'\''s/five.json' --out /shared/out --unit "$run" &`,
    ])
      expect(points.split('\n')).toContain(line);
    expect(files.get('pretrainings.sbatch')).toContain('--time=1-00:00:00\n');
    expect(files.get('data.sbatch')).toContain('--partition=cpu\n');
    for (const name of ['data.sbatch', 'report.sbatch']) expect(files.get(name)).not.toContain('--gres');
    expect(files.get('report.sbatch')).toMatch(/--out \/shared\/out --report\n$/);
    const text = 'it\'s $HOME; "`ls`"\\';
    expect(spawnSync('bash', ['-c', `printf %s ${quoted(text)}`]).stdout.toString()).toBe(text);
  });

  it('is scripts that bash reads', () => {
    for (const [name, text] of files)
      if (name !== 'runs.tsv') expect(spawnSync('bash', ['-n'], { input: text }).status, name).toBe(0);
  });

  it('waits for the task of the very run that it begins with, also where that is in the queue already', () => {
    const lines = files
      .get('submit.sh')!
      .split('\n')
      .filter((line) => /^job\d|^sbatch/.test(line));
    expect(lines.map((line) => line.replaceAll('$', '§'))).toEqual([
      'job1=§(submit 1 data.sbatch)',
      'job2=§(submit 2 pretrainings.sbatch --dependency=afterok:§{job1}_1)',
      'job3=§(submit 3 pretrainings.sbatch --dependency=afterok:§{job2}_2)',
      'job4=§(submit 4-5 points.sbatch --dependency=afterok:§{job1}_1)',
      'job5=§(submit 6-7 points.sbatch --dependency=afterok:§{job3}_3)',
      'sbatch --parsable --dependency=afterany:§job1:§job2:§job3:§job4:§job5 report.sbatch >/dev/null',
    ]);
    const left = { tasks: numbered([tasks[0]!, tasks[4]!]), queued: new Map([['pretrained/b', '77_3']]) };
    const again = submissionFiles(submission(left)).get('submit.sh');
    expect(again).toContain('submit 2 points.sbatch --dependency=afterok:77_3)');
    expect(again).toMatch(/afterany:\$job1:\$job2:77_3 report\.sbatch/);
  });

  it('is written and not submitted with --dry-run, each time in a folder of its own', async () => {
    const { stdout, stderr } = await experiment(
      tiny,
      'dry',
      '--executor',
      'slurm',
      '--dry-run',
      '--only',
      'scratch',
    );
    expect(stdout).toBe(`5 tasks written to ${resolve(at('dry', 'slurm', '1'))}, and nothing submitted.\n`);
    expect(stderr).toContain(`Submit them with: bash ${resolve(at('dry', 'slurm', '1', 'submit.sh'))}`);
    await experiment(tiny, 'dry', '--executor', 'slurm', '--dry-run');
    expect((await readdir(at('dry', 'slurm'))).sort()).toEqual(['1', '2']);
    expect(await read('dry', 'slurm', '2', 'runs.tsv')).toContain(
      '\n2\tpretrained/pretrained_seed-1\tdata\n',
    );
  });

  it('is refused where there is no Slurm, saying what to do instead', async () => {
    const { PATH } = process.env;
    process.env.PATH = '';
    try {
      await expect(experiment(tiny, 'without', '--executor', 'slurm')).rejects.toThrow(
        /sbatch was not found\. Run this where Slurm's commands are, on a login node; --dry-run/,
      );
    } finally {
      process.env.PATH = PATH;
    }
  });
});
