/** @file Images and masks as files: what is read, what is refused by name, and labels written under an image's header. */

import { gzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { FileError, ShapeError } from '../../../src/base/errors.ts';
import { gunzip } from '../../../src/data/nifti/gunzip.ts';
import { type NiftiVolume, readNifti, writeLabels, writeNifti } from '../../../src/data/nifti.ts';
import { zScore } from '../../../src/data/resample.ts';
import { readImageVolume, readMaskVolume } from '../../../src/data/segmentation/index.ts';
import kinds from '../../goldens/nifti.json' with { type: 'json' };
import { concat } from '../dicom-writer.ts';

const affine = [-1.5, 0, 0, 10, 0, -1.25, 0, 20, 0, 0, 8, 30, 0, 0, 0, 1];
const data = Float32Array.from({ length: 24 }, (_, i) => 10 * i);
const volume: NiftiVolume = { dims: [4, 3, 2], spacing: [1.5, 1.25, 8], affine, data };
const labels = data.map((_, i) => i % 4);
const imageBytes = writeNifti(volume, { type: 'i16' });
const maskOf = (changes: Partial<NiftiVolume>) => ({
  bytes: writeNifti({ ...volume, data: labels, ...changes }),
  file: 'a_gt.nii',
});

function edited(bytes: Uint8Array, edit: (view: DataView) => void): Uint8Array {
  const copy = bytes.slice();
  edit(new DataView(copy.buffer));
  return copy;
}

const image = readImageVolume({ bytes: imageBytes, file: 'a.nii' });

describe('an image and its mask', () => {
  test('are read, packed or not, with values scaled and a frame dimension of 1 dropped', () => {
    expect(image).toMatchObject({ dims: [4, 3, 2], affine, data, file: 'a.nii', notices: [] });
    const scaled = edited(imageBytes, (view) => {
      view.setFloat32(112, 0.5, true);
      view.setFloat32(116, -3, true);
      view.setInt16(40, 4, true);
    });
    const packed = concat([gzipSync(scaled), Uint8Array.of(1)]);
    const read = readImageVolume({ bytes: packed, file: 'b.nii.gz' });
    expect(read).toMatchObject({ dims: [4, 3, 2], data: data.map((v) => v / 2 - 3) });
    expect(read.notices).toEqual(['1 bytes after the gzip data were ignored.']);
    expect(readMaskVolume(maskOf({}), image)).toMatchObject({ data: labels, notices: [] });
  });

  test('agree where headers round, or where the mask says nothing of where it lies', () => {
    const near = affine.map((v, i) => (i === 3 ? v + 0.05 : v));
    expect(readMaskVolume(maskOf({ affine: near }), image).notices).toEqual([]);
    const { bytes, file } = maskOf({});
    const lost = edited(bytes, (view) => view.setInt16(254, 0, true));
    const mask = readMaskVolume({ bytes: lost, file }, image);
    expect(mask).toMatchObject({ affine, spacing: image.spacing });
    expect(mask.notices).toEqual(['The mask does not say where it lies; it is taken to lie on a.nii.']);
  });

  test('may have NaN in the mask, which is no class', () => {
    const { bytes, file } = maskOf({});
    const holed = edited(bytes, (view) => view.setFloat32(352 + 4 * 5, Number.NaN, true));
    expect(readMaskVolume({ bytes: holed, file }, image).data[5]).toBeNaN();
  });

  const withDims = (...dim: number[]) =>
    edited(imageBytes, (view) => {
      for (const [i, n] of dim.entries()) view.setInt16(40 + 2 * i, n, true);
    });

  test.each<[string, Uint8Array, RegExp]>([
    [
      'cut short in its header',
      imageBytes.subarray(0, 200),
      /^x\.nii: is not a readable NIfTI file \(holds 200 of/,
    ],
    ['cut short in its voxels', imageBytes.subarray(0, 399), /^x\.nii: holds 399 of 400 bytes/],
    ['cut short when packed', gzipSync(imageBytes).subarray(0, 60), /^x\.nii: is truncated/],
    [
      'without the magic',
      edited(imageBytes, (view) => view.setInt32(344, 0)),
      /^x\.nii: has an ANALYZE 7\.5 header/,
    ],
    ['that is nothing', new Uint8Array(0), /^x\.nii: is not a readable NIfTI file/],
    ['of two dimensions', withDims(2, 4, 6), /^x\.nii: has 2 dimensions, so it does not say how thick/],
    ['of one dimension', withDims(1, 24), /^x\.nii: has 1 dimension,/],
    ['of several frames', withDims(4, 4, 3, 1, 2), /^x\.nii: holds 2 frames \(4-D\)/],
    ['of vectors', withDims(5, 4, 3, 1, 1, 2), /^x\.nii: has dims \[4, 3, 1, 1, 2\]/],
    [
      'with NaN',
      writeNifti({ ...volume, data: data.map((v, i) => (i === 18 ? Infinity : v)) }),
      /^x\.nii: holds Infinity at voxel \[2, 1, 1\]/,
    ],
  ])('are refused: an image %s', (_, bytes, message) => {
    expect(() => readImageVolume({ bytes, file: 'x.nii' })).toThrow(FileError);
    expect(() => readImageVolume({ bytes, file: 'x.nii' })).toThrow(message);
  });

  test.each<[string, Partial<NiftiVolume>, RegExp]>([
    ['other dims', { dims: [3, 4, 2] }, /^a_gt\.nii: has 3 × 4 × 2 voxels, its image a\.nii 4 × 3 × 2/],
    [
      'another place',
      { affine: affine.map((v, i) => (i === 11 ? v + 8 : v)) },
      /^a_gt\.nii: lies up to 8 mm away from its image a\.nii/,
    ],
    [
      'mirrored rows',
      { affine: affine.map((v, i) => (i < 4 ? -v : v)) },
      /^a_gt\.nii: lies up to 20 mm away/,
    ],
    [
      'other sizes',
      { affine: affine.map((v, i) => (i === 10 ? 10 : v)), spacing: [1.5, 1.25, 10] },
      /^a_gt\.nii: lies up to 2 mm away/,
    ],
  ])('are refused: a mask of %s', (_, changes, message) => {
    expect(() => readMaskVolume(maskOf(changes), image)).toThrow(FileError);
    expect(() => readMaskVolume(maskOf(changes), image)).toThrow(message);
  });
});

test('the z-score of a volume takes mean and population deviation over all its voxels', () => {
  const scored = data.slice();
  expect(zScore(scored)).toBeCloseTo(10 * Math.sqrt((24 ** 2 - 1) / 12), 9);
  expect(scored.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 5);
  expect(scored.reduce((a, b) => a + b * b, 0) / 24).toBeCloseTo(1, 5);
  const constant = new Float32Array(24).fill(1e4 / 3);
  expect(zScore(constant)).toBe(0);
  expect(constant.every((v) => v === 0)).toBe(true);
});

/** Bytes of a header that labels change: first and count. */
const changed = {
  1: [
    [40, 2],
    [48, 8],
    [56, 14],
    [70, 4],
    [108, 12],
    [124, 8],
    [328, 16],
    [344, 4],
  ],
  2: [
    [12, 4],
    [16, 8],
    [48, 32],
    [80, 24],
    [168, 24],
    [192, 16],
    [504, 20],
    [4, 8],
  ],
} as const;

describe('writeLabels', () => {
  const decode = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));

  test.each(kinds)('keeps place and header: $name', ({ name, files, dims }) => {
    const [bytes, img] = files.map(decode);
    const source = readNifti(bytes!, name, img && { image: img });
    const count = [0, 1, 2].reduce((n, axis) => n * (dims[axis] ?? 1), 1);
    const values = Int16Array.from({ length: count }, (_, i) => (i * 7) % 5);
    for (const options of [{}, { type: 'i16' }, { gzip: true }] as const) {
      const written = writeLabels(values, bytes!, name, options);
      expect(writeLabels(values, bytes!, name, options)).toEqual(written);
      const back = readNifti(written, 'labels');
      expect([...back.data]).toEqual([...values]);
      expect(back).toMatchObject({ dims: source.dims.slice(0, 3), affine: source.affine });
      const about = /believed|not defined|no positive number/;
      expect(back.notices).toEqual(source.notices.filter((n) => about.test(n) && !/bitpix/.test(n)));
    }
    const header = readNiftiHeaderBytes(bytes!);
    const own = writeLabels(values, bytes!, name).subarray(0, header.length);
    for (const [at, size] of changed[header.length === 348 ? 1 : 2]) {
      header.fill(0, at, at + size);
      own.fill(0, at, at + size);
    }
    expect(own).toEqual(header);
  });

  test('writes what nifti1.h says, byte for byte, where the labels differ from their image', () => {
    const source = edited(imageBytes, (view) => {
      view.setFloat32(112, 2.5, true);
      view.setFloat32(116, NaN, true);
      view.setFloat32(124, 900, true);
      view.setInt16(68, 3, true);
      view.setInt16(40, 4, true);
      view.setInt16(48, 9, true);
    });
    const view = new DataView(writeLabels(labels, source, 'cine.nii', { type: 'i16' }).buffer);
    const int16s = [40, 42, 44, 46, 48, 68, 70, 72].map((at) => view.getInt16(at, true));
    expect(int16s).toEqual([3, 4, 3, 2, 1, 1002, 4, 16]);
    const floats = [108, 112, 116, 124, 128].map((at) => view.getFloat32(at, true));
    expect(floats).toEqual([352, 1, 0, 0, 0]);
    expect([view.getInt32(348), view.byteLength, view.getInt16(352 + 2 * 23, true)]).toEqual([0, 400, 3]);
  });

  test('refuses labels of another length or beyond the type, and images without a header', () => {
    expect(() => writeLabels(labels.subarray(1), imageBytes, 'a.nii')).toThrow(ShapeError);
    expect(() => writeLabels([1], imageBytes, 'a.nii')).toThrow(
      /has 1 values for the dims \[4, 3, 2\] of a\.nii/,
    );
    for (const stray of [-1, 256, 0.5, Number.NaN])
      expect(() =>
        writeLabels(
          labels.map(() => stray),
          imageBytes,
          'a.nii',
        ),
      ).toThrow(`holds ${stray}`);
    expect(() => writeLabels(labels, labels as never, 'b.nii')).toThrow(FileError);
    const wide = writeLabels(
      labels.map(() => -7),
      imageBytes,
      'a.nii',
      { type: 'i16' },
    );
    expect(readNifti(wide, 'wide').data.every((v) => v === -7)).toBe(true);
  });
});

/** The header at the start of a file, unpacked. */
function readNiftiHeaderBytes(bytes: Uint8Array): Uint8Array {
  const raw = bytes[0] === 0x1f ? gunzip(bytes, 'x').body : bytes;
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
  return raw.slice(0, [view.getInt32(0, true), view.getInt32(0, false)].includes(348) ? 348 : 540);
}
