/** @file A run's data from folders of each kind: prepared once, kept with the run, found again. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { openStore, writeStore } from '../../src/data/store.node.ts';
import { type FileSource, UNKNOWN } from '../../src/data/types.ts';
import { type GivenConfig, resolveConfig } from '../../src/run/config.ts';
import { adoptData, dataFacts, openData, openRunData } from '../../src/run/dataset.node.ts';
import { patient } from '../data/sources/volumes.ts';
import { dsbccSubject } from '../data/studies.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'planewise-data-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(name: string, files: readonly FileSource[]): Promise<string> {
  for (const file of files) {
    const path = join(folder, name, file.path);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, await file.read());
  }
  return join(folder, name);
}

const quiet = {
  startStage: () => ({ update: () => {}, end: () => {} }),
  onWarning: () => {},
  worker: null,
};

async function open(given: GivenConfig, resume = false) {
  const warnings: string[] = [];
  const stages: string[] = [];
  const config = resolveConfig({ size: 16, spacingMm: 2, out: join(folder, 'run'), ...given });
  const data = await openData(config, resume, {
    startStage: (label) => {
      stages.push(label);
      return { update: () => {}, end: () => {} };
    },
    onWarning: (line) => warnings.push(line),
    worker: null,
  });
  return { data, warnings, stages };
}

describe('a run’s data', () => {
  test('may be a folder laid out as ACDC: prepared with masks into the run, and found there again', async () => {
    const data = await write('acdc', patient('training/patient001'));
    const first = await open({ data });
    expect(first.data.manifest).toMatchObject({ version: 2, size: 16, spacingMm: 2 });
    expect(first.warnings).toEqual([]);
    expect(await openStore(join(folder, 'run', 'prepared'))).toEqual(first.data);
    const again = await open({ data }, true);
    expect(again.data).toEqual(first.data);
    expect(again.stages).toEqual([]);
  });

  test('may be the store that prepare made of it', async () => {
    const { data } = await open({ data: await write('acdc', patient('patient001')) });
    const store = join(folder, 'store');
    await writeStore(store, data);
    expect(adoptData({ data: store }, await dataFacts(store))).toEqual({
      data: store,
      size: 16,
      spacingMm: 2,
    });
    expect((await open({ data: store })).data).toEqual(data);
  });

  describe('of ACDC volumes with slices without labels', () => {
    const masks = (): Promise<string> =>
      write(
        'acdc',
        patient('patient001', (_i, _j, k) => (k === 0 ? 0 : 1)),
      );
    const given = { preset: 'finetune' } as const;
    const known = async (more: GivenConfig) => {
      const { data, warnings } = await open({ ...given, data: await masks(), ...more });
      const unknown = [...(data.masks as Uint8Array)].filter((label) => label === UNKNOWN).length;
      return { unknown, warnings };
    };

    test('leave these out, or take them as background where the configuration says so', async () => {
      expect(await known({})).toMatchObject({
        unknown: 2 * 256,
        warnings: [expect.stringMatching(/taken as unlabelled \(--empty-slices background/)],
      });
      expect(await known({ emptySlices: 'background', out: join(folder, 'other') })).toMatchObject({
        unknown: 0,
        warnings: [expect.stringMatching(/have no label: background/)],
      });
    });

    test('take them as background in preset acdc, whose data are drawn whole', async () => {
      expect(await known({ preset: 'acdc' })).toMatchObject({ unknown: 0 });
    });

    test('are asked nothing by tasks without masks', async () => {
      const data = await masks();
      const tasks = ['location'];
      const kept = await open({ preset: 'acdc', data: await write('study', dsbccSubject('1')), tasks });
      expect(kept.data.manifest.version).toBe(1);
      await expect(open({ data, tasks, emptySlices: 'background' })).rejects.toThrow(
        /emptySlices is background, but no task learns from masks/,
      );
    });

    test('are decided when a store is prepared', async () => {
      const { data } = await open({ ...given, data: await masks() });
      const store = join(folder, 'store');
      await writeStore(store, data);
      const facts = await dataFacts(store);
      expect(() => adoptData({ data: store, emptySlices: 'background' }, facts)).toThrow(
        /masks are fixed\. Give emptySlices when preparing it/,
      );
      for (const same of [{ emptySlices: 'unknown' }, { preset: 'acdc', emptySlices: 'background' }] as const)
        expect(adoptData({ data: store, ...same }, facts)).toMatchObject({ size: 16 });
    });

    test('of further images without masks play no part', async () => {
      const config = resolveConfig({
        ...{ ...given, preset: 'acdc', tasks: ['selfLoop'], size: 18, spacingMm: 2, model: { depth: 2 } },
        ...{
          data: await masks(),
          unlabelled: await write('study', dsbccSubject('1')),
          out: join(folder, 'run'),
        },
      });
      const { manifest } = await openRunData(config, false, quiet);
      expect(manifest.images.length).toBeGreaterThan(6);
    });
  });

  test('may be DICOM studies beside ACDC volumes: the studies are taken, and the rest is told of', async () => {
    const data = await write('both', [...dsbccSubject('1'), ...patient('patient001')]);
    const { data: prepared, warnings } = await open({ data, map: ['sax=short-axis'] });
    expect(prepared.manifest).toMatchObject({ version: 1, referenceViews: ['2-chamber', '4-chamber'] });
    expect(warnings).toEqual([
      expect.stringMatching(/^Taken are 10 DICOM images .*left are 2 NIfTI volumes/),
    ]);
  });

  test('must be such as can have masks where tasks learn from them, which is told before any image is decoded', async () => {
    const data = await write('study', dsbccSubject('1'));
    await expect(open({ preset: 'finetune', data })).rejects.toThrow(
      /holds 10 DICOM images.*, which come without masks\. Give NIfTI volumes laid out as ACDC, or train on/,
    );
    await expect(open({ preset: 'classify', data })).rejects.toThrow(
      /without groups\. Give NIfTI volumes laid out as ACDC or .*MRNet/,
    );
  });

  test('that are ACDC volumes leave no use for a mapping of views', async () => {
    const data = await write('acdc', patient('patient001'));
    await expect(open({ data, map: ['sax=short-axis'] })).rejects.toThrow(ConfigError);
    await expect(open({ data, map: ['sax=short-axis'] })).rejects.toThrow(/\(--map\) means nothing/);
  });

  test('that are skipped in part are told of, each kind of warning once', async () => {
    const files = patient('patient001', (i, _j, k) => (k === 0 ? 9 : i % 4));
    const broken = { path: 'patient001/patient001_frame09.nii', read: async () => new Uint8Array(9) };
    const { warnings } = await open({ data: await write('acdc', [...files, broken]) });
    expect(warnings).toEqual([
      expect.stringMatching(/^2 slices of labelled volumes have no label/),
      expect.stringMatching(/^UNKNOWN_LABELS: 2 images, first patient001\/patient001_frame01_gt\.nii\.gz: /),
      expect.stringMatching(
        /^1 file skipped, first patient001\/patient001_frame09\.nii: is not a readable NIfTI/,
      ),
    ]);
  });

  test('are a phantom cohort’s studies where no folder is given, without a word on its volumes', async () => {
    const { data, warnings } = await open({ phantom: { subjects: 3, phases: 1, size: 32 }, spacingMm: 16 });
    expect(warnings).toEqual([]);
    expect(data.manifest.referenceViews).toEqual(['2-chamber', '4-chamber']);
  });
});
