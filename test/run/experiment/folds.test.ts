/** @file Experiments in which every subject tests once; whom pretrainings leave out; whom the data hold out. */
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { addExperiment } from '../../../src/commands/experiment.ts';
import { ProjectKey } from '../../../src/data/identifiers/key.node.ts';
import { macroAuc } from '../../../src/results/auc.ts';
import { hearts } from '../../commands/hearts.ts';
import { type Printed, terminal, useFolder, write } from '../../commands/terminal.ts';
import { slow } from '../../slow.ts';
import { tiny } from './tiny.ts';

const at = useFolder();
const json = async (...path: string[]) => JSON.parse(await readFile(at(...path), 'utf8'));

/** Whom pseudonyms stand for. */
async function originals(...names: string[]): Promise<(string | undefined)[]> {
  const key = await ProjectKey.openIfThere();
  return names.map((name) => key!.names.original(name));
}

/** Hearts in folders of other names: scan001 for patient001, or under `testing/` from the third on. */
const renamed = (count: number, name: (path: string) => string) =>
  hearts(count).map((file) => ({ ...file, path: name(file.path) }));

const grid = { size: 16, spacingMm: 2, batch: 4, checkpointEvery: 4, validateEvery: 4 };
const same = Object.fromEntries(['1', '2', '3', '4'].map((n) => [`scan00${n}`, `patient00${n}`]));

const each = () => ({
  name: 'each',
  base: { ...grid, adapter: 'swiftshader', model: { width: 4, depth: 2 }, data: at('hearts') },
  initialisations: {
    scratch: null,
    scans: {
      pretraining: { ...grid, data: at('scans'), tasks: ['rotation'], steps: 4, testFraction: 0 },
      pretrains: 'untested',
    },
  },
  subjects: { test: 'each', same },
  labelled: [2],
  steps: [4],
  seeds: [1, 2],
});

async function experiment(content: object, out: string, ...args: string[]): Promise<Printed> {
  await writeFile(at('e.json'), JSON.stringify(content));
  const all = [at('e.json'), '--out', at(out), ...args];
  return terminal((program) => addExperiment(program, null), 'experiment', ...all);
}

let plan: Printed;
let first: Printed;
beforeAll(async () => {
  await mkdir(at(), { recursive: true });
  await write(at('hearts'), hearts(4));
  await write(
    at('scans'),
    renamed(5, (path) => path.replaceAll('patient', 'scan')),
  );
  plan = await experiment(each(), 'whole', '--plan');
  first = await experiment(each(), 'whole');
}, 400_000);

