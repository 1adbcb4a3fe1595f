/** @file Which plane stands for a view, and what is said of the others; what became of every series. */

import { describe, expect, test } from 'vitest';
import { labelStudies } from '../../../src/data/labels.ts';
import { planStudies } from '../../../src/data/study/plan.ts';
import { seriesRows } from '../../../src/data/study/summary.ts';
import { parseViewRule } from '../../../src/data/study/views.ts';
import type { FileSource } from '../../../src/data/types.ts';
import { type Entries, longAxisPlane, memoryFile, shortAxisPlane, type TestImage } from '../dicom-writer.ts';
import { imageFile } from '../studies.ts';

const series = (n: number): Entries => ({ '00200011': ['IS', String(n)] });
const sax = [0, 8, 16].map((offset, i) =>
  imageFile(`p/sax_${i}/a.dcm`, shortAxisPlane(offset), {
    patientId: 'P1',
    seriesUid: `1.7.${i}`,
    override: series(i),
  }),
);

/** A 2-chamber plane `shift` mm aside, turned by `radians`. */
function twoChamber(
  name: string,
  shift: number,
  radians: number,
  rest: Omit<TestImage, 'plane'> = {},
): FileSource {
  const plane = longAxisPlane(0.3 + radians, shift);
  return imageFile(`p/${name}/a.dcm`, plane, { patientId: 'P1', seriesUid: `1.8.${name}`, ...rest });
}

async function reference(files: readonly FileSource[], slice?: number) {
  const options = slice === undefined ? {} : { referenceSlice: { '2-chamber': slice } };
  const { images, skipped } = await labelStudies([...sax, ...files], options);
  const used = new Set(images.map(({ references }) => references['2-chamber']!.file));
  expect(used.size).toBe(1);
  return {
    used: [...used][0]!.split('/')[1],
    left: skipped.map(({ file, reason }) => [file.split('/')[1], reason.code]),
  };
}

describe('the plane of a view', () => {
  test('acquired again is the last, turned, shifted or in place, and the other is told of', async () => {
    for (const [shift, turn] of [
      [0, 0.14],
      [2, 0],
      [0, 0],
    ] as const) {
      const files = [
        twoChamber('2ch_24', shift, turn, { override: series(24) }),
        twoChamber('2ch_9', 0, 0, { override: series(9) }),
      ];
      const { used, left } = await reference(files);
      expect(used).toBe('2ch_24');
      expect(left).toEqual([['2ch_9', expect.stringMatching(/^REPEATED_(VIEW|SLICE)$/)]]);
    }
  });

  test('of three that are not evenly apart is the last, of a stack the middle one or the one asked for', async () => {
    const repeats = [0, 2, 7].map((shift, i) =>
      twoChamber(`2ch_${[12, 30, 21][i]}`, shift, 0, { override: series([12, 30, 21][i]!) }),
    );
    expect((await reference(repeats)).used).toBe('2ch_30');
    const stack = [0, 5, 10, 15, 20].map((shift, i) =>
      twoChamber(`2ch_${i}`, shift, 0, { seriesUid: '1.8' }),
    );
    expect(await reference(stack)).toEqual({ used: '2ch_2', left: [] });
    expect((await reference(stack, 0)).used).toBe('2ch_4');
  });
});

