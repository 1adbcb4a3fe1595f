/** @file Runs and experiments on knees: phantoms made for the run, MRNet's layout, the price of a step before anything has run. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { listFiles } from '../../src/data/files/files.node.ts';
import { findingsOf } from '../../src/data/phantom/knee/knee.ts';
import { writePhantomCohort } from '../../src/data/phantom.node.ts';
import { openFiles } from '../../src/data/sources/open.ts';
import { type GivenConfig, resolveConfig } from '../../src/run/config.ts';
import { adoptData, dataFacts, dataName, openData } from '../../src/run/dataset.node.ts';
import { ExperimentData } from '../../src/run/experiment/data.node.ts';
import { parseExperiment } from '../../src/run/experiment/file.ts';
import { planExperiment } from '../../src/run/experiment/plan.node.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'planewise-knee-'));
});
afterEach(() => rm(folder, { recursive: true }));

const options = {
  startStage: () => ({ update: () => {}, end: () => {} }),
  onWarning: () => {},
  worker: null,
};
const grid = { size: 16, spacingMm: 8.75 };
const knees = (seed: number) => ({ anatomy: 'knee' as const, subjects: 3, size: 16, seed });

const open = (given: GivenConfig) =>
  openData(resolveConfig({ ...grid, out: join(folder, 'run'), ...given }), false, options);

describe('the grid of knees where nobody says a spacing', () => {
  it('shows them whole, of phantoms, by the view that is asked for, and by the layout', async () => {
    const spacing = (given: GivenConfig) => resolveConfig({ size: 64, ...given }).spacingMm;
    // of hearts as much as the preset shows
    const hearts = resolveConfig({}).spacingMm / 2;
    expect(spacing({ phantom: { anatomy: 'knee' } })).toBe(2.19);
    expect(spacing({ phantom: { anatomy: 'knee' }, spacingMm: 3 })).toBe(3);
    expect(spacing({ preset: 'zhang2024', size: 224, phantom: { anatomy: 'knee' } })).toBe(0.625);
    expect(spacing({ data: 'scans', target: 'coronal' })).toBe(2.19);
    expect([spacing({}), spacing({ data: 'scans' }), spacing({ data: 'scans', target: 'sax' })]).toEqual([
      ...[hearts, hearts, hearts],
    ]);
    // a run goes on at the spacing that it has
    const before = resolveConfig({ phantom: { anatomy: 'knee' }, spacingMm: 4 });
    expect(resolveConfig({ steps: 5 }, before).spacingMm).toBe(4);
    await writePhantomCohort(folder, { anatomy: 'knee', subjects: 5, size: 16, seed: 3 });
    const files = await listFiles(join(folder, 'mrnet'));
    expect((await openFiles(files, { size: 16 })).data.manifest.spacingMm).toBe(8.75);
    const studies = await listFiles(folder);
    const dicom = { size: 32, source: 'dicom', targetView: 'axial' };
    expect((await openFiles(studies, dicom)).data.manifest).toMatchObject({ spacingMm: 4.38 });
    const data = join(folder, 'mrnet');
    const settled = adoptData({ data, size: 32 }, await dataFacts(data));
    expect(settled.target).toBe('sagittal');
    expect(resolveConfig(settled).spacingMm).toBe(4.38);
  });
});

const experiment = (base: object, test: unknown) =>
  parseExperiment(
    {
      name: 'knees',
      base: {
        ...{ ...grid, batch: 4, adapter: 'swiftshader', model: { width: 4, depth: 2 } },
        tasks: { classification: { label: 'meniscus' } },
        ...base,
      },
      initialisations: { scratch: null },
      ...{ subjects: { test }, labelled: [2], steps: [4], seeds: [1] },
    },
    'test',
  );

describe('a run without files on knees', () => {
  it('learns the lines of the two other stacks in sagittal slices, or in those of the target', async () => {
    const { manifest } = await open({ phantom: knees(2) });
    expect(manifest).toMatchObject({ targetView: 'sagittal', referenceViews: ['axial', 'coronal'] });
    expect(manifest.images.every(({ lines, location }) => lines.every(Boolean) && location !== null)).toBe(
      true,
    );
    const other = await open({ phantom: knees(2), target: 'axial', out: join(folder, 'axial') });
    expect(other.manifest).toMatchObject({ targetView: 'axial', referenceViews: ['coronal', 'sagittal'] });
    const store = join(folder, 'axial', 'prepared');
    const facts = await dataFacts(store);
    expect(() => adoptData({ data: store, target: 'coronal' }, facts)).toThrow(
      /holds axial images, not coronal/,
    );
    expect(adoptData({ data: store, target: 'axial' }, facts)).toMatchObject(grid);
  });

  it('has the labels of MRNet where a task learns from groups', async () => {
    const { manifest } = await open({ phantom: knees(2), tasks: ['classification'] });
    const yes = (index: number): string => (findingsOf(2, index).meniscus ? 'yes' : 'no');
    expect(manifest.labels!.meniscus).toEqual({
      'train/0000': yes(0),
      'train/0001': yes(1),
      'train/0002': yes(2),
    });
  });

  it('is called by its anatomy', () => {
    expect(dataName(resolveConfig({ phantom: knees(1) }))).toBe('phantom cohort (knee), mid');
    expect(dataName(resolveConfig({}))).toBe('phantom cohort, mid');
  });

  it('has no phases', () => {
    const beating = () => resolveConfig({ phantom: { ...knees(1), phases: 3 } });
    expect(beating).toThrow(ConfigError);
    expect(beating).toThrow(/knees do not beat/);
    // a configuration that was written whole repeats the preset's
    const whole = resolveConfig({ phantom: knees(1) });
    expect(resolveConfig(whole)).toEqual(whole);
  });
});

describe('an experiment on knees', () => {
  it('keeps the labels of both cohorts, and all of the second tests', async () => {
    const asked = experiment({ phantom: knees(2) }, { seed: 3, subjects: 3 });
    const { data, parts } = await new ExperimentData(asked, folder, options).target();
    const labels = data.manifest.labels!.meniscus!;
    expect(Object.keys(labels).sort()).toEqual(
      ['pool', 'test'].flatMap((cohort) => [0, 1, 2].map((index) => `${cohort}/train/000${index}`)),
    );
    expect(labels['test/train/0001']).toBe(findingsOf(3, 1).meniscus ? 'yes' : 'no');
    expect(parts[0]!.test).toEqual(['test/train/0000', 'test/train/0001', 'test/train/0002']);
    expect(data.manifest.heldOut).toBeUndefined();
  });

  it('says what a step costs on a folder laid out as MRNet, though nothing has run', async () => {
    const cohort = { ...knees(2), subjects: 5, layout: 'mrnet' };
    await writePhantomCohort(join(folder, 'mrnet'), cohort);
    const asked = experiment({ data: join(folder, 'mrnet') }, 1);
    const plan = await planExperiment(asked, join(folder, 'none'), {}, options);
    expect([plan.tried, plan.untried]).toEqual([true, null]);
    expect(plan.secondsLeft).toBeGreaterThan(0);
  }, 120_000);

  it('is planned without times where a step of it is too large for this adapter', async () => {
    const large = experiment({ phantom: knees(2), size: 224, batch: 4096 }, { seed: 3, subjects: 3 });
    const plan = await planExperiment(large, join(folder, 'large'), {}, options);
    expect(plan.untried).toMatch(/this adapter takes \d+/);
    expect(plan.secondsLeft).toBeNull();
    expect(plan.units.map(({ seconds }) => seconds)).toEqual(plan.units.map(() => null));
  });

  it('comes along as a file', async () => {
    const file = 'experiments/knee-small.json';
    const { base } = parseExperiment(JSON.parse(await readFile(file, 'utf8')), file);
    expect(resolveConfig(base).phantom.anatomy).toBe('knee');
  });
});
