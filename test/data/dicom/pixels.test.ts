/** @file Stored words to values: bits anywhere in the word, padding, scaling; and what is no MR image at all. */

import { describe, expect, test } from 'vitest';
import { readPixels } from '../../../src/data/dicom/pixels.ts';
import { labelStudies } from '../../../src/data/labels.ts';
import { prepare } from '../../../src/data/prepare.ts';
import { scanFiles } from '../../../src/data/scan.ts';
import { type Entries, memoryFile, shortAxisPlane, writeDicom } from '../dicom-writer.ts';
import { imageFile } from '../studies.ts';

const plane = shortAxisPlane(0);
const area = plane.rows * plane.columns;

async function values(words: (i: number) => number, override: Entries): Promise<number[]> {
  const pixels = new Int16Array(Uint16Array.from({ length: area }, (_, i) => words(i)).buffer);
  return [...(await readPixels(writeDicom({ plane, pixels, override }), 'a.dcm')).values];
}

const bits = (stored: number, high: number, signed = 0): Entries => ({
  '00280101': ['US', stored],
  '00280102': ['US', high],
  '00280103': ['US', signed],
});

describe('stored bits', () => {
  test('lie where HighBit says, whatever stands beside them', async () => {
    for (const [stored, high] of [
      [12, 11],
      [12, 15],
      [10, 13],
      [8, 9],
      [16, 15],
      [1, 15],
    ] as const) {
      const [mask, shift] = [2 ** stored - 1, high + 1 - stored];
      const word = (i: number): number => (((i & mask) << shift) | (0xa5a5 & ~(mask << shift))) & 0xffff;
      expect(await values(word, bits(stored, high))).toEqual(
        Array.from({ length: area }, (_, i) => i & mask),
      );
    }
  });

  test('of signed pixels have their sign at the top, extended or not', async () => {
    for (const beside of [0, 0xf000]) {
      const read = await values((i) => ((i - 900) & 0xfff) | beside, bits(12, 11, 1));
      expect([read[0], read[899], read[900], read[1919]]).toEqual([-900, -1, 0, 1019]);
    }
  });

  test('of a HighBit that leaves no room for them are the lowest', async () => {
    expect((await values((i) => i, bits(12, 3))).slice(0, 3)).toEqual([0, 1, 2]);
  });
});

describe('padding', () => {
  const padding: Entries = { '00280120': ['US', 0xfc18] };

  /** An image whose first column is padding of −1000. */
  const padded = (extra: Entries = padding, fill = -1000) =>
    imageFile('p/sax_0/a.dcm', plane, {
      pixels: Int16Array.from({ length: area }, (_, i) => (i % 48 === 0 ? fill : 100 + (i % 37))),
      override: extra,
    });

  test('does not count in the z-score, and is as what lies outside the image', async () => {
    const grid = { size: 30, spacingMm: 1.3 };
    const square = { ...plane, spacingMm: [1.3, 1.3] as const, rows: 30, columns: 30 };
    const pixels = Int16Array.from({ length: 900 }, (_, i) => (i % 30 === 0 ? -1000 : 100 + (i % 37)));
    const file = imageFile('p/sax_0/a.dcm', square, { pixels, override: padding });
    const { pixels: made } = await prepare([file], grid);
    const inside = [...pixels].filter((v) => v !== -1000);
    const mean = inside.reduce((a, b) => a + b, 0) / inside.length;
    const deviation = Math.sqrt(inside.reduce((a, b) => a + (b - mean) ** 2, 0) / inside.length);
    made.forEach((v, i) => {
      const raw = pixels[i] === -1000 ? 0 : pixels[i]!;
      expect(v).toBeCloseTo((raw - mean) / deviation, 4);
    });
  });

  test('of a whole image leaves it out, by name', async () => {
    const empty = imageFile('p/sax_1/a.dcm', shortAxisPlane(8), {
      pixels: new Int16Array(area).fill(-1000),
      seriesUid: '1.9',
      override: padding,
    });
    const { manifest } = await prepare([padded(), empty], { size: 20, spacingMm: 2 });
    expect(manifest.images.map(({ file }) => file)).toEqual(['p/sax_0/a.dcm']);
    expect(manifest.skipped.map(({ file, reason }) => [file, reason.code])).toEqual([
      ['p/sax_1/a.dcm', 'PADDING'],
    ]);
  });

  test('is a value or a range, in either order, and nothing where no pixel has it', async () => {
    const bytes = (extra: Entries, fill?: number) => padded(extra, fill).read();
    const marked = async (extra: Entries, fill?: number): Promise<number> =>
      (await readPixels(await bytes(extra, fill), 'a.dcm')).padding?.reduce((a, b) => a + b, 0) ?? 0;
    expect(await marked(padding)).toBe(40);
    const range: Entries = { '00280120': ['US', 0xfc18], '00280121': ['US', 0xf830] };
    expect(await marked(range, -1500)).toBe(40);
    expect(await marked(range, -999)).toBe(0);
  });

  test('does not bleed into the image where it is resampled', async () => {
    const { pixels } = await prepare([padded()], { size: 20, spacingMm: 2.6 });
    const { pixels: plain } = await prepare([padded({}, 118)], { size: 20, spacingMm: 2.6 });
    const worst = Math.max(...pixels.map((v, i) => (i % 20 < 3 ? 0 : Math.abs(v - plain[i]!))));
    expect(worst).toBeLessThan(0.2);
  });
});

