/** @file Small files that claim to be large: each is refused by name, in little memory and time. Read in a process of their own. */
import { join } from 'node:path';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeNpyHeader } from '../../src/base/npy.ts';
import { encodeWeights } from '../../src/models/weights.ts';
import { describeWeights } from '../../src/run/trained.ts';
import type { Task } from '../../tools/faults/fuzzChild.ts';
import { ReaderProcess, type Verdict } from '../../tools/faults/fuzzProcess.ts';
import { encapsulated } from '../../tools/faults/fuzzSeeds.ts';
import { buildFaults } from '../../tools/faults.mjs';
import { concat, shortAxisPlane, writeDicom, writeElements } from '../data/dicom-writer.ts';
import { zipOf } from '../data/zip-writer.ts';
import goldens from '../goldens/codecs.json' with { type: 'json' };

let reader: ReaderProcess;
beforeAll(async () => {
  reader = new ReaderProcess(join(await buildFaults('faults-test'), 'fuzzChild.js'));
  // the first file loads what all need
  await reader.run({ reader: 'info', name: 'Info.cfg', bytes: new Uint8Array() });
});
afterAll(() => reader.close());

const MIB = 2 ** 20;
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const stream = (name: string): Uint8Array =>
  new Uint8Array(Buffer.from(goldens.decoded.find((golden) => golden.name === name)!.stream, 'base64'));
const zeros = (mib: number): Uint8Array => new Uint8Array(mib * MIB);

/** A JPEG stream that claims another size. */
function resized(name: string, side: number): Uint8Array {
  const bytes = stream(name).slice();
  const at = bytes.findIndex(
    (byte, i) => byte === 0xff && [0xc0, 0xc1, 0xc2, 0xc3, 0xf7].includes(bytes[i + 1]!),
  );
  new DataView(bytes.buffer).setUint32(at + 5, side * 65537);
  return bytes;
}

/** A JPEG 2000 stream that claims another size, and precincts of 4 × 4. */
function precincts(side: number): Uint8Array {
  const bytes = stream('JPEG 2000 12 bit (GDCM)');
  const cod = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0x52);
  const end = cod + 2 + bytes[cod + 3]!;
  const sides = new Uint8Array(bytes[cod + 9]! + 1).fill(0x22);
  const changed = concat([bytes.subarray(0, end), sides, bytes.subarray(end)]);
  changed[cod + 3]! += sides.length;
  changed[cod + 4]! |= 1;
  const view = new DataView(changed.buffer);
  for (const at of [8, 12, 24, 28]) view.setUint32(at, side);
  return changed;
}

const dicom = (bytes: Uint8Array, side: number, tail: string, bitsAllocated = 16): Task => {
  const syntax = `1.2.840.10008.1.2.${tail}`;
  const file = encapsulated({ rows: side, columns: side, bitsAllocated, syntax }, bytes);
  return { reader: 'dicom', name: 'bomb', bytes: file };
};

/** Zeros as a volume whose header describes them. */
function volume(mib: number): Uint8Array {
  const bytes = concat([new Uint8Array(352), zeros(mib)]);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, 348, true);
  for (const [i, size] of [3, 1024, 1024, mib].entries()) view.setInt16(40 + 2 * i, size, true);
  view.setInt16(70, 2, true);
  view.setInt16(72, 8, true);
  for (let i = 0; i < 4; i++) view.setFloat32(76 + 4 * i, 1, true);
  view.setFloat32(108, 352, true);
  bytes.set(encode('n+1\0'), 344);
  return gzipSync(bytes.slice());
}

function deflatedDicom(): Uint8Array {
  const syntax = '1.2.840.10008.1.2.1.99';
  const plain = writeDicom(
    { plane: { ...shortAxisPlane(0), rows: 20000, columns: 20000 }, pixels: new Int16Array() },
    syntax,
  );
  const start = 144 + writeElements({ '00020010': ['UI', syntax] }).length;
  return concat([
    plain.subarray(0, start),
    deflateRawSync(concat([plain.subarray(start), zeros(80)]).slice()),
  ]);
}

const manyFrames = (): Uint8Array =>
  writeDicom({
    plane: shortAxisPlane(0),
    override: {
      '00280008': ['IS', '999999999'],
      '52009229': ['SQ', [{ '00209113': ['SQ', [{ '00200032': ['DS', '0\\0\\0'] }]] }]],
    },
  });