describe('leave one out', () => {
  it('plans as many folds as the data have subjects, before they are prepared', () => {
    expect(plan.stdout.match(/ to do /g)).toHaveLength(4 + 2 * 2 * 4);
    expect(plan.stdout).toContain('pretraining scans, fold 4, seed 1');
  });

  it('tests every subject once, and labels none of those', async () => {
    expect(first.stdout).toContain('[1/20] pretraining scans, fold 1, seed 1');
    const names = await readdir(at('whole', 'points'));
    expect(names).toContain('scratch_labelled-2_steps-4_fold-3_seed-2');
    const tested = new Map<string, string[]>();
    for (const name of names) {
      const { subjects } = await json('whole', 'points', name, 'config.json');
      expect(subjects.train).toHaveLength(2);
      expect(subjects.train).not.toContain(subjects.test[0]);
      const arm = name.replace(/_fold-\d/, '');
      tested.set(arm, [...(tested.get(arm) ?? []), ...subjects.test]);
    }
    expect(tested.size).toBe(4);
    for (const all of tested.values()) expect((await originals(...all)).sort()).toEqual(Object.values(same));
  });

  it('pretrains each fold without its test subject, by whatever name, and with all others', async () => {
    for (const fold of [1, 2, 3, 4]) {
      const { subjects } = await json('whole', 'pretrained', `scans_fold-${fold}_seed-1`, 'config.json');
      const all = [1, 2, 3, 4, 5].map((n) => `scan00${n}`);
      expect((await originals(...subjects.train, ...subjects.validation)).sort()).toEqual(
        all.filter((name) => name !== `scan00${fold}`),
      );
      const { init } = await json(
        'whole',
        'points',
        `scans_pretraining-1_labelled-2_steps-4_fold-${fold}_seed-2`,
        'local.json',
      );
      expect(init).toContain(`scans_fold-${fold}_seed-1`);
    }
  });

  it('compares seeds, each over all subjects, and tells the folds', async () => {
    const csv = (await readFile(at('whole', 'results.csv'), 'utf8')).trim().split('\r\n');
    expect(csv[0]).toBe('run,initialisation,pretraining,labelled,steps,seed,fold,subject,figure,value');
    const dice = csv.map((line) => line.split(',')).filter((cells) => cells[8] === 'segmentation.dice');
    expect(dice).toHaveLength(16);
    const told = await json('whole', 'results.json');
    expect(told).toMatchObject({ planned: 16, finished: 16 });
    expect(told.pooled).toHaveLength(4);
    const [found] = told.results[0].comparisons;
    expect(found).toMatchObject({ seeds: 2, subjects: 4, pretrainings: 1 });
    const meanOf = (arm: string) => {
      const values = dice.filter((cells) => cells[1] === arm).map((cells) => Number(cells[9]));
      return values.reduce((a, b) => a + b, 0) / values.length;
    };
    expect(found.mean).toBeCloseTo(meanOf('scans') - meanOf('scratch'), 10);
    const report = await readFile(at('whole', 'report.html'), 'utf8');
    expect(report).toContain('4 subjects in 4 folds');
    expect(report).toContain('Each of the 4 subjects tests once, in one of 4 folds');
    expect(report).toContain('are pretrained on for scans');
  });

  it.runIf(slow)(
    'comes to the same in parts, and reports only seeds that are whole until then',
    async () => {
      await experiment(each(), 'shares', '--only', 'fold-1');
      expect(await json('shares', 'results.json')).toMatchObject({ finished: 4, pooled: [] });
      expect(await readFile(at('shares', 'report.html'), 'utf8')).toContain('nothing to compare yet');
      for (const part of ['1/2', '2/2']) await experiment(each(), 'shares', '--points', part);
      for (const name of ['results.csv', 'results.json', 'subjects.json'])
        expect(await readFile(at('shares', name), 'utf8'), name).toBe(
          await readFile(at('whole', name), 'utf8'),
        );
      const again = await experiment(each(), 'shares');
      expect(again.stderr).toContain('are finished; nothing was trained');
    },
    200_000,
  );

  it.each([
    ['other folds', { subjects: { test: '2 folds', same } }, /subjects\.test was "each", is "2 folds"/],
    ['none', { subjects: { test: 1, same } }, /subjects\.test was "each", is 1/],
    [
      'somebody else who is left out',
      { subjects: { test: 'each', same: { ...same, scan001: 'patient002', scan002: 'patient001' } } },
      /scans_fold-1_seed-1 was made with other settings: subjects \(train subjects of the run\) was/,
    ],
    [
      'a name that nobody has',
      { subjects: { test: 'each', same: { ...same, scan009: 'patient004' } } },
      /subjects\.same names scan009, whom no pretraining’s data hold; they hold scan001/,
    ],
    [
      'a name that no subject has',
      { subjects: { test: 'each', same: { ...same, scan004: 'patient014' } } },
      /subjects\.same says that scan004 is patient014, whom base\.data do not hold/,
    ],
  ])('is refused with %s', async (_, changes, message) => {
    await expect(experiment({ ...each(), ...changes }, 'whole')).rejects.toThrow(message);
  });

  it('warns where nobody is left out for who tests', async () => {
    const { scan004: _, ...three } = same;
    const content = { ...each(), seeds: [1], subjects: { test: 'each', same: three } };
    const { stderr } = await experiment(content, 'three', '--only', 'scans*fold-4');
    expect(stderr).toMatch(
      /scans_fold-4_seed-1: .* have nobody of the name of subject-\w+ \(patient004\), who tests: nobody is left out for them/,
    );
    const unmatched = at('three', 'pretrained', 'scans_fold-4_seed-1', 'unmatched.json');
    const names = JSON.parse(await readFile(unmatched, 'utf8'));
    expect(await originals(...names)).toEqual(['patient004']);
    const told = async () => {
      const report = await readFile(at('three', 'report.html'), 'utf8');
      expect(report).toContain('But for those named below, nobody who tests pretrains');
      expect(report).toContain(
        `The data of the pretraining of scans have nobody of the name of ${names[0]}, who tests: nobody was left out`,
      );
    };
    await told();
    await experiment(content, 'three', '--report');
    await told();
    // as an earlier version left it
    await rm(unmatched);
    await experiment(content, 'three', '--only', 'scans*fold-4');
    await told();
    expect(await readFile(at('whole', 'report.html'), 'utf8')).toContain(
      '<p>Nobody who tests pretrains, each',
    );
    expect(await readdir(at('whole', 'pretrained', 'scans_fold-4_seed-1'))).not.toContain('unmatched.json');
  }, 100_000);
});

