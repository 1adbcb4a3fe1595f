/** @file `planewise compare` on folders of runs: what it prints and writes, and what it refuses. */
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, FileError } from '../../src/base/errors.ts';
import { addCompare } from '../../src/commands/compare.ts';
import { lockFolder } from '../../src/data/files/lock.node.ts';
import { resolveConfig } from '../../src/run/config.ts';
import { sharedConfig } from '../../src/run/shared.ts';
import { dice } from '../results/compared.ts';
import { leaks } from './leaks.ts';
import { terminal, useFolder } from './terminal.ts';

const at = useFolder();
/** Of whom no output may tell. */
const secret = 'MUELLER_HANS';

async function file(path: string, text: string): Promise<void> {
  await mkdir(dirname(at(path)), { recursive: true });
  await writeFile(at(path), text);
}

const lines = (records: readonly object[]): string =>
  records.map((row) => `${JSON.stringify(row)}\n`).join('');

/** A run's folder as a training leaves it. */
async function makeRun(name: string, seed: number, value: number | null): Promise<void> {
  const given = {
    preset: 'finetune',
    steps: 20,
    seed,
    data: `/scans/${secret}`,
    init: `/w/${secret}`,
  } as const;
  const { shared, local } = sharedConfig(resolveConfig(given), true);
  await file(`${name}/config.json`, JSON.stringify(shared));
  await file(`${name}/local.json`, JSON.stringify(local));
  await file(`${name}/init.json`, JSON.stringify({ file: 'weights.safetensors', checksum: `c${seed}` }));
  const steps = Array.from({ length: 20 }, (_, i) => ({ step: i + 1, loss: 1 / (i + seed), lr: 0.1 }));
  await file(`${name}/metrics.jsonl`, lines(steps));
  await file(`${name}/validation.jsonl`, lines([{ step: 20, loss: 0.5, figure: 0.7, best: true }]));
  if (value === null) return;
  await file(`${name}/results.json`, JSON.stringify([dice(value, [secret, 'b', 'c'])]));
  const evaluation = { part: 'test', images: 30, subjects: 3, segmentation: {}, data: 'd', pixels: 'p' };
  await file(`${name}/evaluation.json`, JSON.stringify(evaluation));
}

const compare = (...args: string[]) => terminal(addCompare, 'compare', ...args);

beforeAll(async () => {
  await makeRun('runs/scratch', 1, 0.75);
  await makeRun('runs/pretrained', 2, 0.8);
  await makeRun('other/scratch', 1, null);
  await file('images/a.dcm', 'no run');
  await file('experiment/experiment.json', '{}');
});

