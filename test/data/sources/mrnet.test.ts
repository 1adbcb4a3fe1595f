/** @file Knees laid out as MRNet: what is read of them, what is told, what is skipped with its reason. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/base/errors.ts';
import { samplesOf } from '../../../src/data/sample.ts';
import { type OpenOptions, openFiles } from '../../../src/data/sources/open.ts';
import { decodeManifest, decodeStore } from '../../../src/data/storedecode.ts';
import { encodeStore } from '../../../src/data/storeencode.ts';
import type { FileSource } from '../../../src/data/types.ts';
import { resolveConfig, trainConfigOf } from '../../../src/run/config.ts';
import { turnedLine } from '../../../src/run/datalines.ts';
import { planRun } from '../../../src/run/plan.ts';
import { splitOf } from '../../../src/train/dataset.ts';
import { memoryFile } from '../dicom-writer.ts';
import { textFile } from './volumes.ts';

const grid = { size: 8, spacingMm: 2 };

interface NpyOptions {
  readonly shape?: readonly number[];
  readonly descr?: string;
  readonly fortran?: boolean;
  readonly bytes?: number;
}

/** As numpy.save writes it, version 1. */
function npy(
  values: ArrayLike<number>,
  { shape = [2, 4, 4], descr = '|u1', fortran, bytes }: NpyOptions = {},
) {
  const order = fortran ? 'True' : 'False';
  const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${shape.join(', ')}), }`;
  const header = `${text.padEnd(117)}\n`;
  const head = Uint8Array.from(`\x93NUMPY\x01\x00${String.fromCharCode(header.length, 0)}${header}`, (c) =>
    c.charCodeAt(0),
  );
  return Uint8Array.from([...head, ...Array.from(values).slice(0, bytes)]);
}

const ramp = (factor = 1) => Array.from({ length: 32 }, (_, i) => (factor * i) % 256);

const knee = (path: string, options?: NpyOptions, values: ArrayLike<number> = ramp()): FileSource =>
  memoryFile(path, npy(values, options));

const knees = (parts: readonly string[], plane = 'sagittal') =>
  parts.map((name) => knee(`MRNet-v1.0/${name.replace('/', `/${plane}/`)}.npy`));

const csv = (name: string, ...lines: readonly string[]) =>
  textFile(`MRNet-v1.0/${name}.csv`, lines.map((line) => `${line}\n`).join(''));

const open = (files: readonly FileSource[], options: OpenOptions = {}) =>
  openFiles(files, { ...grid, ...options });

describe('knees laid out as MRNet', () => {
  it('are slices of subjects of both parts with three labels, without lines and locations', async () => {
    const files = [
      ...knees(['train/0000', 'train/0001', 'valid/1130']),
      ...knees(['train/0000'], 'axial'),
      csv('train-abnormal', '0000,1', '0001,0'),
      csv('train-acl', '0000,0', '0001,0'),
      csv('train-meniscus', '0000,1', '0001,1'),
      csv('valid-abnormal', '1130,1'),
      csv('valid-acl', '1130,1'),
      csv('valid-meniscus', '1130,0'),
      textFile('MRNet-v1.0/readme.txt', ''),
    ];
    const { data, source, notices, ignored } = await open(files);
    expect(source).toBe('mrnet');
    const { manifest, pixels } = data;
    expect(manifest).toMatchObject({ version: 1, targetView: 'sagittal', referenceViews: [], skipped: [] });
    expect(manifest.labels).toEqual({
      abnormal: { 'train/0000': 'yes', 'train/0001': 'no', 'valid/1130': 'yes' },
      acl: { 'train/0000': 'no', 'train/0001': 'no', 'valid/1130': 'yes' },
      meniscus: { 'train/0000': 'yes', 'train/0001': 'yes', 'valid/1130': 'no' },
    });
    expect(manifest.heldOut).toEqual(['valid/1130']);
    expect(manifest.images.map(({ subject, slice }) => [subject, slice])).toEqual(
      ['train/0000', 'train/0001', 'valid/1130'].flatMap((name) => [0, 1].map((slice) => [name, slice])),
    );
    expect(
      manifest.images.every(
        ({ lines, location, space }) => lines.length === 0 && location === null && space === undefined,
      ),
    ).toBe(true);
    expect(pixels).toHaveLength(6 * 64);
    expect(notices.map(({ code }) => code)).toEqual(['NO_GEOMETRY']);
    expect(ignored).toEqual(['MRNet-v1.0/readme.txt']);
    // nothing says how they lie, nor is it missed
    expect(turnedLine(data.manifest)).toBeNull();
    // as stored, and as samples
    const stored = encodeStore(data);
    const back = decodeStore(decodeManifest(stored.manifest, 'm'), stored.pixels, 'p');
    const [first] = samplesOf(back);
    expect([
      first!.group('abnormal'),
      first!.group('acl'),
      first!.group('other'),
      first!.group('pathology'),
    ]).toEqual(['yes', 'no', null, null]);
  });

  it('are scaled to the grid whole, and z-scored by series', async () => {
    const { data } = await openFiles(knees(['train/0000']), { size: 4, spacingMm: 3 });
    const values = ramp();
    const mean = values.reduce((a, b) => a + b) / 32;
    const deviation = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 32);
    for (const [i, v] of values.entries()) expect(data.pixels[i]).toBeCloseTo((v - mean) / deviation, 5);
    const { data: wide } = await openFiles(
      [knee('train/axial/1.npy', { shape: [1, 2, 4] }, [9, 9, 9, 9, 1, 1, 1, 1])],
      {
        ...{ size: 4, spacingMm: 1, targetView: 'axial' },
      },
    );
    // two rows in the middle of four, padding outside
    const rows = [0, 1, 2, 3].map((y) => wide.pixels[4 * y]!);
    expect(rows[0]).toBeCloseTo(rows[3]!, 6);
    expect(rows[1]).toBeGreaterThan(rows[2]!);
  });

  it('are of the plane that is asked for; others are refused by name', async () => {
    const files = [...knees(['train/0000', 'train/0001'], 'axial'), ...knees(['train/0000'], 'coronal')];
    const axial = await open(files, { targetView: 'axial' });
    expect(axial.data.manifest).toMatchObject({ targetView: 'axial' });
    expect(axial.data.manifest.images).toHaveLength(4);
    expect(axial.data.manifest).not.toHaveProperty('heldOut');
    await expect(open(files)).rejects.toThrow(
      /^No sagittal series can be used; there are axial and coronal ones\. Choose with --target/,
    );
    await expect(open(files, { targetView: 'oblique' })).rejects.toThrow(ConfigError);
    await expect(open(files, { referenceViews: ['axial'] })).rejects.toThrow(
      /reference view .* means nothing/,
    );
  });

  it.each([
    ['another type', { descr: '<f4' }, /has elements of type <f4, not \|u1/],
    ['Fortran order', { fortran: true }, /is in Fortran order/],
    ['two axes', { shape: [4, 8] }, /has shape \(4, 8\), not three axes/],
    ['no slice', { shape: [0, 4, 4], bytes: 0 }, /there is no pixel/],
    ['a truncated file', { bytes: 31 }, /has 31 bytes of data, not the 32 of \(2, 4, 4\)/],
    ['bytes behind the last', { shape: [1, 4, 4] }, /has 32 bytes of data, not the 16/],
  ] as const)('are skipped, and say why: %s', async (_, options, message) => {
    const { data } = await open([
      ...knees(['train/0000']),
      knee('MRNet-v1.0/train/sagittal/0001.npy', options),
    ]);
    expect(data.manifest.images).toHaveLength(2);
    expect(data.manifest.skipped).toMatchObject([{ file: 'MRNet-v1.0/train/sagittal/0001.npy' }]);
    expect(data.manifest.skipped[0]!.reason.message).toMatch(message);
  });

  it('are skipped where a file is no array, or a case is there twice; a constant one is told', async () => {
    const warned: string[] = [];
    const files = [
      ...knees(['train/0000', 'train/000']),
      textFile('MRNet-v1.0/train/sagittal/0001.npy', 'no array'),
      knee('MRNet-v1.0/train/sagittal/0002.npy', {}, new Array(32).fill(7)),
    ];
    const { data } = await open(files, { onWarning: (file, { code }) => warned.push(`${file} ${code}`) });
    const told = data.manifest.skipped.map(({ reason }) => reason.message).join('\n');
    expect(data.manifest.skipped).toHaveLength(2);
    expect(told).toMatch(/is case 0 of train, as .*000.*\.npy is/);
    expect(told).toMatch(/0001\.npy: is no \.npy array/);
    expect(warned).toEqual(['MRNet-v1.0/train/sagittal/0002.npy CONSTANT']);
  });

  it('take labels of any line ends and spelling; what is missing, torn or no label is told', async () => {
    const files = [
      ...knees(['train/0000', 'train/0001', 'train/0002', 'train/0003']),
      textFile(
        'MRNet-v1.0/train-abnormal.csv',
        '\uFEFFcase,abnormal\r\n0000,1\r\n1,0\r\n"0002","1"\r\n\r\n0003, 0 \r\n0099,1',
      ),
      csv('train-acl', '0000,1', '0000,1', '0001,0', '0001,1', '0002,2', '0003'),
    ];
    const { data, notices } = await open(files);
    expect(data.manifest.labels).toEqual({
      abnormal: { 'train/0000': 'yes', 'train/0001': 'no', 'train/0002': 'yes', 'train/0003': 'no' },
      acl: { 'train/0000': 'yes' },
    });
    expect(notices.map(({ message }) => message).slice(1)).toEqual([
      'MRNet-v1.0/train-abnormal.csv: 1 case without images that can be used, first 99.',
      'MRNet-v1.0/train-acl.csv: line 5 is no case with 0 or 1 (0002,2); it is left out.',
      'MRNet-v1.0/train-acl.csv: line 6 is no case with 0 or 1 (0003); it is left out.',
      'MRNet-v1.0/train-acl.csv: case 1 is there with 0 and with 1; neither is taken.',
      'Label acl says nothing of 3 of 4 cases, first train/0001.',
      'Label meniscus says nothing of 4 of 4 cases, first train/0000.',
    ]);
  });

  it('test on the published part; by the label that is asked for', async () => {
    const names = ['0', '1', '2', '3', '4', '5'].map((digit) => `000${digit}`);
    const files = [
      ...knees([...names.map((name) => `train/${name}`), 'valid/0000', 'valid/0007']),
      csv('train-acl', ...names.map((name, i) => `${name},${i % 2}`)),
      csv('valid-acl', '0000,1', '0007,0'),
    ];
    const { data } = await open(files);
    const config = trainConfigOf(
      resolveConfig({
        preset: 'finetune',
        tasks: { classification: { label: 'acl' } },
        validationFraction: 0.34,
        data: 'x',
      }),
    );
    const plan = planRun(config, data.manifest);
    expect(plan.heads[0]!.channels).toBe(2);
    const { train, validation, test } = splitOf(data, config, plan);
    expect(test).toEqual(['valid/0000', 'valid/0007']);
    expect(validation).toHaveLength(2);
    expect([...train, ...validation].sort()).toEqual(names.map((name) => `train/${name}`));
    const named = { train: ['valid/0000'], validation: [], test: ['train/0000'] };
    expect(splitOf(data, { ...config, subjects: named }, plan)).toEqual(named);
  });
});
