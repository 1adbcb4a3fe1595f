/** @file Preparation against physical truth: blobs stay where they are in the patient, lines stay on their planes. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { transformPlane, worldToPixel } from '../../src/data/geometry.ts';
import { prepare, preparePlan, prepareScan } from '../../src/data/prepare.ts';
import { cropMap, resample, zScore } from '../../src/data/resample.ts';
import { type Progress, scanFiles } from '../../src/data/scan.ts';
import { planScan } from '../../src/data/study/plan.ts';
import { seriesRows } from '../../src/data/study/summary.ts';
import type { ImagePlane, Notice, Reason } from '../../src/data/types.ts';
import { longAxisPlane, memoryFile, shortAxisPlane, writeDicom } from './dicom-writer.ts';
import { dsbccSubject, generatedStudy, imageFile } from './studies.ts';

function paint(plane: ImagePlane, value: (x: number, y: number) => number) {
  const { rows, columns } = plane;
  const values = Float32Array.from({ length: rows * columns }, (_, i) =>
    value(i % columns, Math.floor(i / columns)),
  );
  return { rows, columns, values };
}

/** Centre of mass in pixels. */
function centroid(values: Float32Array, columns: number): [number, number] {
  let [sum, x, y] = [0, 0, 0];
  values.forEach((v, i) => {
    sum += v;
    x += v * (i % columns);
    y += v * Math.floor(i / columns);
  });
  return [x / sum, y / sum];
}

const grid = fc.record({
  rows: fc.integer({ min: 60, max: 130 }),
  columns: fc.integer({ min: 60, max: 130 }),
  spacingMm: fc.tuple(
    fc.double({ min: 0.7, max: 2, noNaN: true }),
    fc.double({ min: 0.7, max: 2, noNaN: true }),
  ),
  size: fc.integer({ min: 90, max: 120 }),
});

describe('resample', () => {
  test('leaves a blob where it is in the patient, at any spacing, odd or even sizes, row spacing unlike column spacing', () => {
    fc.assert(
      fc.property(grid, ({ size, ...shape }) => {
        const plane = shortAxisPlane(0, shape);
        const middle = [shape.columns / 2 + 2.3, shape.rows / 2 - 3.1] as const;
        const [sigmaX, sigmaY] = [6 / shape.spacingMm[1], 6 / shape.spacingMm[0]];
        const image = paint(plane, (x, y) =>
          Math.exp(-(((x - middle[0]) / sigmaX) ** 2 + ((y - middle[1]) / sigmaY) ** 2) / 2),
        );
        const map = cropMap(plane, size, 1.26);
        const [x, y] = centroid(resample(image, map, size), size);
        const there = worldToPixel(
          transformPlane(plane, map, size, size),
          [0, 1, 2].map(
            (i) =>
              plane.position[i]! +
              middle[0] * shape.spacingMm[1] * plane.rowDirection[i]! +
              middle[1] * shape.spacingMm[0] * plane.columnDirection[i]!,
          ) as unknown as [number, number, number],
        );
        expect(Math.hypot(x - there.x, y - there.y)).toBeLessThan(0.02);
      }),
      { numRuns: 30 },
    );
  });

  test('only moves whole pixels when the spacing fits already, padding with 0', () => {
    for (const [rows, columns, size] of [
      [40, 48, 44],
      [41, 48, 44],
      [41, 47, 60],
      [30, 33, 21],
    ] as const) {
      const plane = shortAxisPlane(0, { rows, columns, spacingMm: [1.26, 1.26] });
      const image = paint(plane, (x, y) => 1 + x + 100 * y);
      const [ox, oy] = [Math.trunc((columns - size) / 2), Math.trunc((rows - size) / 2)];
      const out = resample(image, cropMap(plane, size, 1.26), size);
      const expected = paint({ ...plane, rows: size, columns: size }, (x, y) => {
        const [u, v] = [x + ox, y + oy];
        return u >= 0 && v >= 0 && u < columns && v < rows ? 1 + u + 100 * v : 0;
      });
      expect(Math.max(...out.map((v, i) => Math.abs(v - expected.values[i]!)))).toBeLessThan(1e-3);
    }
  });

  test('averages instead of picking when it reduces, and keeps constants up to the edge', () => {
    const plane = shortAxisPlane(0, { rows: 120, columns: 120, spacingMm: [0.5, 0.5] });
    const map = cropMap(plane, 20, 3);
    expect(
      resample(
        paint(plane, () => 7),
        map,
        20,
      ).every((v) => Math.abs(v - 7) < 1e-5),
    ).toBe(true);
    const checkers = resample(
      paint(plane, (x, y) => (x + y) % 2),
      map,
      20,
    );
    expect(Math.max(...checkers.map((v) => Math.abs(v - 0.5)))).toBeLessThan(0.02);
  });

  test('interpolates linearly when it enlarges', () => {
    const plane = shortAxisPlane(0, { rows: 30, columns: 30, spacingMm: [3, 2] });
    const map = cropMap(plane, 30, 1);
    const out = resample(
      paint(plane, (x, y) => 5 * x - 3 * y),
      map,
      30,
    );
    out.forEach((v, i) => {
      const [x, y] = [((i % 30) - map[2]) / map[0], (Math.floor(i / 30) - map[5]) / map[4]];
      expect(v).toBeCloseTo(5 * x - 3 * y, 3);
    });
  });
});