describe('compare', () => {
  it('prints and writes what differs and what came out, and names nobody', async () => {
    const { stdout, stderr } = await compare(
      at('runs/scratch'),
      at('runs/pretrained'),
      '--out',
      at('beside'),
    );
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^A +scratch +segmentation +20 +20 +3$/m);
    expect(stdout).toMatch(/^seed +1 +2$/m);
    expect(stdout).toMatch(/^init +weights.safetensors, checksum c1 +weights.safetensors, checksum c2$/m);
    expect(stdout).toMatch(/^Dice, mean of the classes +0.75 +0.8 +0.05$/m);
    expect(stdout).not.toMatch(/^(data|out|batch) /m);
    expect((await readdir(at('beside'))).sort()).toEqual(['compare.csv', 'compare.html', 'compare.json']);
    expect(await leaks(at('beside'), [secret, at()])).toEqual([]);
    const told = JSON.parse(await readFile(at('beside/compare.json'), 'utf8'));
    expect(told.runs).toMatchObject([
      {
        letter: 'A',
        name: 'scratch',
        finished: true,
        subjects: 3,
        steps: { asked: 20, trained: 20 },
        best: 20,
      },
      { letter: 'B', name: 'pretrained', pixels: 'p' },
    ]);
    expect(told.results[0]).toMatchObject({ values: [0.75, 0.8], better: 'higher' });
    expect(told.results[0].differences[1]).toBeCloseTo(0.05, 12);
    expect(told.warnings).toEqual([]);
    expect(await readFile(at('beside/compare.csv'), 'utf8')).toMatch(
      /\r\npretrained,segmentation\.dice,"Dice, mean of the classes",,higher,0\.8,0\.05\d*,test,3,3,20\r\n$/,
    );
  });

  it('prints how many subjects have a value where some have none, or not in both', async () => {
    await makeRun('few', 4, 0.5);
    await file('few/results.json', JSON.stringify([dice(0.5, ['b'])]));
    const folders = [at('runs/scratch'), at('few'), at('runs/pretrained')];
    const { stdout } = await compare(...folders, '--out', at('far'));
    expect(stdout).toMatch(/^RESULT .* SUBJECTS$/m);
    expect(stdout).toMatch(
      /^Dice, mean of the classes +0.75 +0.5 +-0.25 .* A 3, B 1 \(1 with A\), C 3 \(3 with A\)$/m,
    );
  });

  it('takes a run as far as it came, and tells runs of one name apart', async () => {
    const { stdout, stderr } = await compare(
      at('runs/scratch'),
      at('other/scratch'),
      '--json',
      '--out',
      at('far'),
    );
    const told = JSON.parse(stdout);
    expect(told.runs.map(({ name }: { name: string }) => name)).toEqual(['runs/scratch', 'other/scratch']);
    expect(told.runs[1]).toMatchObject({ finished: false, steps: { trained: 20 } });
    expect(stderr).toBe('warning: B: it is not finished (step 20 of 20), so there are no results of it.\n');
  });

  it('says which lines of a log are damaged, and compares the others; one just being written is none', async () => {
    await makeRun('damaged', 3, 0.5);
    const text = await readFile(at('damaged/metrics.jsonl'), 'utf8');
    await writeFile(at('damaged/metrics.jsonl'), `${text.replace('"step":3,', '"st')}{"step":21,"lo`);
    const { stderr } = await compare(at('runs/scratch'), at('damaged'), '--out', at('far'));
    expect(stderr).toBe('warning: B: metrics.jsonl: line 3 is damaged.\n');
  });

  it('takes a run of an earlier version, whose results were not kept', async () => {
    await makeRun('earlier', 4, 0.5);
    await file('earlier/config.json', '{"width": 4, "steps": 20}');
    await file('earlier/evaluation.json', '{"part": "test", "images": 1, "subjects": 1}');
    await rm(at('earlier/results.json'));
    const { stdout, stderr } = await compare(at('runs/scratch'), at('earlier'), '--out', at('far'));
    expect(stderr).toContain('B: an earlier version made it, without results.json');
    expect(stdout).toMatch(/^model\.width +12 +4$/m);
  });

  it.each([
    [['runs/scratch'], ConfigError, /takes two runs or more, here is only .*scratch/],
    [['runs/scratch', 'runs/../runs/scratch'], ConfigError, /scratch and .*scratch are one folder/],
    [['runs/scratch', 'link'], ConfigError, /link are one folder/],
    [['runs/scratch', 'nowhere'], FileError, /nowhere: .*does not exist/],
    [['runs/scratch', 'runs/scratch/config.json'], FileError, /config\.json: is no folder/],
    [['runs/scratch', 'images'], FileError, /images: holds no run \(there is no config\.json\)/],
    [['runs/scratch', 'experiment'], FileError, /It holds an experiment; name its runs/],
    [['runs/scratch', 'broken'], FileError, /broken.results\.json: does not hold what a run came to/],
    [['runs/scratch', 'nonsense'], ConfigError, /nonsense.config\.json: unknown key "stepz"/],
  ])('refuses %j', async (folders, kind, message) => {
    await symlink(at('runs/scratch'), at('link')).catch(() => {});
    await makeRun('broken', 1, 0.5);
    await file('broken/results.json', '[{"key": "dice", "bySubject": {}}]');
    await file('nonsense/config.json', '{"stepz": 1}');
    const error = await compare(...folders.map((name) => at(name)), '--out', at('never')).catch((e) => e);
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toMatch(message);
    expect(await readdir(at())).not.toContain('never');
  });

  it('leaves a folder that another process writes into', async () => {
    const lock = await lockFolder(at('busy'));
    const refused = compare(at('runs/scratch'), at('runs/pretrained'), '--out', at('busy'));
    await expect(refused).rejects.toThrow(/is written into by process/);
    lock.free();
  });
});
