/** @file What headers may not say, and files that are not read for it: planes that are nowhere, manifests, what is no image. */
import { execFileSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { FileError, PlanewiseError } from '../../src/base/errors.ts';
import { listFiles, readBytes } from '../../src/data/files/files.node.ts';
import { openFiles, scanFiles } from '../../src/data/index.ts';
import { decodeManifest } from '../../src/data/storedecode.ts';
import type { FileSource } from '../../src/data/types.ts';
import { type Entries, memoryFile, shortAxisPlane, writeDicom } from './dicom-writer.ts';
import { dsbccSubject } from './studies.ts';

const DS = (text: string) => ['DS', text] as const;

/** Numbers that no scanner writes, each in an image of an otherwise whole study. */
const absurd: Readonly<Record<string, Entries>> = {
  'PixelSpacing 1e-170': { '00280030': DS('1e-170\\1e-170') },
  'PixelSpacing 1e300': { '00280030': DS('1e300\\1') },
  'PixelSpacing 1e-5': { '00280030': DS('0.00001\\1') },
  'PixelSpacing negative': { '00280030': DS('-1\\1') },
  'ImagePositionPatient 1e308': { '00200032': DS('1e308\\0\\0') },
  'ImagePositionPatient -1e7': { '00200032': DS('0\\-10000000\\0') },
  'ImageOrientationPatient 1e300': { '00200037': DS('1e300\\0\\0\\0\\1\\0') },
  'SpacingBetweenSlices 1e300': { '00180088': DS('1e300') },
  'SliceThickness 1e5': { '00180050': DS('-100000') },
  'RescaleSlope 1e300': { '00281053': DS('1e300'), '00281052': DS('0') },
  'RescaleSlope 1e-300': { '00281053': DS('1e-300'), '00281052': DS('0') },
  'RescaleIntercept 1e300': { '00281053': DS('1'), '00281052': DS('1e300') },
  'NumberOfFrames 1e9': { '00280008': ['IS', '999999999'] },
};

test.each(Object.entries(absurd))('%s leaves its file out, and the rest goes on', async (_, override) => {
  const odd = memoryFile('a/odd.dcm', writeDicom({ plane: shortAxisPlane(4), override }));
  const { data } = await openFiles([odd, ...dsbccSubject('a')], { size: 32, spacingMm: 5 });
  const alone = await openFiles(dsbccSubject('a'), { size: 32, spacingMm: 5 });
  expect(data.manifest.skipped.map(({ file }) => file)).toEqual(['a/odd.dcm']);
  expect(data.manifest.skipped[0]!.reason.message).toMatch(/^a\/odd\.dcm: \w+ \([0-9a-f]{4},[0-9a-f]{4}\)/);
  expect(data.pixels).toEqual(alone.data.pixels);
});

/** Numbers that mean little: the image is used, and nothing becomes of them. */
test.each(
  Object.entries<Entries>({
    'SpacingBetweenSlices 1e-170': { '00180088': DS('1e-170') },
    'TriggerTime 1e300': { '00181060': DS('1e300') },
    'InstanceNumber 1e300': { '00200013': ['IS', '9'.repeat(40)] },
    'EchoTime 1e300': { '00180081': DS('1e300') },
    'TemporalPositionIdentifier 1e300': { '00200100': DS('1e300') },
    'a date of nines': { '00080022': ['DA', '99999999'], '00080032': ['TM', '999999.999999'] },
    'a description of megabytes': { '0008103e': ['UT', 'sax '.repeat(2 ** 18)] },
  }),
)('%s stops nothing', async (_, override) => {
  const odd = memoryFile('a/odd.dcm', writeDicom({ plane: shortAxisPlane(4), override }));
  const { data } = await openFiles([odd, ...dsbccSubject('a')], { size: 32, spacingMm: 5 });
  expect(data.manifest.images.length).toBeGreaterThanOrEqual(6);
  expect(data.pixels.every(Number.isFinite)).toBe(true);
});

const image = {
  ...{ subject: 'a', file: 'a.dcm', view: 'sax', frame: 0, slice: 0, location: 0.5, lines: [[1, 0, -3]] },
  plane: { ...shortAxisPlane(0), rows: 8, columns: 8 },
};
const manifest = {
  ...{ format: 'planewise-prepared', version: 1, size: 8, spacingMm: 2, targetView: 'sax', dtype: 'f32' },
  ...{ referenceViews: ['4ch'], skipped: [], checksum: 1, images: [image], groups: { constructor: 'a' } },
};

describe('a manifest', () => {
  const decode = (value: unknown) =>
    decodeManifest(new TextEncoder().encode(JSON.stringify(value)), 'm.json');

  it('is read where its fields are what they should be', () => {
    expect(decode(manifest).images).toHaveLength(1);
  });

  it.each(
    Object.entries({
      'no image': { images: [null] },
      'images that are a list': { images: [[]] },
      'an image without a plane': { images: [{ ...image, plane: null }] },
      'an image nowhere': { images: [{ ...image, plane: { ...image.plane, position: [1e300, 0, 0] } }] },
      'lines that are none': { images: [{ ...image, lines: ['a'] }] },
      'a subject that is none': { images: [{ ...image, subject: null }] },
      'groups that are none': { groups: { a: null } },
      'labels that are none': { labels: { a: 'b' } },
      'skipped files that are none': { skipped: [null] },
      'views that are none': { referenceViews: [null] },
      'a size of 1e9': { size: 1e9 },
      'a spacing of 1e300': { spacingMm: 1e300 },
    }),
  )('with %s is refused by name', (_, change) => {
    expect(() => decode({ ...manifest, ...change })).toThrow(/^m\.json: lacks fields/);
  });
});

/** A file of which only the start may be read. */
function guarded(path: string, start: Uint8Array, size: number): FileSource & { read: () => Promise<never> } {
  return {
    path,
    read: () => Promise.reject(new Error(`${path} was read`)),
    async start(length) {
      if (length > 2 ** 20) throw new Error(`${length} bytes of ${path} were read`);
      const bytes = new Uint8Array(Math.min(length, size));
      bytes.set(start.subarray(0, bytes.length));
      return { bytes, size };
    },
  };
}

describe('what is no image', () => {
  it('is not read whole, whatever it begins with', async () => {
    // group 0008 of a data set, whose third element would end a gigabyte on
    const likely = Uint8Array.of(8, 0, 5, 0, 2, 0, 0, 0, 65, 65, 8, 0, 6, 0, 0xff, 0xff, 0xff, 0x3f);
    const vast = 3 * 2 ** 30;
    const noise = Uint8Array.from({ length: 2 ** 20 }, (_, i) => (i * 2654435761) >>> 13);
    const starts = { zeros: new Uint8Array(), likely, noise, text: new TextEncoder().encode('PK\x03\x04') };
    const files = Object.entries(starts).flatMap(([name, start]) => [
      guarded(`${name}.bin`, start, vast),
      guarded(`${name}.dcm`, start, vast),
    ]);
    const { images, skipped, ignored } = await scanFiles(files);
    expect(images).toHaveLength(0);
    expect([...ignored].sort()).toEqual(['likely.bin', 'noise.bin', 'text.bin', 'zeros.bin']);
    for (const { reason } of skipped) expect(reason.message).toMatch(/is not a DICOM file/);
    expect(skipped).toHaveLength(4);
  });

  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'claims-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('costs nothing beside images on disk, and what is no file is passed over', async () => {
    for (const name of ['archive.bin', 'archive.tar', 'archive.zip', 'archive.dcm']) {
      writeFileSync(join(folder, name), '');
      truncateSync(join(folder, name), 3 * 2 ** 30);
    }
    writeFileSync(join(folder, 'image.dcm'), writeDicom({ plane: shortAxisPlane(0) }));
    execFileSync('mkfifo', [join(folder, 'fifo.dcm')]);
    const started = performance.now();
    const { images, skipped } = await scanFiles(await listFiles(folder));
    expect(images).toHaveLength(1);
    expect(skipped.map(({ file }) => file)).toEqual(
      expect.arrayContaining(['fifo.dcm', 'archive.tar', 'archive.zip', 'archive.dcm']),
    );
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('is refused by name where a file is asked for', async () => {
    execFileSync('mkfifo', [join(folder, 'config.json')]);
    await expect(readBytes(join(folder, 'config.json'))).rejects.toThrow(
      /config\.json: is a FIFO, not a file/,
    );
    await expect(readBytes('/dev/zero')).rejects.toThrow(FileError);
  });

  it('is told from volumes by its start', async () => {
    const root = 'patient001/patient001';
    const files = [
      guarded(`${root}_frame01.nii`, new Uint8Array(), 3 * 2 ** 30),
      guarded(`${root}_frame02.nii.gz`, Uint8Array.of(0x1f, 0x8b, 8, 0), 3 * 2 ** 30),
      guarded('patient001/Info.cfg', new Uint8Array(), 3 * 2 ** 30),
    ];
    await expect(openFiles(files)).rejects.toThrow(PlanewiseError);
    const arrays = [guarded('train/axial/0000.npy', new Uint8Array(), 3 * 2 ** 30)];
    await expect(openFiles(arrays, { targetView: 'axial' })).rejects.toThrow(PlanewiseError);
  });
});