describe('what is no MR image is named', () => {
  test.each([
    ['another modality', { '00080060': ['CS', 'CT'] }, 'MODALITY', /CT/],
    [
      'a dose grid that calls itself MR',
      { '00080060': ['CS', 'MR'], '00080016': ['UI', '1.2.840.10008.5.1.4.1.1.481.2'] },
      'MODALITY',
      /radiotherapy/,
    ],
    [
      'a segmentation without Modality',
      { '00080016': ['UI', '1.2.840.10008.5.1.4.1.1.66.4'] },
      'MODALITY',
      /segmentation/,
    ],
    ['a directory', { '00080016': ['UI', '1.2.840.10008.1.3.10'] }, 'DICOMDIR', /lists other files/],
    ['a mosaic by ImageType', { '00080008': ['CS', 'ORIGINAL\\PRIMARY\\M\\ND\\MOSAIC'] }, 'MOSAIC', /tiles/],
    [
      'a mosaic by Siemens’ own tag',
      { '00190010': ['LO', 'SIEMENS MR HEADER'], '0019100a': ['US', 20] },
      'MOSAIC',
      /tiles/,
    ],
    [
      'float pixels',
      { '7fe00010': null, '7fe00008': ['OF', new Uint8Array(4 * area)] },
      'DICOM',
      /FloatPixelData/,
    ],
    ['an unknown transfer syntax', {}, 'DICOM', /TransferSyntaxUID \(0002,0010\) is 1\.2\.840\.113619\.5\.2/],
  ] satisfies [string, Entries, string, RegExp][])('%s', async (what, override, code, message) => {
    const syntax = what.startsWith('an unknown') ? '1.2.840.113619.5.2' : undefined;
    const { images, skipped } = await scanFiles([
      memoryFile('a.dcm', writeDicom({ plane, override }, syntax)),
    ]);
    expect(images).toEqual([]);
    expect(skipped).toEqual([{ file: 'a.dcm', reason: { code, message: expect.stringMatching(message) } }]);
  });

  test('but a screen capture that knows where it lies is used, and so is Philips’ scaling told of', async () => {
    const capture: Entries = {
      '00080016': ['UI', '1.2.840.10008.5.1.4.1.1.7'],
      '2005100e': ['FL', new Uint8Array(4)],
    };
    const { images, notices } = await labelStudies([
      imageFile('p/sax_0/a.dcm', plane, { override: capture }),
    ]);
    expect(images).toHaveLength(1);
    expect(notices.map(({ code }) => code)).toContain('PRIVATE_SCALING');
  });
});
