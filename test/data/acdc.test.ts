/** @file Finding labelled volumes in a folder laid out as ACDC, as careful and as careless hands lay it out. */

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { findAcdc, parseAcdcInfo } from '../../src/data/acdc.ts';
import { listFiles } from '../../src/data/files/files.node.ts';
import { readNifti } from '../../src/data/nifti.ts';
import { memoryFile } from './dicom-writer.ts';

const text = (path: string, content = '') => memoryFile(path, new TextEncoder().encode(content));
const names = (id: string) =>
  ['frame12', 'frame12_gt', 'frame01', 'frame01_gt', '4d'].map((n) => `${id}_${n}.nii.gz`);

test('patients are found with phases, labels and Info.cfg, whatever else lies around', async () => {
  const { patients, skipped } = await findAcdc([
    ...names('patient007').map((name) => text(`training/patient007/${name}`)),
    text(
      'training/patient007/Info.cfg',
      'ED: 1\r\nES: 12\r\nGroup: DCM\r\nHeight: 184.0\r\nNbFrame: 30\r\nWeight: 95.0',
    ),
    text('training/patient008/patient008_frame03.nii'),
    text('MANDATORY_CITATION.md'),
  ]);
  expect(patients).toMatchObject([
    {
      id: 'patient007',
      group: 'DCM',
      heightCm: 184,
      weightKg: 95,
      frames: [
        { frame: 1, phase: 'ED', labels: { path: 'training/patient007/patient007_frame01_gt.nii.gz' } },
        { frame: 12, phase: 'ES', image: { path: 'training/patient007/patient007_frame12.nii.gz' } },
      ],
      notices: [],
    },
    { id: 'patient008', group: null, frames: [{ frame: 3, phase: null, labels: null }], notices: [] },
  ]);
  expect(skipped).toEqual([]);
});

test('names may be in upper case, packed or not, and numbered with or without zeros', async () => {
  const { patients, skipped } = await findAcdc([
    text('P1/PATIENT101_FRAME01.NII.GZ'),
    text('P1/patient101_frame1_GT.nii'),
    text('P1/patient101_frame01.nii'),
    text('P1/._patient101_frame01.nii'),
    text('P1/patient101_frame14_gt.Nii.gz'),
    text('P1/INFO.CFG', 'ED: 1'),
    text('P2/patient102_4d.nii.gz'),
  ]);
  expect(patients).toMatchObject([
    { id: 'PATIENT101', frames: [{ phase: 'ED', labels: { path: 'P1/patient101_frame1_GT.nii' } }] },
  ]);
  expect(skipped.map(({ file, reason }) => [file, reason.code])).toEqual([
    ['P1/patient101_frame01.nii', 'COPY'],
    ['P1/patient101_frame14_gt.Nii.gz', 'NO_IMAGE'],
    ['P2/patient102_4d.nii.gz', 'NO_FRAMES'],
  ]);
});

describe('Info.cfg', () => {
  const whole = { ed: 1, es: 12, group: 'NOR', heightCm: 184.5, weightKg: 95, notices: [] };
  const lines = ['ED: 1', 'es :12 ', '\tGROUP=NOR', 'height: 184,5', 'Weight: +95.'];

  test.each(['\n', '\r\n', '\r'])('is read with line ends %j, in any case and spacing', (end) => {
    expect(parseAcdcInfo(`\uFEFF${lines.join(end)}`, 'Info.cfg')).toEqual(whole);
  });

  test('is read as UTF-16 where its byte order mark says so', async () => {
    const image = text('a_frame01.nii');
    const units = Uint16Array.from(`\uFEFF${lines.join('\r\n')}`, (c) => c.charCodeAt(0));
    const little = new Uint8Array(units.buffer);
    const big = little.map((_, i) => little[i ^ 1]!);
    for (const bytes of [little, big]) {
      const { patients } = await findAcdc([image, memoryFile('Info.cfg', bytes)]);
      expect(patients).toMatchObject([{ group: 'NOR', heightCm: 184.5, frames: [{ phase: 'ED' }] }]);
    }
  });

  test('costs no patient for a height, weight or phase that is no number; what was written is told of', () => {
    for (const unknown of ['N/A', 'NaN', '', 'unknown', '--'])
      expect(parseAcdcInfo(`Height: ${unknown}\nWeight: ${unknown}`, 'x')).toMatchObject({
        heightCm: null,
        weightKg: null,
        notices: [],
      });
    const info = parseAcdcInfo('ED: one\nES: 1.5\nHeight: tall\x07\nWeight: -3', 'p/Info.cfg');
    expect(info).toEqual({
      ed: null,
      es: null,
      group: null,
      heightCm: null,
      weightKg: null,
      notices: [
        'p/Info.cfg: ED "one" is not a frame\'s number, so it is not used.',
        'p/Info.cfg: ES "1.5" is not a frame\'s number, so it is not used.',
        'p/Info.cfg: Height "tall" is not a positive number, so it is not used.',
        'p/Info.cfg: Weight "-3" is not a positive number, so it is not used.',
      ],
    });
    expect(parseAcdcInfo('ED:', 'x').notices).toHaveLength(1);
  });

  test('that names frames which are not there, or lies beside several patients, is told of', async () => {
    const [first, second] = [text('a_frame01.nii'), text('b_frame01.nii')];
    const noticesOf = async (...files: Parameters<typeof findAcdc>[0]) =>
      (await findAcdc(files)).patients.flatMap(({ notices }) => notices);
    expect(await noticesOf(first, text('Info.cfg', 'ED: 1\nES: 9'))).toEqual([
      'Info.cfg: ES is frame 9, which is not there.',
    ]);
    expect(await noticesOf(first, text('Info.cfg', 'ED: 1\nES: 1'))).toEqual([
      'Info.cfg: ED and ES are both frame 1; it is taken as ED.',
    ]);
    expect(await noticesOf(first, second, text('Info.cfg', 'ED: 1'))).toEqual(
      Array(2).fill(expect.stringContaining('its folder holds several patients')),
    );
  });

  test('that cannot be read at all has its patient skipped with the reason', async () => {
    const broken = { path: 'Info.cfg', read: () => Promise.reject(new Error('no medium')) };
    const { patients, skipped } = await findAcdc([text('a_frame01.nii'), broken]);
    expect(patients).toEqual([]);
    expect(skipped).toEqual([{ file: 'Info.cfg', reason: { code: 'READ', message: 'no medium' } }]);
  });
});

const realFolder = fileURLToPath(new URL('../../../shared/data/sunnybrook-acdc', import.meta.url));

if (existsSync(realFolder))
  test('five real patients are read, masks on their images’ grids', async () => {
    const { patients, skipped } = await findAcdc(await listFiles(realFolder));
    expect(skipped).toEqual([]);
    expect(patients.map(({ id, group, notices }) => [id, group, notices.length])).toEqual(
      [1, 2, 4, 5, 6].map((n) => [`patient90${n}`, 'MINF', 0]),
    );
    for (const { frames } of patients) {
      expect(frames.map(({ phase }) => phase).sort()).toEqual(['ED', 'ES']);
      for (const { image, labels } of frames) {
        const volume = readNifti(await image.read(), image.path);
        const mask = readNifti(await labels!.read(), labels!.path);
        expect(mask).toMatchObject({ dims: volume.dims, affine: volume.affine, notices: [] });
        expect(mask.data.every((v) => v === 0 || v === 2 || v === 3)).toBe(true);
      }
    }
  });
