/** @file Enhanced MR: geometry, order, timing and scaling out of functional groups, in one file or many. */

import { describe, expect, test } from 'vitest';
import { readHeaders } from '../../../src/data/dicom/frames.ts';
import { openImages, readPixels } from '../../../src/data/dicom/pixels.ts';
import { labelStudies } from '../../../src/data/labels.ts';
import { prepare } from '../../../src/data/prepare.ts';
import type { ImagePlane } from '../../../src/data/types.ts';
import {
  concat,
  decimals,
  type Entries,
  longAxisPlane,
  memoryFile,
  shortAxisPlane,
  type Writing,
  writeDicom,
} from '../dicom-writer.ts';
import { imageFile } from '../studies.ts';

interface Frame {
  readonly plane: ImagePlane;
  readonly delayMs?: number;
  readonly extra?: Entries;
}

const area = 40 * 48;
const double = (value: number): Uint8Array => new Uint8Array(Float64Array.of(value).buffer);
const position = (plane: ImagePlane): Entries => ({
  '00209113': ['SQ', [{ '00200032': ['DS', decimals(plane.position)] }]],
});
const measures = (plane: ImagePlane): Entries => ({
  '00209116': ['SQ', [{ '00200037': ['DS', decimals([...plane.rowDirection, ...plane.columnDirection])] }]],
  '00289110': ['SQ', [{ '00280030': ['DS', decimals(plane.spacingMm)], '00180050': ['DS', '8'] }]],
});

/** A file of several frames; frame i holds i·1000 + its ramp. */
function enhanced(frames: readonly Frame[], writing: Writing = {}, override: Entries = {}): Uint8Array {
  const perFrame = frames.map(
    ({ plane, delayMs, extra }): Entries => ({
      ...position(plane),
      ...(delayMs === undefined ? {} : { '00189118': ['SQ', [{ '00209153': ['FD', double(delayMs)] }]] }),
      ...extra,
    }),
  );
  const pixels = Int16Array.from(
    { length: frames.length * area },
    (_, i) => 1000 * Math.floor(i / area) + ((i % area) % 900),
  );
  const none: Entries = { '00200032': null, '00200037': null, '00280030': null, '00181060': null };
  const groups: Entries = {
    '00280008': ['IS', String(frames.length)],
    '52009229': ['SQ', [measures(frames[0]!.plane)]],
    '52009230': ['SQ', perFrame],
  };
  const syntax = writing.explicit === false ? '1.2.840.10008.1.2' : '1.2.840.10008.1.2.1';
  return writeDicom(
    { plane: frames[0]!.plane, pixels, override: { ...none, ...groups, ...override } },
    syntax,
    writing,
  );
}

const offsets = [16, 0, 8];
const cine: Frame[] = offsets.flatMap((offset) =>
  [400, 10].map((delayMs) => ({ plane: shortAxisPlane(offset), delayMs })),
);

describe('a file of several slices and phases', () => {
  test.each([
    ['explicit VR', {}],
    ['implicit VR', { explicit: false }],
    ['explicit VR with delimiters', { delimited: true }],
    ['implicit VR with delimiters', { explicit: false, delimited: true }],
  ] satisfies [string, Writing][])('gives each its place, in %s', async (_, writing) => {
    const reference = imageFile('p/2ch/a.dcm', longAxisPlane(0.3), { seriesUid: '1.5' });
    const files = [memoryFile('p/sax/all.dcm', enhanced(cine, writing)), reference];
    const { images } = await labelStudies(files);
    expect(images.map(({ slice, frame, fileFrame }) => [slice, frame, fileFrame])).toEqual([
      [0, 0, 3],
      [0, 1, 2],
      [1, 0, 5],
      [1, 1, 4],
      [2, 0, 1],
      [2, 1, 0],
    ]);
    expect(images.every(({ references }) => references['2-chamber']!.native)).toBe(true);
    const { manifest, pixels } = await prepare(files, { size: 16, spacingMm: 4 });
    expect(manifest.images.map(({ fileFrame }) => fileFrame)).toEqual([3, 2, 5, 4, 1, 0]);
    expect(pixels.every(Number.isFinite)).toBe(true);
  });

  test('gives each its pixels and its own rescaling', async () => {
    const scaled = cine.map(
      (frame, i): Frame => ({
        ...frame,
        extra: {
          '00289145': ['SQ', [{ '00281052': ['DS', String(-i)], '00281053': ['DS', String(i + 1)] }]],
        },
      }),
    );
    const bytes = enhanced(scaled);
    for (const i of [0, 1, 5])
      expect([...(await readPixels(bytes, 'a.dcm', i)).values.subarray(0, 3)]).toEqual(
        [0, 1, 2].map((k) => (i + 1) * (1000 * i + k) - i),
      );
    expect(openImages(bytes, 'a.dcm').headers).toHaveLength(6);
  });

  test('leaves out frames that are phase images', async () => {
    const typed = cine.map(
      (frame, i): Frame => ({
        ...frame,
        extra: { '00189226': ['SQ', [{ '00089208': ['CS', i % 2 ? 'MAGNITUDE' : 'PHASE'] }]] },
      }),
    );
    const { images, skipped } = await labelStudies([memoryFile('p/sax/all.dcm', enhanced(typed))]);
    expect(images.map(({ fileFrame }) => fileFrame)).toEqual([3, 5, 1]);
    expect(skipped.map(({ reason }) => reason.code)).toEqual(['PHASE_IMAGE']);
  });

  test('takes the plane from the shared groups where all frames share it', () => {
    const shared = { ...measures(cine[0]!.plane), ...position(cine[0]!.plane) };
    const bytes = enhanced(
      cine.slice(0, 2),
      {},
      { '52009229': ['SQ', [shared]], '52009230': ['SQ', [{}, {}]] },
    );
    const headers = readHeaders(bytes, 'a.dcm');
    expect(headers.map(({ plane, fileFrame }) => [plane.position, fileFrame])).toEqual(
      [0, 1].map((i) => [headers[0]!.plane.position, i]),
    );
  });
});

