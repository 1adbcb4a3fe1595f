/** @file NIfTI files that contradict themselves: what is believed and said, and what is refused by name. */

import { gzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { FileError } from '../../src/base/errors.ts';
import { niftiPlane, readNifti, writeNifti } from '../../src/data/nifti.ts';
import kinds from '../goldens/nifti.json' with { type: 'json' };
import { concat } from './dicom-writer.ts';

const spacing = [1.5, 1.25, 8];
const affine = [-1.2, 0.75, 0, 10, 0.9, 1, 0, 20, 0, 0, 8, 30, 0, 0, 0, 1];
const values = Float32Array.from({ length: 12 }, (_, i) => i * 100 - 300);
const plain = writeNifti({ dims: [3, 2, 2], spacing, affine, data: values }, { type: 'i16' });

/** Fields of a NIfTI-1 header: [kind, offset]. */
const fields = {
  sizeof: ['Int32', 0],
  dim: ['Int16', 40],
  datatype: ['Int16', 70],
  pixdim: ['Float32', 76],
  offset: ['Float32', 108],
  slope: ['Float32', 112],
  intercept: ['Float32', 116],
  units: ['Uint8', 123],
  qformCode: ['Int16', 252],
  sformCode: ['Int16', 254],
  quaternion: ['Float32', 256],
  srow: ['Float32', 280],
  magic: ['Uint8', 344],
} as const;

type Edits = Partial<Record<keyof typeof fields, readonly number[]>>;

/** `plain` with the first entries of fields set. */
function edited(edits: Edits): Uint8Array {
  const bytes = plain.slice();
  const view = new DataView(bytes.buffer);
  for (const [name, numbers] of Object.entries(edits)) {
    const [kind, at] = fields[name as keyof typeof fields];
    const size = kind === 'Uint8' ? 1 : Number(kind.slice(-2)) / 8;
    numbers.forEach((v, i) => {
      if (kind === 'Uint8') view.setUint8(at + i, v);
      else view[`set${kind}`](at + i * size, v, true);
    });
  }
  return bytes;
}

const unitScale = [-1, 0, 0, 7, 0, -1, 0, 8, 0, 0, 1, 9];

describe('the affine', () => {
  const spacingOf = (edits: Edits) => {
    const { spacing, notices } = readNifti(edited(edits), 'a.nii');
    return { spacing: spacing.map((v) => Number(v.toFixed(5))), notices };
  };

  test('with an sform of unit scale is the qform, in whose place pixdim scales the directions', () => {
    const qform = { srow: unitScale, qformCode: [1], quaternion: [0, 0, 1] };
    expect(spacingOf(qform)).toMatchObject({
      spacing,
      notices: [expect.stringMatching(/qform with pixdim is believed/)],
    });
    for (const edits of [{ srow: unitScale }, { ...qform, quaternion: [2, 2, 2] }])
      expect(spacingOf(edits)).toMatchObject({
        spacing,
        notices: [expect.stringMatching(/sform's directions is believed/)],
      });
    const volume = readNifti(edited({ srow: unitScale }), 'a.nii');
    const [first, second] = [niftiPlane(volume, 0), niftiPlane(volume, 1)];
    expect(first).toMatchObject({ spacingMm: [1.25, 1.5], position: [-7, -8, 9] });
    expect(second.position[2] - first.position[2]).toBe(8);
  });

  test('with an sform of another size on one axis is not the sform either, unless it is of a template', () => {
    const srow = [-1.2, 0.75, 0, 10, 0.9, 1, 0, 20, 0, 0, 10, 30];
    expect(spacingOf({ srow })).toMatchObject({
      spacing,
      notices: [expect.stringMatching(/× 10 mm, pixdim of 1.5 × 1.25 × 8 mm/)],
    });
    expect(spacingOf({ srow, sformCode: [4] })).toMatchObject({
      spacing: [1.5, 1.25, 10],
      notices: [expect.stringMatching(/the sform is believed/)],
    });
  });

  test('is the sform where pixdim was never set, rounds, or belongs to an axis of one voxel', () => {
    expect(spacingOf({ pixdim: [1, 1, 1, 1] })).toMatchObject({
      spacing,
      notices: [expect.stringMatching(/the sform is believed/)],
    });
    expect(spacingOf({ pixdim: [1, 0, NaN, 8.05] })).toEqual({ spacing, notices: [] });
    expect(spacingOf({ dim: [3, 3, 4, 1], pixdim: [1, 1.5, 1.25, 1] })).toEqual({ spacing, notices: [] });
  });

  test('stays in the unit of a file that says metres, and notices say so', () => {
    const volume = readNifti(edited({ units: [1] }), 'a.nii');
    expect(volume.affine[11]).toBe(30);
    expect(volume.notices).toEqual([expect.stringMatching(/xyzt_units says metres, not mm/)]);
  });
});

test('a vox_offset of 0 and bytes after the voxels are read past, and told of', () => {
  const { data, notices } = readNifti(concat([edited({ offset: [0] }), new Uint8Array(5)]), 'a.nii');
  expect(data).toEqual(values);
  expect(notices).toEqual([
    expect.stringContaining('from byte 352'),
    '5 bytes after the last voxel were ignored.',
  ]);
});

describe('gzip', () => {
  const gz = gzipSync(plain);

  test('of many members and padding between them is read, and what follows is told of', () => {
    const members = Array.from({ length: plain.length }, (_, i) => gzipSync(plain.subarray(i, i + 1)));
    const file = concat([...members.flatMap((m) => [m, new Uint8Array(3)]), Uint8Array.of(7, 7)]);
    const { data, notices } = readNifti(file, 'A.NII.GZ');
    expect(data).toEqual(values);
    expect(notices).toEqual(['2 bytes after the gzip data were ignored.']);
  });

  test('that is truncated anywhere, or whose checksum is wrong, is refused', () => {
    for (const length of [2, 9, 12, 60, gz.length - 9, gz.length - 8, gz.length - 1])
      expect(() => readNifti(gz.subarray(0, length), 'a.nii.gz')).toThrow(/^a\.nii\.gz: is truncated/);
    const second = concat([gz, gz.subarray(0, 20)]);
    expect(() => readNifti(second, 'a.nii.gz')).toThrow(/is truncated/);
    const wrong = gz.slice();
    wrong[gz.length - 8]! ^= 1;
    expect(() => readNifti(wrong, 'a.nii.gz')).toThrow(/is damaged: .* \(incorrect data check\)/);
  });
});

describe('refused by name:', () => {
  const pair = new Uint8Array(
    Buffer.from(kinds.find(({ name }) => name.startsWith('pair'))!.files[0]!, 'base64'),
  );
  const text = new TextEncoder().encode('not an image\n'.repeat(50));

  test.each<[string, Uint8Array, RegExp]>([
    ['text', text, /not a readable NIfTI file \(no NIfTI header\)/],
    ['nothing', text.slice(0, 0), /holds 0 of a header's 348 bytes/],
    ['bzip2', concat([Uint8Array.of(0x42, 0x5a, 0x68), text]), /compressed with bzip2/],
    ['too few voxels', plain.subarray(0, 370), /^a\.nii: holds 370 of 376 bytes/],
    ['dims beyond the file', edited({ dim: [3, 32767, 32767, 32767] }), /holds 376 of 7\d+ bytes/],
    ['negative dims', edited({ dim: [3, -3, -2, 2] }), /has dims \[-3, -2, 2\]/],
    ['no dimension', edited({ dim: [0] }), /has 0 dimensions/],
    ['a vector in each voxel', edited({ dim: [5, 3, 2, 1, 1, 2] }), /has dims \[3, 2, 1, 1, 2\]/],
    ['a surface', edited({ dim: [3, -1, 1, 1] }), /is a FreeSurfer surface/],
    ['colour', edited({ datatype: [128] }), /has datatype 128 \(RGB24\)/],
    ['complex numbers', edited({ datatype: [32] }), /has datatype 32 \(complex64\)/],
    ['long doubles', edited({ datatype: [1536] }), /has datatype 1536 \(float128\)/],
    ['an intercept of NaN', edited({ slope: [2], intercept: [NaN] }), /has scl_slope 2 but scl_inter NaN/],
    ['a vox_offset in the header', edited({ offset: [348] }), /has vox_offset 348/],
    ['a vox_offset that is no number', edited({ offset: [NaN] }), /has vox_offset NaN/],
    ['an affine of zeros', edited({ srow: Array(12).fill(0) }), /does not span space \(sform\)/],
    ['an affine with NaN', edited({ srow: [NaN] }), /not finite \(sform\)/],
    ['NaN in pixdim alone', edited({ sformCode: [0], pixdim: [1, NaN] }), /not finite \(pixdim\)/],
    ['a long quaternion', edited({ sformCode: [0], qformCode: [1], quaternion: [1, 1] }), /quaternion/],
    ['ANALYZE 7.5', edited({ magic: [0, 0, 0, 0] }), /has an ANALYZE 7\.5 header/],
    ['a header without its image', pair, /the \.img file beside it/],
  ])('%s', (_, bytes, message) => {
    expect(() => readNifti(bytes, 'a.nii')).toThrow(FileError);
    expect(() => readNifti(bytes, 'a.nii')).toThrow(message);
  });

  test('an image that is too short, by its own name', () => {
    const image = new Uint8Array(10);
    expect(() => readNifti(pair, 'a.hdr', { image })).toThrow(/^a\.img: holds 10 of 24 bytes/);
  });

  test('a NIfTI-2 file that went through a transfer as text', () => {
    const bytes = new Uint8Array(
      Buffer.from(kinds.find(({ name }) => name.includes('Nifti2Header'))!.files[0]!, 'base64'),
    );
    bytes[8] = 0x0a;
    expect(() => readNifti(bytes, 'a.nii')).toThrow(/changed in a transfer as text/);
  });
});
