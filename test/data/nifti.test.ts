/** @file NIfTI against files written by nibabel, and against what it writes itself. */

import { describe, expect, test } from 'vitest';
import { intersectingLine } from '../../src/data/geometry.ts';
import { type NiftiVolume, niftiPlane, readNifti, writeNifti } from '../../src/data/nifti.ts';
import { FileError, ShapeError } from '../../src/tensor/errors.ts';
import goldens from '../goldens/data.json' with { type: 'json' };

const decode = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));

const close = (actual: ArrayLike<number>, expected: readonly number[], digits: number): void => {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((v, i) => {
    expect(actual[i]).toBeCloseTo(v, digits);
  });
};

describe('readNifti', () => {
  test.each(goldens.niftis)('reads $name as nibabel does', ({ name, nifti, dims, affine, values }) => {
    const volume = readNifti(decode(nifti), name);
    expect(volume.dims).toEqual(dims);
    close(volume.data, values, 4);
    close(volume.affine, affine.flat(), 4);
  });

  test('refuses text, truncation and damaged gzip, naming the file', () => {
    const gz = writeNifti(readNifti(decode(goldens.niftis[0]!.nifti), 'x'), { gzip: true });
    const plain = decode(goldens.niftis[0]!.nifti);
    const text = new TextEncoder().encode('not an image\n'.repeat(50));
    for (const bytes of [
      text,
      gz.subarray(0, 60),
      plain.subarray(0, 370),
      plain.subarray(0, 100),
      text.slice(0, 0),
    ])
      expect(() => readNifti(bytes, 'a.nii.gz')).toThrow(FileError);
    expect(() => readNifti(plain.subarray(0, 370), 'a.nii')).toThrow(/^a\.nii: holds 370 of 412 bytes/);
  });
});

describe('writeNifti', () => {
  const source = readNifti(decode(goldens.niftis[1]!.nifti), 'cine');

  test.each(['f32', 'i16'] as const)('round-trips a cine as %s, the same bytes every time', (type) => {
    const volume: NiftiVolume = {
      ...source,
      data: source.data.map((v) => (type === 'i16' ? Math.round(v) : v)),
    };
    const bytes = writeNifti(volume, { type, gzip: true });
    expect(writeNifti(volume, { type, gzip: true })).toEqual(bytes);
    expect([...bytes.subarray(4, 8)]).toEqual([0, 0, 0, 0]);
    const back = readNifti(bytes, 'back');
    expect(back.dims).toEqual(volume.dims);
    expect(back.data).toEqual(volume.data);
    close(back.affine, volume.affine as number[], 5);
  });

  test('refuses values that the type cannot hold and dims that do not fit', () => {
    expect(() => writeNifti({ ...source, data: source.data.map(() => 256) }, { type: 'u8' })).toThrow(
      ShapeError,
    );
    expect(() => writeNifti({ ...source, data: source.data.map(() => NaN) }, { type: 'f32' })).toThrow(
      ShapeError,
    );
    expect(() => writeNifti({ ...source, dims: [4, 3, 2] })).toThrow(/has 48 values for dims \[4, 3, 2\]/);
  });
});

test('a slice of a volume is a plane in LPS', () => {
  const volume: NiftiVolume = {
    dims: [8, 6, 4],
    spacing: [1, 2, 5],
    affine: [-1, 0, 0, 10, 0, 0, 5, 20, 0, -2, 0, 30, 0, 0, 0, 1],
    data: new Float32Array(8 * 6 * 4),
  };
  const plane = niftiPlane(volume, 2);
  expect(plane).toMatchObject({ position: [-10, -30, 30], spacingMm: [2, 1], rows: 6, columns: 8 });
  const sagittal = { ...plane, position: [-7, 0, 0], rowDirection: [0, 1, 0] } as const;
  const { line } = intersectingLine(plane, sagittal);
  expect(Math.abs(line![0] * 3 + line![1] * 4 + line![2])).toBeLessThan(1e-12);
});
