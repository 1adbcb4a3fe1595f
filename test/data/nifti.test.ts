/** @file NIfTI against what nibabel reads of the same files, and against what it writes itself. */

import { describe, expect, test } from 'vitest';
import { GeometryError, ShapeError } from '../../src/base/errors.ts';
import { intersectingLine } from '../../src/data/geometry.ts';
import { type NiftiVolume, niftiPlane, readNifti, writeNifti } from '../../src/data/nifti.ts';
import goldens from '../goldens/data.json' with { type: 'json' };
import kinds from '../goldens/nifti.json' with { type: 'json' };

const decode = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));

const close = (actual: ArrayLike<number>, expected: readonly number[], digits: number): void => {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((v, i) => {
    expect(actual[i]).toBeCloseTo(v, digits);
  });
};

/** Trailing dimensions of 1 are nibabel's, not ours; we have three at least. */
function volumeDims(dims: readonly number[]): number[] {
  const all = [1, 1, 1, 1].map((one, i) => dims[i] ?? one);
  return all[3] === 1 ? all.slice(0, 3) : all;
}

describe('readNifti', () => {
  test.each(goldens.niftis)('reads $name as nibabel does', ({ name, nifti, dims, affine, values }) => {
    const volume = readNifti(decode(nifti), name);
    expect(volume.dims).toEqual(dims);
    close(volume.data, values, 4);
    close(volume.affine, affine.flat(), 4);
  });

  test.each(kinds)(
    'reads $name as nibabel does, to the last bit',
    ({ name, files, dims, affine, values }) => {
      const [bytes, image] = files.map(decode);
      const volume = readNifti(bytes!, name, image && { image });
      expect(volume.dims).toEqual(volumeDims(dims));
      expect([...volume.data]).toEqual(values);
      close(volume.affine, affine, 12);
      const lengths = [0, 1, 2].map((c) => Math.hypot(affine[c]!, affine[4 + c]!, affine[8 + c]!));
      close(volume.spacing.slice(0, 3), lengths, 12);
    },
  );
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
    expect(back.notices).toEqual([]);
    expect(back.dims).toEqual(volume.dims);
    expect(back.data).toEqual(volume.data);
    close(back.affine, volume.affine as number[], 5);
  });

  test('refuses values that the type cannot hold, and dims and affines that make no volume', () => {
    const values = (value: number) => ({ ...source, data: source.data.map(() => value) });
    expect(() => writeNifti(values(256), { type: 'u8' })).toThrow(ShapeError);
    expect(() => writeNifti(values(NaN), { type: 'f32' })).toThrow(ShapeError);
    expect(() => writeNifti({ ...source, dims: [4, 3, 2] })).toThrow(/has 48 values for dims \[4, 3, 2\]/);
    expect(() => writeNifti({ ...source, dims: [-4, -3, 4] })).toThrow(ShapeError);
    expect(() => writeNifti({ ...source, affine: [1, 0, 0] })).toThrow(ShapeError);
  });
});

describe('niftiPlane', () => {
  const volume: NiftiVolume = {
    dims: [8, 6, 4],
    spacing: [1, 2, 5],
    affine: [-1, 0, 0, 10, 0, 0, 5, 20, 0, -2, 0, 30, 0, 0, 0, 1],
    data: new Float32Array(8 * 6 * 4),
  };

  test('gives a slice of a volume as a plane in LPS', () => {
    const plane = niftiPlane(volume, 2);
    expect(plane).toMatchObject({ position: [-10, -30, 30], spacingMm: [2, 1], rows: 6, columns: 8 });
    const sagittal = { ...plane, position: [-7, 0, 0], rowDirection: [0, 1, 0] } as const;
    const { line } = intersectingLine(plane, sagittal);
    expect(Math.abs(line![0] * 3 + line![1] * 4 + line![2])).toBeLessThan(1e-12);
  });

  test('takes shear along k, and names shear in plane and columns of zeros', () => {
    const withColumn = (c: number, column: readonly number[]): NiftiVolume => ({
      ...volume,
      affine: volume.affine.map((v, i) => (i % 4 === c && i < 12 ? column[i >> 2]! : v)),
    });
    expect(niftiPlane(withColumn(2, [3, 5, 1]), 1).position).toEqual([-13, -25, 31]);
    const sheared = withColumn(1, [0.2, 0, -2]);
    expect(() => niftiPlane(sheared, 0)).toThrow(GeometryError);
    expect(() => niftiPlane(sheared, 0)).toThrow(/sheared in plane: i and j are 95.71° apart/);
    expect(() => niftiPlane(withColumn(0, [0, 0, 0]), 0)).toThrow(GeometryError);
  });
});