describe('zScore', () => {
  test('uses the population deviation', () => {
    const values = Float32Array.of(2, 4, 4, 4, 5, 5, 7, 9);
    expect(zScore(values)).toBeCloseTo(2, 12);
    expect([...values]).toEqual([-1.5, -0.5, -0.5, -0.5, 0, 0, 1, 2]);
  });

  test('makes a constant image zeros, even with rounding noise, and reports one that is not finite', () => {
    for (const values of [
      Float32Array.of(3, 3, 3),
      Float32Array.of(0.1, 0.1, 0.1, 0.1, 0.1),
      new Float32Array(9),
    ]) {
      expect(zScore(values)).toBe(0);
      expect(values.every((v) => v === 0)).toBe(true);
    }
    expect(zScore(Float32Array.of(1, Number.POSITIVE_INFINITY))).toBeNaN();
  });
});

describe('prepare', () => {
  test('gives every image of a study zero mean, unit deviation and a line on its reference plane', async () => {
    const seen: string[] = [];
    const { manifest, pixels } = await prepare(generatedStudy(), {
      size: 96,
      spacingMm: 2,
      onProgress: ({ phase, done, total }) => seen.push(`${phase} ${done}/${total}`),
    });
    expect(manifest).toMatchObject({
      size: 96,
      spacingMm: 2,
      targetView: 'short-axis',
      referenceViews: ['long-axis'],
    });
    expect(manifest.images).toHaveLength(60);
    expect(pixels).toHaveLength(60 * 96 * 96);
    expect(seen.at(-1)).toBe('decode 60/60');
    for (let i = 0; i < 60; i++) {
      const image = pixels.subarray(i * 9216, (i + 1) * 9216);
      const mean = image.reduce((a, b) => a + b, 0) / 9216;
      const square = image.reduce((a, b) => a + b * b, 0) / 9216;
      expect(Math.abs(mean)).toBeLessThan(1e-5);
      expect(Math.abs(square - 1)).toBeLessThan(1e-4);
      expect(manifest.images[i]!.lines[0]).not.toBeNull();
      expect(manifest.images[i]!.plane.spacingMm[0]).toBeCloseTo(2, 12);
    }
  });

  test('draws its lines where the pixels show the reference plane, with unequal row and column spacing', async () => {
    const plane = shortAxisPlane(0, { rows: 90, columns: 70, spacingMm: [1.1, 1.9] });
    const reference = longAxisPlane(0.9, 6);
    const normal = [-Math.sin(0.9), Math.cos(0.9)] as const;
    const unit = [0, 1, 2].map(
      (i) => normal[0] * plane.rowDirection[i]! + normal[1] * plane.columnDirection[i]!,
    );
    const pixels = Int16Array.from({ length: 90 * 70 }, (_, i) => {
      const [x, y] = [(i % 70) * 1.9, Math.floor(i / 70) * 1.1];
      const p = [0, 1, 2].map(
        (k) => plane.position[k]! + x * plane.rowDirection[k]! + y * plane.columnDirection[k]!,
      );
      return Math.round(100 * p.reduce((sum, v, k) => sum + (v - reference.position[k]!) * unit[k]!, 0));
    });
    const files = [
      imageFile('p/sax/a.dcm', plane, { pixels, seriesUid: '1.1' }),
      imageFile('p/2ch/b.dcm', reference, { seriesUid: '1.2' }),
    ];
    // 40 px at 1.3 mm lie within the image, so the z-scored pixels are linear in the distance from the line.
    const data = await prepare(files, { size: 40, spacingMm: 1.3 });
    const [a, b, d] = data.manifest.images[0]!.lines[0]!;
    const distances = Float32Array.from(
      { length: 1600 },
      (_, i) => a * (i % 40) + b * Math.floor(i / 40) + d,
    );
    zScore(distances);
    const sign = Math.sign(distances[0]! * data.pixels[0]!);
    const worst = Math.max(...data.pixels.map((v, i) => Math.abs(v - sign * distances[i]!)));
    expect(worst).toBeLessThan(0.01);
  });

  test('uses what it can: skips a truncated image, zeroes a constant one, keeps an image without reference', async () => {
    const whole = dsbccSubject('2').filter((file) => !file.path.includes('4ch'));
    const constant = { pixels: new Int16Array(40 * 48).fill(5), patientId: '3', seriesUid: '1.5' };
    const short = { pixels: new Int16Array(7), patientId: '3', seriesUid: '1.5', instanceNumber: 2 };
    const warnings: [string, Reason][] = [];
    const { manifest, pixels } = await prepare(
      [
        ...whole,
        memoryFile('3/sax_1/notes.dcm', new Uint8Array(500)),
        imageFile('3/sax_1/b.dcm', shortAxisPlane(0), short),
        imageFile('3/sax_1/a.dcm', shortAxisPlane(0), constant),
        imageFile('4/4ch/a.dcm', longAxisPlane(0), { patientId: '4' }),
      ],
      {
        size: 32,
        spacingMm: 1.26,
        referenceViews: ['2-chamber', '4-chamber'],
        onWarning: (file, r) => warnings.push([file, r]),
      },
    );
    expect(manifest.skipped.map((s) => s.file)).toEqual(['3/sax_1/notes.dcm', '3/sax_1/b.dcm']);
    expect(manifest.skipped[1]!.reason.message).toContain('PixelData (7fe0,0010) holds 14 bytes of 3840');
    expect(manifest.images.map((i) => [i.subject, i.lines.map((l) => l !== null)])).toEqual([
      ...Array.from({ length: 6 }, () => ['2', [true, false]]),
      ['3', [false, false]],
    ]);
    expect(pixels).toHaveLength(7 * 32 * 32);
    expect(pixels.subarray(6 * 1024).every((v) => v === 0)).toBe(true);
    const codes = warnings.filter(([file]) => file === '3/sax_1/a.dcm').map(([, r]) => r.code);
    expect(codes.sort()).toEqual(['CONSTANT', 'NO_REFERENCE', 'NO_REFERENCE', 'ONE_LOCATION']);
  });

  test('is a ConfigError that names a file when nothing can be decoded', async () => {
    const file = imageFile('sax/a.dcm', shortAxisPlane(0), { pixels: new Int16Array(7) });
    await expect(prepare([file])).rejects.toThrow(ConfigError);
    await expect(prepare([file])).rejects.toThrow(/No usable DICOM image was found.*\n {2}sax\/a\.dcm: /);
    const stream = { '7fe00010': ['OB', Uint8Array.of(0xff, 0xd8, 0xff, 0xd9)] } as const;
    const bytes = writeDicom({ plane: shortAxisPlane(0), override: stream }, '1.2.840.10008.1.2.4.70');
    await expect(prepare([memoryFile('sax/b.dcm', bytes)])).rejects.toThrow(
      /None of 1 target images could be read\. sax\/b\.dcm: /,
    );
  });

  test('never decodes a reference image', async () => {
    const files = [
      imageFile('p/sax/a.dcm', shortAxisPlane(0), { seriesUid: '1.1' }),
      imageFile('p/2ch/b.dcm', longAxisPlane(0), { seriesUid: '1.2', pixels: new Int16Array(1) }),
    ];
    expect((await prepare(files)).manifest.images[0]!.lines[0]).not.toBeNull();
  });
});

