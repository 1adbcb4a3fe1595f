/** @file Finding labelled volumes in a folder laid out as ACDC. */

import { expect, test } from 'vitest';
import { findAcdc, parseAcdcInfo } from '../../src/data/acdc.ts';
import { FileError } from '../../src/tensor/errors.ts';
import { memoryFile } from './dicom-writer.ts';

const text = (path: string, content: string) => memoryFile(path, new TextEncoder().encode(content));
const names = (id: string) =>
  ['frame12', 'frame12_gt', 'frame01', 'frame01_gt', '4d'].map((n) => `${id}_${n}.nii.gz`);

test('patients are found with phases, labels and Info.cfg, whatever else lies around', async () => {
  const { patients, skipped } = await findAcdc([
    ...names('patient007').map((name) => text(`training/patient007/${name}`, '')),
    text(
      'training/patient007/Info.cfg',
      'ED: 1\r\nES: 12\r\nGroup: DCM\r\nHeight: 184.0\r\nNbFrame: 30\r\nWeight: 95.0',
    ),
    text('training/patient008/patient008_frame03.nii', ''),
    ...names('patient009').map((name) => text(`training/patient009/${name}`, '')),
    text('training/patient009/Info.cfg', 'ED: one'),
    text('MANDATORY_CITATION.md', ''),
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
    },
    { id: 'patient008', group: null, frames: [{ frame: 3, phase: null, labels: null }] },
  ]);
  expect(skipped.map((s) => s.file)).toEqual(['training/patient009/Info.cfg']);
  expect(() => parseAcdcInfo('ED: one', 'x/Info.cfg')).toThrow(FileError);
  expect(() => parseAcdcInfo('ED: one', 'x/Info.cfg')).toThrow(
    'x/Info.cfg: has ed "one", which is not a number',
  );
});
