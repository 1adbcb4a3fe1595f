/** @file ACDC folders prepared: grids, geometry, classes, and what is unknown. */
import { describe, expect, test } from 'vitest';
import { cropMap, onGrid } from '../../../src/data/resample.ts';
import { samplesOf } from '../../../src/data/sample.ts';
import { type OpenOptions, openFiles } from '../../../src/data/sources/open.ts';
import { type FileSource, type PreparedData, UNKNOWN } from '../../../src/data/types.ts';
import { subtract } from '../../../src/data/vector.ts';
import { Warnings } from '../../../src/data/warnings.ts';
import { maskFile, patient, threeLabels, volumeFile } from './volumes.ts';

const grid = { size: 16, spacingMm: 2 };

async function open(files: readonly FileSource[], options: OpenOptions = {}) {
  const warnings = new Warnings();
  const opened = await openFiles(files, { ...grid, onWarning: warnings.add, ...options });
  return { ...opened, warnings: warnings.list, codes: opened.notices.map(({ code }) => code) };
}

/** How often each value occurs in the masks of some images. */
function counts(data: PreparedData, indices: readonly number[]): Record<number, number> {
  const found: Record<number, number> = {};
  for (const sample of samplesOf(data, indices))
    for (const value of sample.mask()!) found[value] = (found[value] ?? 0) + 1;
  return found;
}

describe('a folder laid out as ACDC', () => {
  test('becomes an image for each slice and frame, with masks, phases and geometry', async () => {
    const { data, source, warnings, notices, ignored } = await open([
      ...patient('database/training/patient001'),
      ...patient('database/testing/patient101'),
      maskFile('README.nii'),
    ]);
    const { manifest, pixels, masks } = data;
    expect({ source, warnings, notices, ignored }).toEqual({
      source: 'acdc',
      warnings: [],
      notices: [],
      ignored: ['README.nii'],
    });
    expect(manifest).toMatchObject({
      version: 2,
      ...grid,
      targetView: 'short-axis',
      referenceViews: [],
      classes: ['background', 'right ventricle', 'myocardium', 'left ventricle'],
      heldOut: ['patient101'],
      skipped: [],
    });
    expect(manifest.images.map(({ subject, frame, slice, phase }) => [subject, frame, slice, phase])).toEqual(
      ['patient001', 'patient101'].flatMap((id) =>
        [0, 6].flatMap((frame) => [0, 1, 2].map((slice) => [id, frame, slice, frame === 0 ? 'ED' : 'ES'])),
      ),
    );
    expect(manifest.images[4]).toMatchObject({
      file: 'database/training/patient001/patient001_frame07.nii.gz',
      fileFrame: 1,
      view: 'short-axis',
      lines: [],
      location: 0.5,
    });
    expect([pixels.length, masks!.length]).toEqual([12 * 256, 12 * 256]);
    // 4 × 4 pixels of each class; 12 rows of 16 fill the middle of 16 × 16
    expect(counts(data, [4])).toEqual({ 0: 256 - 48, 1: 16, 2: 16, 3: 16 });
    const [first, second] = manifest.images.map(({ plane }) => plane);
    expect(Math.hypot(...subtract(second!.position, first!.position))).toBeCloseTo(8, 4);
  });

  test('is z-scored volume by volume, so that slices keep their brightness beside each other', async () => {
    const { data } = await open(patient('patient001'));
    const [ed, es] = [data.pixels.subarray(0, 768), data.pixels.subarray(768)];
    for (const volume of [ed, es]) {
      expect(volume.reduce((a, b) => a + b) / 768).toBeCloseTo(0, 5);
      expect(volume.reduce((a, b) => a + b * b, 0) / 768).toBeCloseTo(1, 4);
    }
    const means = [0, 1, 2].map((slice) =>
      ed.subarray(slice * 256, slice * 256 + 256).reduce((a, b) => a + b),
    );
    expect(means[0]!).toBeLessThan(means[1]! - 50);
    expect(means[1]!).toBeLessThan(means[2]! - 50);
  });

  test('is resampled like any image: one slice alone is as onGrid has it', async () => {
    const dims = [20, 14, 1];
    const value = (i: number, j: number) => (i * 37 + j * 11) % 50;
    const { data } = await open([volumeFile('a_frame01.nii', { dims, value })], { size: 12, spacingMm: 3.1 });
    const values = Float32Array.from({ length: 280 }, (_, n) => value(n % 20, Math.floor(n / 20)));
    const shape = { rows: 14, columns: 20, spacingMm: [2, 2] as const };
    const map = cropMap({ ...data.manifest.images[0]!.plane, ...shape }, 12, 3.1);
    const { pixels } = onGrid({ rows: 14, columns: 20, values }, map, 12);
    expect(Math.max(...pixels.map((v, n) => Math.abs(v - data.pixels[n]!)))).toBeLessThan(1e-5);
    expect(data.manifest.images).toMatchObject([{ location: null, slice: 0, frame: 0 }]);
  });

  test('has its pixels rounded where they are stored in half precision', async () => {
    const single = await open(patient('patient001'));
    const half = await open(patient('patient001'), { dtype: 'f16' });
    expect(half.data.manifest.dtype).toBe('f16');
    expect(half.data.masks).toEqual(single.data.masks);
    const worst = Math.max(...half.data.pixels.map((v, i) => Math.abs(v - single.data.pixels[i]!)));
    expect(worst).toBeGreaterThan(0);
    expect(worst).toBeLessThan(2e-3);
  });
});