test('subjects planned one after another come to what a plan of all of them comes to, and are counted to their end', async () => {
  const again = imageFile('11/study/sax_99/IM-9.dcm', shortAxisPlane(8), {
    ...{ patientId: '11', seriesUid: '1.3.11.sax_99', frameOfReferenceUid: '1.4.11' },
  });
  const files = [...dsbccSubject('11'), again, ...dsbccSubject('12', 5), ...dsbccSubject('13')];
  const scan = await scanFiles(files);
  const counts: [done: number, total: number][] = [];
  const onProgress = ({ done, total }: Progress) => counts.push([done, total]);
  const told: Notice[] = [];
  const options = { size: 8, spacingMm: 16, onProgress, onNotice: (notice: Notice) => told.push(notice) };
  const { data, notices, series } = await prepareScan(scan, options);
  const plan = planScan(scan, { onNotice: () => {} });
  expect(told).toEqual(notices);
  expect(notices).toEqual(plan.notices);
  expect(data).toEqual(await preparePlan(plan, { size: 8, spacingMm: 16 }));
  expect(series).toEqual(seriesRows(plan.outcomes));
  expect(data.manifest.skipped).toMatchObject([{ reason: { code: 'REPEATED_SLICE' } }]);
  expect(counts.map(([done]) => done)).toEqual(plan.targets.map((_, i) => i + 1));
  expect(counts.at(-1)).toEqual([plan.targets.length, plan.targets.length]);
  expect(Math.max(...counts.map(([, total]) => total))).toBeLessThanOrEqual(plan.targets.length + 1);
});
