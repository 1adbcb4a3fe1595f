/** @file What lies behind an image's pixels is not read; whatever else a file may be, all of it is. */
import { expect, it } from 'vitest';
import { dicomReader } from '../../src/data/decoding.ts';
import { imageBytes } from '../../src/data/imagebytes.ts';
import { scanFiles } from '../../src/data/scan.ts';
import type { FileSource } from '../../src/data/types.ts';
import { deflatedDicom, encapsulated } from '../../tools/faults/fuzzSeeds.ts';
import { concat, shortAxisPlane, writeDicom } from './dicom-writer.ts';

const plane = { ...shortAxisPlane(0), rows: 128, columns: 128 };
const image = writeDicom({ plane });
const tail = new Uint8Array(2 ** 18).fill(7);

/** A file, and how many bytes of it were read at most. */
function counted(bytes: Uint8Array): FileSource & { readonly most: number } {
  let most = 0;
  const part = (length: number): Uint8Array => {
    most = Math.max(most, Math.min(length, bytes.length));
    return bytes.slice(0, length);
  };
  return {
    path: 'a.dcm',
    read: async () => part(bytes.length),
    start: async (length) => ({ bytes: part(length), size: bytes.length }),
    get most() {
      return most;
    },
  };
}

it('an image is decoded from the bytes up to the end of its pixels', async () => {
  const source = counted(concat([image, tail]));
  const { images } = await scanFiles([source]);
  const { values } = await dicomReader()(images[0]!);
  expect(values.at(-1)).toBe(new Int16Array([128 * 128 - 1])[0]);
  expect(source.most).toBe(image.length);
});

it('a header of more bytes than are looked at first is found', async () => {
  const override = { '00204000': ['LT', 'a'.repeat(2 ** 15)] } as const;
  const long = writeDicom({ plane, override });
  const source = counted(concat([long, tail]));
  expect(Buffer.compare(await imageBytes(source), long)).toBe(0);
});

it.each([
  [
    'compressed pixels',
    encapsulated({ rows: 8, columns: 8, bitsAllocated: 16, syntax: '1.2.840.10008.1.2.5' }, tail),
  ],
  ['a packed data set', concat([deflatedDicom(), tail])],
  ['no DICOM', tail],
  ['an image whose pixels are cut', image.subarray(0, -2)],
])('all of %s', async (_, bytes) => {
  expect(Buffer.compare(await imageBytes(counted(bytes)), bytes)).toBe(0);
});
