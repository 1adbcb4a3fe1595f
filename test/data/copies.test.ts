/** @file Copies are found by their pixels, which are read once, and never among the frames of one file. */

import { expect, test } from 'vitest';
import { scanFiles } from '../../src/data/scan.ts';
import type { FileSource } from '../../src/data/types.ts';
import { type Entries, shortAxisPlane, writeDicom } from './dicom-writer.ts';

const plane = shortAxisPlane(0);

/** A file that counts how often it is read. */
function counted(path: string, bytes: Uint8Array): FileSource & { reads: number } {
  const file = {
    path,
    reads: 0,
    read: async () => {
      file.reads++;
      return bytes;
    },
  };
  return file;
}

test('images without numbers are each read twice at most, however many lie at one place', async () => {
  const bare: Entries = { '00200013': null, '00080018': null };
  const files = Array.from({ length: 60 }, (_, i) =>
    counted(`a${i}.dcm`, writeDicom({ plane, pixels: new Int16Array(1920).fill(i % 50), override: bare })),
  );
  const { images, skipped } = await scanFiles(files);
  expect([images.length, skipped.length]).toEqual([50, 10]);
  expect(skipped[0]).toEqual({ file: 'a50.dcm', reason: { code: 'COPY', message: 'Same image as a0.dcm.' } });
  expect(Math.max(...files.map(({ reads }) => reads))).toBeLessThanOrEqual(2);
});

test('frames of one file differ though nothing numbers them, and a copy of the file is told of frame by frame', async () => {
  const frames = 40;
  const pixels = Int16Array.from({ length: frames * 1920 }, (_, i) => Math.floor(i / 1920));
  const groups: Entries = {
    '00280008': ['IS', String(frames)],
    '52009229': ['SQ', [{ '00209113': ['SQ', [{ '00200032': ['DS', plane.position.join('\\')] }]] }]],
    '52009230': [
      'SQ',
      Array.from({ length: frames }, () => ({ '00209171': ['SQ', [{ '00200013': ['IS', '1'] }]] }) as const),
    ],
  };
  const bytes = writeDicom({ plane, pixels, override: groups });
  const files = ['a.dcm', 'b.dcm'].map((path) => counted(path, bytes));
  const { images, skipped } = await scanFiles(files);
  expect([images.length, skipped.length]).toEqual([frames, frames]);
  expect(Math.max(...files.map(({ reads }) => reads))).toBeLessThanOrEqual(3);
});

test('an image whose twin can no longer be read is no copy', async () => {
  const bytes = writeDicom({ plane });
  let gone = false;
  const first = {
    path: 'a.dcm',
    read: () => (gone ? Promise.reject(new Error('unplugged')) : Promise.resolve(bytes)),
  };
  const second = {
    path: 'b.dcm',
    read: async () => {
      gone = true;
      return bytes;
    },
  };
  const { images } = await scanFiles([first, second]);
  expect(images.map(({ source }) => source.path)).toEqual(['a.dcm', 'b.dcm']);
});
