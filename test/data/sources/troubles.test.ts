/** @file ACDC folders with faults: what can be used is used, what cannot is named with the reason. */
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../src/base/errors.ts';
import { openFiles } from '../../../src/data/sources/open.ts';
import type { FileSource } from '../../../src/data/types.ts';
import { Warnings } from '../../../src/data/warnings.ts';
import { memoryFile } from '../dicom-writer.ts';
import {
  affineOf,
  maskFile,
  niftiBytes,
  oblique,
  patient,
  type TestVolume,
  textFile,
  volumeFile,
} from './volumes.ts';

const healthy = patient('patient001');

async function open(files: readonly FileSource[]) {
  const warnings = new Warnings();
  const { data, notices } = await openFiles(files, { size: 16, spacingMm: 2, onWarning: warnings.add });
  return { data, notices, warnings: warnings.list };
}

/** The healthy patient with one file replaced. */
const replaced = (name: string, bytes: Uint8Array): FileSource[] =>
  healthy.map((file) => (file.path.endsWith(name) ? memoryFile(file.path, bytes) : file));

const magic = (view: DataView) => view.setUint8(344, 0x78);
const rank = (count: number) => (view: DataView) => view.setInt16(40, count, true);
const shifted = affineOf([-1.6, -1.2, 0], [0.72, -0.96, -1.6], [-3.84, 5.12, -4.8], [10, -20, 38]);
const spoilt = (view: DataView) => view.setFloat32(352 + 4 * 37, Number.NaN, true);

const images: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ['cut short', niftiBytes().subarray(0, 900), /holds \d00 of \d+ bytes/],
  ['cut short in its gzip data', niftiBytes({ gzip: true }).subarray(0, 300), /gzip data end too soon/],
  ['empty', new Uint8Array(), /holds 0 of a header's 348 bytes/],
  ['of another magic', niftiBytes({ change: magic }), /magic|not a readable NIfTI/],
  ['2-D', niftiBytes({ dims: [16, 12, 1], change: rank(2) }), /has 2 dimensions/],
  ['4-D', niftiBytes({ dims: [16, 12, 3, 2] }), /holds 2 frames/],
  ['of NaN pixels', niftiBytes({ change: spoilt, type: 'f32' }), /holds NaN at voxel \[5, 2, 0\]/],
  [
    'sheared in plane',
    niftiBytes({ affine: affineOf([2, 0.2, 0], [0, 2, 0], [0, 0, 8], [0, 0, 0]) }),
    /sheared in plane/,
  ],
];

const label = (change: TestVolume) => niftiBytes({ type: 'u8', value: (i) => i % 4, ...change });
const masks: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ['cut short', label({}).subarray(0, 500), /holds \d00 of \d+ bytes/],
  ['of another shape', label({ dims: [16, 12, 2] }), /has 16 × 12 × 2 voxels, its image .* 16 × 12 × 3/],
  ['of another grid', label({ affine: shifted }), /lies up to 8 mm away from its image/],
  ['4-D', label({ dims: [16, 12, 3, 2] }), /holds 2 frames/],
];

describe('an image', () => {
  test.each(images)(
    'that is %s is skipped by name; the patient’s other frame is used',
    async (_, bytes, reason) => {
      const { data } = await open(replaced('frame07.nii.gz', bytes));
      expect(data.manifest.images.map(({ frame }) => frame)).toEqual([0, 0, 0]);
      expect(data.manifest.skipped).toMatchObject([
        { file: 'patient001/patient001_frame07.nii.gz', reason: { message: expect.stringMatching(reason) } },
      ]);
      const alone = [memoryFile('patient001_frame07.nii.gz', bytes)];
      await expect(open(alone)).rejects.toThrow(ConfigError);
      await expect(open(alone)).rejects.toThrow(/1 file was skipped:\n {2}patient001_frame07\.nii\.gz: /);
    },
  );

  test('of one value throughout is kept as zeros, and told of', async () => {
    const { data, warnings } = await open(replaced('frame07.nii.gz', niftiBytes({ value: () => 0 })));
    expect(data.manifest.images).toHaveLength(6);
    expect(data.pixels.subarray(768).every((v) => v === 0)).toBe(true);
    expect(warnings).toMatchObject([{ code: 'CONSTANT', count: 1 }]);
  });

  test('that cannot be opened at all is skipped with the reason', async () => {
    const gone = {
      path: 'patient001/patient001_frame09.nii',
      read: () => Promise.reject(new Error('unplugged')),
    };
    const { data } = await open([...healthy, gone]);
    expect(data.manifest.skipped).toEqual([
      { file: gone.path, reason: { code: 'READ', message: 'unplugged' } },
    ]);
  });
});

