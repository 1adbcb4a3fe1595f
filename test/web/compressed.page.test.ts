import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { prepare } from '../../src/data/index.ts';
import {
  concat,
  longAxisPlane,
  memoryFile,
  shortAxisPlane,
  type TestImage,
  writeDicom,
} from '../data/dicom-writer.ts';
import { keptFile, openSite, type Site } from './page.ts';

interface Encoder {
  getDecodedBuffer(info: object): Uint8Array;
  getEncodedBuffer(): Uint8Array;
  encode(): void;
}
type Codec = (options: object) => Promise<{ readonly JpegLSEncoder: new () => Encoder }>;

const jpegLs = '1.2.840.10008.1.2.4.80';

let site: Site;
let folder: string;
beforeAll(async () => {
  site = await openSite();
  folder = await mkdtemp(join(tmpdir(), 'planewise-compressed-'));
});
afterAll(async () => {
  await site?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Samples as a JPEG-LS stream. */
async function encode(samples: Uint16Array, width: number, height: number): Promise<Uint8Array> {
  const codec = createRequire(import.meta.url)('@cornerstonejs/codec-charls') as Codec;
  const { JpegLSEncoder } = await codec({ print: () => {}, printErr: () => {} });
  const encoder = new JpegLSEncoder();
  const info = { width, height, bitsPerSample: 16, componentCount: 1, isSigned: false };
  encoder.getDecodedBuffer(info).set(new Uint8Array(samples.buffer));
  encoder.encode();
  return encoder.getEncodedBuffer().slice();
}

/** An item of encapsulated pixel data (PS3.5 A.4). */
function item(bytes: Uint8Array): Uint8Array {
  const padded = new Uint8Array(bytes.length + (bytes.length % 2));
  padded.set(bytes);
  const head = new Uint8Array([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]);
  new DataView(head.buffer).setUint32(4, padded.length, true);
  return concat([head, padded]);
}

async function compressed(image: TestImage, samples: Uint16Array): Promise<Uint8Array> {
  const { rows, columns } = image.plane;
  const override = { ...image.override, '7fe00010': null };
  const header = writeDicom({ ...image, override }, jpegLs);
  const start = Uint8Array.of(0xe0, 0x7f, 0x10, 0, 0x4f, 0x42, 0, 0, 0xff, 0xff, 0xff, 0xff);
  const end = Uint8Array.of(0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0);
  const stream = await encode(samples, columns, rows);
  return concat([header, start, item(new Uint8Array()), item(stream), end]);
}

it('compressed files are decoded by what the page brought along, to the data of the same files uncompressed', async () => {
  const page = await site.open();
  await site.stopServing();
  const native = [memoryFile('2ch_1/1.dcm', writeDicom({ plane: longAxisPlane(0.3), seriesUid: '1.5' }))];
  const files: [string, Uint8Array][] = [['2ch_1/1.dcm', await native[0]!.read()]];
  for (const slice of [0, 1, 2]) {
    const plane = shortAxisPlane(10 * slice);
    const samples = Uint16Array.from(
      { length: plane.rows * plane.columns },
      (_, i) => (i * (37 + slice)) % 4001,
    );
    const image = {
      plane,
      seriesUid: '1.4',
      instanceNumber: slice + 1,
      override: { '00280103': ['US', 0] },
    } as const;
    const path = `sax_1/${slice}.dcm`;
    native.push(memoryFile(path, writeDicom({ ...image, pixels: new Int16Array(samples.buffer) })));
    files.push([path, await compressed(image, samples)]);
  }
  for (const [path, bytes] of files) {
    await mkdir(dirname(join(folder, 'mr', path)), { recursive: true });
    await writeFile(join(folder, 'mr', path), bytes);
  }
  await page.locator('input[webkitdirectory]').setInputFiles(join(folder, 'mr'));
  await page.getByRole('button', { name: 'Prepare' }).click();
  await page.getByRole('button', { name: 'Look at the studies' }).waitFor();
  const { pixels, manifest } = await prepare(native, { size: 32, spacingMm: 8 });
  expect(manifest.images).toHaveLength(3);
  const bytes = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  expect(await keptFile(page, 'data', 'data.bin', 'sha256')).toBe(
    createHash('sha256').update(bytes).digest('hex'),
  );
});