const described = (model: object, tasks: object): Uint8Array => {
  const grid = { size: 64, spacingMm: 2, targetView: 'a', referenceViews: ['b'] };
  const config = { model, tasks } as unknown as Parameters<typeof describeWeights>[0];
  return encodeWeights(
    new Map([['a', { shape: [1], values: Float32Array.of(1) }]]),
    describeWeights(config, grid, 1),
  );
};
const location = { weight: 1, hidden: 16, dropout: 0 };
const unet = { name: 'unet', width: 16, depth: 5, unusedLayers: false };

const levels = (count: number, shape: readonly number[]): Uint8Array => {
  const names = Array.from({ length: count }, (_, i) => `conv${i + 1}.conv1.0.weight`);
  const weight = { shape, values: new Float32Array(shape.reduce((a, b) => a * b, 1)) };
  return encodeWeights(new Map([...names, 'center.conv1.0.weight'].map((name) => [name, weight])));
};

function longHeader(): Uint8Array {
  const bytes = new Uint8Array(8 + 90e6).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, 90_000_000n, true);
  bytes.set(encode('{}'), 8);
  return bytes;
}

const npy = (shape: readonly number[], body: Uint8Array = new Uint8Array(24)): Uint8Array =>
  concat([encodeNpyHeader('|i1', shape), body]);
const weights = (bytes: Uint8Array): Task => ({ reader: 'weights', name: 'bomb', bytes });
const deep = (depth: number): Uint8Array => encode(`{"data":${'['.repeat(depth)}${']'.repeat(depth)}}`);
/** Of one content under many names, which is packed once; nobody gets as far as its checksum. */
function zipped(names: readonly string[], content: Uint8Array): Uint8Array {
  const body = deflateRawSync(content as Uint8Array<ArrayBuffer>);
  const fields = Uint8Array.from([20, 0, 0, 0, 8, 0, 0, 0, 0, 0]);
  const sizes = new Uint8Array(Uint32Array.of(0, body.length, content.length).buffer);
  const mark = (value: number) => new Uint8Array(Uint32Array.of(value).buffer);
  const short = (value: number) => new Uint8Array(Uint16Array.of(value).buffer);
  const local = names.map((name) =>
    concat([mark(0x04034b50), fields, sizes, short(name.length), short(0), encode(name), body]),
  );
  let offset = 0;
  const central = names.map((name, i) => {
    const at = offset;
    offset += local[i]!.length;
    const head = [mark(0x02014b50), Uint8Array.of(20, 0), fields, sizes, short(name.length)];
    return concat([...head, new Uint8Array(12), mark(at), encode(name)]);
  });
  const size = central.reduce((sum, { length }) => sum + length, 0);
  const count = short(names.length);
  const end = concat([
    mark(0x06054b50),
    new Uint8Array(4),
    count,
    count,
    mark(size),
    mark(offset),
    new Uint8Array(2),
  ]);
  return concat([...local, ...central, end]);
}
const numbered = (count: number, ending: string): string[] =>
  Array.from({ length: count }, (_, i) => `${i}${ending}`);