/** Labels of a volume in which some do not occur. */
const only =
  (...labels: readonly number[]) =>
  (i: number, j: number) => {
    const label = threeLabels(i, j);
    return labels.includes(label) ? label : 0;
  };

describe('what is unknown in masks', () => {
  test('is background in a volume that lacks a class which others have; classes are those that occur', async () => {
    const { data, codes, notices } = await open([
      ...patient('patient001', only(2, 3)),
      ...patient('patient002', only(3)),
    ]);
    expect(data.manifest.classes).toEqual(['background', 'myocardium', 'left ventricle']);
    expect(counts(data, [0, 1, 2])).toEqual({ 0: 3 * 224, 1: 48, 2: 48 });
    expect(counts(data, [6, 7, 8])).toEqual({ 2: 48, [UNKNOWN]: 3 * 240 });
    expect(codes).toEqual(['PARTIAL_LABELS']);
    expect(notices[0]!.message).toMatch(/^In 2 of 4 volumes .*patient002_frame01\.nii\.gz \(no myocardium\)/);
  });

  test('is nothing of a class that is not asked for: what is labelled otherwise is background', async () => {
    const files = [...patient('patient001', only(2, 3)), ...patient('patient002', only(3))];
    const { data, codes } = await open(files, { classes: ['left ventricle'] });
    expect(data.manifest.classes).toEqual(['background', 'left ventricle']);
    expect(counts(data, [0, 1, 2])).toEqual({ 0: 3 * 240, 1: 48 });
    expect(counts(data, [6, 7, 8])).toEqual({ 0: 3 * 240, 1: 48 });
    expect(codes).toEqual([]);
    const wall = await open(files, { classes: ['myocardium'] });
    expect(counts(wall.data, [6, 7, 8])).toEqual({ 0: 48, [UNKNOWN]: 3 * 240 });
    expect(wall.codes).toEqual(['PARTIAL_LABELS']);
    await expect(open(files, { classes: ['atrium'] })).rejects.toThrow(
      /no class "atrium" \(--classes\)\. Name some of right ventricle, myocardium and left ventricle/,
    );
  });

  test('is a slice without any label, unless it is said to be background', async () => {
    const files = patient('patient001', (i, j, k) => (k === 1 ? 0 : threeLabels(i, j)));
    const usual = await open(files);
    expect(counts(usual.data, [1, 4])).toEqual({ [UNKNOWN]: 512 });
    expect(counts(usual.data, [0, 2])).toMatchObject({ 0: 2 * 208 });
    expect(usual.notices).toMatchObject([
      { code: 'EMPTY_SLICES', message: expect.stringMatching(/^2 slices/) },
    ]);
    const empty = await open(files, { emptySlices: 'background' });
    expect(counts(empty.data, [1, 4])).toEqual({ 0: 512 });
    expect(empty.codes).toEqual(['EMPTY_SLICES']);
    const mixed = await open(
      [...patient('patient002'), ...patient('patient003', (i, j, k) => (k === 1 ? 0 : only(3)(i, j)))],
      { emptySlices: 'background' },
    );
    expect(counts(mixed.data, [7])).toEqual({ [UNKNOWN]: 256 });
  });

  test('is a value that is no class, without costing the rest of its slice', async () => {
    const odd = (i: number, j: number, k: number) => (i < 2 && k === 0 ? 7 : threeLabels(i, j));
    const { data, warnings } = await open(patient('patient001', odd));
    // 2 × 12 pixels in each of two frames
    expect(counts(data, [0, 3])).toEqual({ 0: 2 * (208 - 24), 1: 32, 2: 32, 3: 32, [UNKNOWN]: 48 });
    expect(warnings).toMatchObject([
      { code: 'UNKNOWN_LABELS', count: 2, message: expect.stringMatching(/such as 7;/) },
    ]);
    const half = (i: number, j: number) => (i === 2 ? 1.5 : threeLabels(i, j));
    const soft = await open([
      volumeFile('a_frame01.nii'),
      maskFile('a_frame01_gt.nii', { value: half, type: 'f32' }),
    ]);
    expect(counts(soft.data, [0])).toMatchObject({ 1: 12, [UNKNOWN]: 12 });
  });

  test('is a whole frame without a mask, or whose mask holds nothing', async () => {
    const files = patient('patient001').filter(({ path }) => !path.includes('frame07_gt'));
    const { data, notices } = await open([...files, ...patient('patient002', () => 0)]);
    expect(counts(data, [0])).toEqual({ 0: 208, 1: 16, 2: 16, 3: 16 });
    expect(counts(data, [3, 4, 5, 6, 7, 8, 9, 10, 11])).toEqual({ [UNKNOWN]: 9 * 256 });
    expect(notices).toMatchObject([
      { code: 'NO_LABELS', message: expect.stringMatching(/^3 of 4 volumes without .*patient001_frame07/) },
    ]);
  });

  test('is all where there is no label at all: then there are no masks, and the store is of version 1', async () => {
    const { data, codes } = await open(patient('patient001', () => 0));
    expect(data.manifest.version).toBe(1);
    expect(data).not.toHaveProperty('masks');
    expect(data.manifest).not.toHaveProperty('classes');
    expect(codes).toEqual(['NO_MASKS']);
  });

  test('does not depend on the crop, but labels that it cuts off are told of', async () => {
    const { data, warnings } = await open(patient('patient001'), { size: 6 });
    expect(data.manifest.classes).toHaveLength(4);
    expect(counts(data, [0])).toEqual({ 0: 12, 1: 4, 2: 16, 3: 4 });
    expect(warnings).toMatchObject([{ code: 'LABELS_CROPPED', count: 2 }]);
  });
});