describe('what became of every series', () => {
  const dose: Entries = { '00080060': ['CS', 'RTDOSE'] };
  const files = [
    ...sax,
    twoChamber('2ch_9', 0, 0, { override: series(9) }),
    imageFile('p/x1/a.dcm', longAxisPlane(1), {
      patientId: 'P1',
      seriesUid: '1.9',
      seriesDescription: 'RVOT',
    }),
    imageFile('p/x2/a.dcm', longAxisPlane(1), {
      patientId: 'P1',
      seriesUid: '1.10',
      seriesDescription: 'LVOT',
    }),
    imageFile('p/x3/a.dcm', shortAxisPlane(4), { patientId: 'P1', override: dose }),
    memoryFile('p/contour.txt', new Uint8Array(300).fill(65)),
  ];

  test('is counted: used, of an unknown view, of a view nobody asked for; other files are named', async () => {
    const { series: rows, skipped, ignored } = await labelStudies(files);
    expect(
      rows.map(({ folder, view, images, used, reasons }) => [folder, view, images, used, reasons]),
    ).toEqual([
      ...[0, 1, 2].map((i) => [`p/sax_${i}`, 'short-axis', 1, 1, {}]),
      ['p/2ch_9', '2-chamber', 1, 1, {}],
      ['p/x1', null, 1, 0, { VIEW_UNKNOWN: 1 }],
      ['p/x2', '3-chamber', 1, 0, { VIEW_NOT_ASKED: 1 }],
    ]);
    expect(skipped).toEqual([
      { file: 'p/x3/a.dcm', reason: { code: 'MODALITY', message: expect.stringContaining('RTDOSE') } },
    ]);
    expect(ignored).toEqual(['p/contour.txt']);
  });

  test('counts what could not be decoded in the end', async () => {
    const { outcomes } = await planStudies(files);
    const failed = [{ file: 'p/sax_1/a.dcm', reason: { code: 'DICOM', message: '' } }];
    expect(seriesRows(outcomes, failed)[1]).toMatchObject({ images: 1, used: 0, reasons: { DICOM: 1 } });
  });

  test('knows 2C, 3C and 4C by themselves', async () => {
    const names = ['2C', 'cine 3C', '4C_tfisp'];
    const others = names.map((seriesDescription, i) =>
      imageFile(`q/${i}.dcm`, longAxisPlane(0.5 * i), {
        patientId: 'P1',
        seriesUid: `1.9.${i}`,
        seriesDescription,
      }),
    );
    const { series: rows } = await labelStudies([...sax, ...others]);
    expect(rows.slice(3).map(({ view }) => view)).toEqual(['2-chamber', '3-chamber', '4-chamber']);
  });
});

describe('a mapping', () => {
  const mapped = (text: string, extra = {}) => labelStudies(sax, { views: [parseViewRule(text)], ...extra });

  test('that matches nothing, or makes a view nobody knows, is refused with the nearest names', async () => {
    await expect(mapped('sxa_1=2-chamber')).rejects.toThrow(
      /--map sxa_1=2-chamber matches no .*nearest names are sax_1/,
    );
    await expect(mapped('sax*=shortaxis')).rejects.toThrow(
      /makes a view that nothing asks for\. The nearest names are short-axis/,
    );
    expect((await mapped('sax*=stack', { targetView: 'stack' })).images).toHaveLength(3);
  });

  test('finds names whatever way accents are written, in any script', async () => {
    const nfd = sax.map((file) => ({ ...file, path: file.path.replace('sax', 'kurzachse_gefu\u0308llt') }));
    const { images } = await labelStudies(nfd, {
      views: [parseViewRule('kurzachse_gefüllt_1=short-axis'), parseViewRule('kurzachse_gef*=short-axis')],
    });
    expect(images).toHaveLength(3);
    const japanese = sax.map((file) => ({ ...file, path: file.path.replace('sax', '心臓短軸') }));
    expect(
      (await labelStudies(japanese, { views: [parseViewRule('心臓短軸_?=short-axis')] })).images,
    ).toHaveLength(3);
  });
});

describe('whether planes compare', () => {
  test('does not depend on which other views are asked for', async () => {
    const views = (referenceViews: string[]) =>
      labelStudies(
        [
          ...sax,
          twoChamber('2ch_9', 0, 0, { frameOfReferenceUid: '' }),
          imageFile('p/3ch_1/a.dcm', longAxisPlane(1), {
            patientId: 'P1',
            seriesUid: '1.11',
            frameOfReferenceUid: '7.7',
          }),
        ],
        { referenceViews },
      );
    const codes = async (asked: string[]): Promise<(string | undefined)[]> =>
      (await views(asked)).images.map(({ references }) => references['2-chamber']!.reason?.code);
    expect(await codes(['2-chamber'])).toEqual(await codes(['2-chamber', '3-chamber']));
  });
});