const bombs: Readonly<Record<string, () => Task>> = {
  'a network of 40 levels': () => weights(levels(40, [8, 1, 3, 3])),
  'a network whose first weight is empty': () => weights(levels(3, [2 ** 40, 0, 3, 3])),
  'a network of 1024 channels and 7 levels': () =>
    weights(described({ ...unet, width: 1024, depth: 7 }, { location })),
  'a network of 256 channels and 7 levels': () =>
    weights(described({ ...unet, width: 256, depth: 7 }, { location })),
  'a head of 1e9 units': () => weights(described(unet, { location: { ...location, hidden: 1e9 } })),
  'a header of 90 MB': () => weights(longHeader()),
  'an array in an archive': () => weights(zipped(['a.npy'], npy([80 * MIB], zeros(80)))),
  'many arrays in an archive': () => weights(zipped(numbered(8, '.npy'), npy([20 * MIB], zeros(20)))),
  'a JPEG of 20000 × 20000': () => dicom(resized('JPEG baseline', 20000), 20000, '4.50', 8),
  'a progressive JPEG': () => dicom(resized('JPEG progressive', 20000), 20000, '4.55', 8),
  'a lossless JPEG': () => dicom(resized('JPEG lossless, predictor 1', 20000), 20000, '4.70'),
  'a JPEG-LS': () => dicom(resized('JPEG-LS 8 bit', 20000), 20000, '4.80', 8),
  'a JPEG 2000 of many precincts': () => dicom(precincts(2048), 2048, '4.90'),
  'an RLE': () => dicom(stream('RLE 16 bit'), 20000, '5'),
  'a deflated frame': () => dicom(deflateRawSync(zeros(80)), 256, '8.1'),
  'a deflated data set': () => ({ reader: 'dicom', name: 'bomb', bytes: deflatedDicom() }),
  'a billion frames': () => ({ reader: 'dicom', name: 'bomb', bytes: manyFrames() }),
  'a gzipped volume': () => ({ reader: 'nifti', name: 'bomb', bytes: volume(80) }),
  'an array of MRNet': () => ({ reader: 'npy', name: 'bomb', bytes: npy([1e9, 1e9, 1e9]) }),
  'JSON nested 100,000 deep': () => ({ reader: 'config', name: 'bomb', bytes: deep(100_000) }),
  'an experiment nested 100,000 deep': () => ({ reader: 'experiment', name: 'bomb', bytes: deep(100_000) }),
  'a manifest nested 100,000 deep': () => ({ reader: 'manifest', name: 'bomb', bytes: deep(100_000) }),
};

function expectCheap({ kind, ms, mib }: Verdict): void {
  expect(kind).not.toBe('hung');
  expect(ms).toBeLessThan(5000);
  expect(mib).toBeLessThan(512);
}

describe('a file that claims more than it can hold is refused by name, in 5 s and 512 MiB', () => {
  it.each(Object.entries(bombs))('%s', async (_, make) => {
    const verdict = await reader.run(make());
    expect(verdict.kind, verdict.text).toBe('typed');
    expect(verdict.text).toContain('bomb');
    expectCheap(verdict);
  });
});

describe('what is not refused is read in 5 s and 512 MiB', () => {
  const texts: Readonly<Record<string, () => Task>> = {
    'a line of a million spaces': () => ({
      reader: 'info',
      name: 'Info.cfg',
      bytes: encode(' '.repeat(MIB)),
    }),
    'a number of a million digits': () => ({
      reader: 'info',
      name: 'Info.cfg',
      bytes: encode(`ED: ${'1'.repeat(MIB)}x`),
    }),
    'a volume as large as is read': () => ({ reader: 'nifti', name: 'a.nii.gz', bytes: volume(60) }),
    'an archive of large files': () => ({
      reader: 'zip',
      name: 'a.zip',
      bytes: zipped(numbered(5, '.bin'), zeros(60)),
    }),
    'an archive of one name': () => ({
      reader: 'zip',
      name: 'a.zip',
      bytes: zipOf(Array.from({ length: 10_000 }, () => ({ name: 'a.txt' }))),
    }),
  };
  it.each(Object.entries(texts))('%s', async (_, make) => {
    const verdict = await reader.run(make());
    expect(verdict.kind, verdict.text).toBe('read');
    expectCheap(verdict);
  });
});

it('a file in an archive that claims more than it can hold is skipped; where files share bytes, the archive is refused', async () => {
  const skipped = await reader.run({ reader: 'zip', name: 'a.zip', bytes: zipped(['a.dcm'], zeros(80)) });
  expect(skipped.kind).toBe('read');
  expectCheap(skipped);
  const content = Uint8Array.from({ length: 2 ** 16 }, (_, i) => (i * 7919) >> 3);
  const files = ['a', 'b', 'c'].map((name) => ({ name, content, method: 0, claims: { offset: 0 } }));
  const shared = zipOf([
    files[0]!,
    ...files.slice(1).map((file) => ({ ...file, content: content.subarray(0, 9) })),
  ]);
  // three entries of the first one's bytes
  const claiming = shared.slice();
  const view = new DataView(claiming.buffer);
  for (let at = claiming.length - 200; at < claiming.length - 46; at++)
    if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 20, content.length, true);
  const refused = await reader.run({ reader: 'zip', name: 'bomb.zip', bytes: claiming });
  expect(refused.text).toMatch(/bomb.zip: is damaged: files in it overlap/);
});