describe('a mask', () => {
  test.each(masks)(
    'that is %s is skipped by name; its image is kept, unlabelled',
    async (_, bytes, reason) => {
      const { data, notices } = await open(replaced('frame07_gt.nii.gz', bytes));
      expect(data.manifest.skipped).toMatchObject([
        {
          file: 'patient001/patient001_frame07_gt.nii.gz',
          reason: { message: expect.stringMatching(reason) },
        },
      ]);
      expect(data.manifest.images).toHaveLength(6);
      expect(data.masks!.subarray(768).every((v) => v === 255)).toBe(true);
      expect(data.masks!.subarray(0, 768)).toContain(3);
      expect(notices.map(({ code }) => code)).toEqual(['NO_LABELS']);
    },
  );

  test('without its image, or a second of one frame, is skipped by name', async () => {
    const { data } = await open([
      ...healthy,
      maskFile('patient001/patient001_frame09_gt.nii'),
      volumeFile('patient001/patient001_frame1.nii'),
    ]);
    expect(data.manifest.skipped.map(({ file, reason }) => `${file} ${reason.code}`)).toEqual([
      'patient001/patient001_frame1.nii COPY',
      'patient001/patient001_frame09_gt.nii NO_IMAGE',
    ]);
  });
});

describe('Info.cfg', () => {
  test.each([
    ['without ED', 'ES: 7\nGroup: DCM', [undefined, 'ES'], []],
    ['of neither phase', 'Group: DCM', [undefined, undefined], [/names neither ED nor ES/]],
    ['with CRLF', 'ED: 1\r\nES: 7\r\n', ['ED', 'ES'], []],
    ['with an ED that is no number', 'ED: first\nES: 7\n', [undefined, 'ES'], [/ED "first" is not a frame/]],
    [
      'with an ED that is not there',
      'ED: 3\nES: 7\n',
      [undefined, 'ES'],
      [/ED is frame 3, which is not there/],
    ],
  ])('%s costs at most the phases', async (_, text, phases, messages) => {
    const { data, notices } = await open([textFile('patient001/Info.cfg', text), ...healthy.slice(1)]);
    expect(data.manifest.images.map(({ phase }) => phase)).toEqual(phases.flatMap((p) => [p, p, p]));
    expect(notices).toMatchObject(
      messages.map((message) => ({
        code: 'INFO_CFG',
        subject: 'patient001',
        message: expect.stringMatching(message),
      })),
    );
  });
});

test('what a file contradicts itself in is told once for all files', async () => {
  // as ACDC's own files: an sform of unit scale beside true voxel sizes and a qform
  const unit = (view: DataView) => {
    view.setInt16(252, 1, true);
    for (let n = 0; n < 12; n++) view.setFloat32(280 + 4 * n, n % 5 === 0 ? 1 : 0, true);
  };
  const { data, warnings } = await open([
    volumeFile('a/a_frame01.nii', { affine: oblique, change: unit }),
    volumeFile('a/a_frame07.nii', { affine: oblique, change: unit }),
  ]);
  expect(warnings).toMatchObject([
    { code: 'NIFTI', count: 2, file: 'a/a_frame01.nii', message: expect.stringMatching(/the qform/) },
    { code: 'ORDER_UNKNOWN', count: 2 },
  ]);
  expect(data.manifest.images[0]!.plane.spacingMm.map((mm) => Number(mm.toFixed(4)))).toEqual([2, 2]);
});