test('a file of one frame is an image like any other', async () => {
  const one = enhanced([{ plane: shortAxisPlane(8), delayMs: 30 }]);
  const [header, ...rest] = readHeaders(one, 'a.dcm');
  expect(rest).toEqual([]);
  expect(header).toMatchObject({ fileFrame: null, triggerTimeMs: 30, sliceStepMm: 8 });
});

describe('is refused by name', () => {
  test('where the numbers of frames disagree, or nothing says where they lie', () => {
    const wrong = enhanced(cine, {}, { '00280008': ['IS', '5'] });
    expect(() => readHeaders(wrong, 'a.dcm')).toThrow(
      /a\.dcm: NumberOfFrames \(0028,0008\) is 5, but .* describes 6/,
    );
    const bare = writeDicom({ plane: shortAxisPlane(0), override: { '00280008': ['IS', '3'] } });
    expect(() => readHeaders(bare, 'a.dcm')).toThrow(
      /NumberOfFrames \(0028,0008\) is 3.*functional groups.*Multi-frame/,
    );
  });

  test('where pixels of the last frame are missing', () => {
    const short = enhanced(cine, {}, { '7fe00010': ['OW', new Uint8Array(2 * area * 5)] });
    expect(() => readHeaders(short, 'a.dcm')).toThrow(/PixelData \(7fe0,0010\) holds 19200 bytes of 23040/);
  });
});

describe('compressed frames', () => {
  const rle = (value: number): Uint8Array => {
    // Two segments of PackBits, high bytes first: runs of 128 equal bytes.
    const run = (byte: number): number[] => Array.from({ length: area / 128 }, () => [129, byte]).flat();
    const head = new Uint8Array(64);
    new DataView(head.buffer).setUint32(0, 2, true);
    new DataView(head.buffer).setUint32(4, 64, true);
    new DataView(head.buffer).setUint32(8, 64 + run(0).length, true);
    return concat([head, Uint8Array.from([...run(value >> 8), ...run(value & 255)])]);
  };
  const item = (bytes: Uint8Array, tag = 0xe000fffe): Uint8Array => {
    const head = new Uint8Array(8);
    new DataView(head.buffer).setUint32(0, tag, true);
    new DataView(head.buffer).setUint32(4, bytes.length, true);
    return concat([head, bytes]);
  };
  const end = item(new Uint8Array(), 0xe0ddfffe);
  const table = (offsets: number[]): Uint8Array => new Uint8Array(Uint32Array.from(offsets).buffer);
  const streams = [300, 700].map(rle);
  const size = streams[0]!.length + 8;

  test.each([
    ['an empty offset table', [item(new Uint8Array()), ...streams.map((s) => item(s))], true],
    ['a full offset table', [item(table([0, size])), ...streams.map((s) => item(s))], true],
    ['a defined length', [item(new Uint8Array()), ...streams.map((s) => item(s))], false],
    [
      'two fragments a frame',
      [
        item(table([0, size + 8])),
        ...streams.flatMap((s) => [item(s.subarray(0, 80)), item(s.subarray(80))]),
      ],
      true,
    ],
  ])('are told apart with %s', async (_, parts, undefinedLength) => {
    const body = concat(undefinedLength ? [...parts, end] : parts);
    const frames = cine.slice(0, 2);
    const override: Entries = { '7fe00010': ['OB', body] };
    const bytes = enhanced(frames, { meta: { '00020010': ['UI', '1.2.840.10008.1.2.5'] } }, override);
    if (undefinedLength) {
      const at = bytes.length - body.length - 4;
      bytes.fill(255, at, at + 4);
    }
    const images = openImages(bytes, 'a.dcm');
    expect((await images.pixels(0)).values[5]).toBe(300);
    expect((await images.pixels(1)).values[1900]).toBe(700);
  });
});