describe('subjects', () => {
  test('of one id in two folders stay apart by their folders, but a copy is one', async () => {
    const other = patient('b/patient001', (i, j) => threeLabels(i + 1, j)).map((file, n) =>
      n % 2 === 1 ? volumeFile(file.path, { value: (i, j) => i * j }) : file,
    );
    const both = await open([...patient('a/patient001'), ...other]);
    expect([...new Set(both.data.manifest.images.map(({ subject }) => subject))]).toEqual([
      'a/patient001',
      'b/patient001',
    ]);
    const copy = await open([...patient('a/patient001'), ...patient('b/patient001')]);
    expect(copy.data.manifest.images).toHaveLength(6);
    expect(copy.data.manifest.skipped.map(({ file, reason }) => [file, reason.code])).toEqual([
      ['b/patient001/patient001_frame01.nii.gz', 'COPY'],
      ['b/patient001/patient001_frame07.nii.gz', 'COPY'],
    ]);
    expect([both.codes, copy.codes]).toEqual([['SHARED_ID'], []]);
    expect(both.notices[0]!.message).toMatch(/^patient001 stands for 2 patients, by folders: a.*, b/);
  });

  test('of one id with the same masks are one, though the pixels of one were processed', async () => {
    const processed = patient('n4/patient001').map((file) =>
      /frame\d+\.nii/.test(file.path) ? volumeFile(file.path, { value: (i, j, k) => 7 * i + j * k }) : file,
    );
    const { data, codes } = await open([...patient('raw/patient001'), ...processed]);
    expect(new Set(data.manifest.images.map(({ subject }) => subject)).size).toBe(1);
    expect(data.manifest.skipped.map(({ reason }) => reason.code)).toEqual(['COPY', 'COPY']);
    expect(codes).toEqual([]);
  });

  test('of one id, of whom one lies beside the others’ folders, are told apart as well', async () => {
    const flat = volumeFile('patient001_frame01.nii', { value: (i, j) => i * j });
    const same = volumeFile('b/patient001_frame01.nii', { value: (i, j) => i * j });
    const { data } = await open([...patient('a/patient001'), flat, same]);
    expect([...new Set(data.manifest.images.map(({ subject }) => subject))]).toEqual([
      'a/patient001',
      'patient001',
    ]);
    expect(data.manifest.skipped).toMatchObject([
      { file: same.path, reason: { code: 'COPY', message: `Same volume as ${flat.path}.` } },
    ]);
  });

  test('may lie flat in one folder, and number frames from 0', async () => {
    const { data } = await open([
      volumeFile('x_frame00.nii'),
      volumeFile('x_frame05.nii.gz'),
      maskFile('y_frame01_gt.nii'),
      volumeFile('y_frame01.nii'),
    ]);
    expect(data.manifest.images.map(({ subject, frame }) => `${subject} ${frame}`)).toEqual(
      ['x 0', 'x 5', 'y 0'].flatMap((one) => [one, one, one]),
    );
    expect(data.manifest.images[0]).not.toHaveProperty('phase');
  });
});