describe('a figure of many subjects', () => {
  it('is that of all folds pooled: in the comparison, the table, the report', async () => {
    const hearts = { phases: 1, size: 32 };
    const figure = 'classification.pooled.auc';
    const content = {
      ...tiny,
      base: { ...tiny.base, tasks: ['classification'], phantom: { ...hearts, subjects: 6, seed: 11 } },
      subjects: { test: 'each' },
      ...{ labelled: [4], steps: [4], seeds: [1, 2], figure },
    };
    await experiment(content, 'pooled');
    const told = await json('pooled', 'results.json');
    expect(told).toMatchObject({ figure, finished: 24 });
    const predictions = async (seed: number) => {
      const names = (await readdir(at('pooled', 'points'))).filter((name) =>
        new RegExp(`^scratch.*seed-${seed}$`).test(name),
      );
      const all = names.map((name) => json('pooled', 'points', name, 'evaluation.json'));
      return (await Promise.all(all)).map(({ classification }) => classification);
    };
    const folds = await predictions(2);
    expect(folds.every(({ predictions: said }) => said.length === 1)).toBe(true);
    const { classes } = folds[0];
    const cases = folds.map(({ predictions: [{ group, probabilities }] }) => ({
      ...{ truth: classes.indexOf(group), scores: probabilities },
    }));
    const { macro } = macroAuc(cases, classes.length);
    const own = told.pooled.find(
      (run: { initialisation: string; seed: number }) => run.initialisation === 'scratch' && run.seed === 2,
    );
    expect(own.values[figure]).toBeCloseTo(macro!, 10);
    const compared = told.results.find(({ key }: { key: string }) => key === figure).comparisons[0];
    expect(compared).toMatchObject({ seeds: 2, subjects: 6 });
    const csv = await readFile(at('pooled', 'results.csv'), 'utf8');
    const [value] = csv.split('\r\n').flatMap((line) => line.split(`scratch,,4,4,2,,,${figure},`)[1] ?? []);
    expect(Number(value)).toBeCloseTo(macro!, 12);
    const report = await readFile(at('pooled', 'report.html'), 'utf8');
    expect(report).toContain('<h2>Classification, AUC, folds pooled</h2>');
    expect(report).toContain('scratch, 4 steps, 4 labelled; 2 runs of all folds');
    expect(report).toContain('says ');
    // planes are planned on the studies of those who test, who here are of the cohort that trains
    const { planes, refused } = await json('pooled', 'pretrained', 'pretrained_seed-1', 'planes.json');
    expect(planes.length + refused.length).toBe(2 * 6);
  }, 300_000);
});

describe('test subjects', () => {
  it('are those whom the data hold out, and others are told of', async () => {
    const published = (path: string) => (/patient00[34]/.test(path) ? `testing/${path}` : `training/${path}`);
    await write(at('published'), renamed(4, published));
    const base = { ...each().base, data: at('published') };
    const one = { ...each(), base, initialisations: { scratch: null, w: { weights: at('w') } }, seeds: [1] };
    const { stderr } = await experiment({ ...one, subjects: {} }, 'published-runs', '--only', 'scratch');
    expect(stderr).not.toContain('hold out');
    const name = 'scratch_labelled-2_steps-4_seed-1';
    const { subjects } = await json('published-runs', 'points', name, 'config.json');
    expect((await originals(...subjects.train)).sort()).toEqual(['patient001', 'patient002']);
    expect(subjects.validation).toEqual([]);
    expect((await originals(...subjects.test)).sort()).toEqual(['patient003', 'patient004']);
    const other = { ...one, subjects: { test: ['patient001'] } };
    const told = await experiment(other, 'other-runs', '--only', 'scratch');
    expect(told.stderr).toMatch(
      /warning: Those who published the data hold out 2 subjects \(subject-\w+ \(patient00[34]\), subject-\w+ \(patient00[34]\)\)/,
    );
    expect(await readFile(at('other-runs', 'report.html'), 'utf8')).toContain(
      'of whom 0 test here, with 1 others',
    );
  }, 100_000);

  it('are drawn from the hearts of the phantom themselves where no cohort is named', async () => {
    const content = { ...tiny, subjects: { test: 2 }, labelled: [2], seeds: [1] };
    await experiment(content, 'counted', '--only', 'scratch');
    const { subjects } = await json('counted', 'points', 'scratch_labelled-2_steps-8_seed-1', 'config.json');
    const all = ['patient001', 'patient002', 'patient003', 'patient004'];
    expect([...subjects.train, ...subjects.test].sort()).toEqual(all);
  }, 100_000);

  it('of fewer seeds are reported from the runs that are there', async () => {
    await cp(at('whole'), at('older'), { recursive: true });
    const { stderr } = await experiment({ ...each(), seeds: [1] }, 'older', '--report');
    expect(stderr).toBe('');
    expect((await json('older', 'results.json')).pooled).toHaveLength(2);
  });
});
