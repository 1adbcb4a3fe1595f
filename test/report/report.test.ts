/** @file The report as text: complete, escaped, offline, exact. */

import { decode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import { duration } from '../../src/report/html.ts';
import { windowed } from '../../src/report/pictures.ts';
import { type ReportInput, renderReport } from '../../src/report/report.ts';
import type { ViewErrors } from '../../src/train/evaluate.ts';
import { lineAt, renderRidge } from '../tasks/orientation/ridge.ts';

const size = 16;
const hostile = `</script><script>alert("1")</script>&<img src=x onerror='y'>`;
const view: ViewErrors = {
  angleDeg: 4,
  offsetMm: 2,
  baselineAngleDeg: 10,
  baselineOffsetMm: 5,
  meanAngleDeg: 5,
  meanOffsetMm: 2.5,
  baselineMeanAngleDeg: 11,
  baselineMeanOffsetMm: 6,
  images: 40,
  missing: 0,
  unlabelled: 0,
};

const pixels = renderRidge(lineAt(10, 2, size), size, 3);
const truth = lineAt(30, 2, size);

function input(change: Partial<ReportInput> = {}): ReportInput {
  return {
    title: 'Phantom run',
    config: { width: 16, augmentation: { rotationDeg: 15, scale: [0.9, 1.1] }, clipNorm: null },
    step: { launches: 200, memory: { plannedBytes: 40.2e6, unplannedBytes: 165e6 } },
    adapter: { name: 'Some adapter', software: true },
    timings: [{ name: 'Training', seconds: 245 }],
    metrics: Array.from({ length: 4000 }, (_, i) => ({
      step: i + 1,
      loss: 2 / (i + 1),
      orientationLoss: 1 / (i + 1),
      locationLoss: 1 / (i + 1),
      lr: 1e-3,
      imagesPerSecond: 100,
    })),
    validation: [{ step: 2000, loss: 0.5, orientationLoss: 0.3, locationLoss: 0.2, best: true }],
    evaluation: {
      images: 40,
      subjects: 4,
      orientation: { '2ch': view },
      location: { mae: 0.1, baselineMae: 0.25, images: 40 },
    },
    part: 'test',
    samples: [
      {
        size,
        pixels,
        subject: 'p1',
        caption: 'slice 1 of 9',
        predicted: [lineAt(33, 2, size)],
        truth: [truth],
        heatmap: renderRidge(truth, size, 1.5),
        location: { predicted: 0.125, truth: 0 },
      },
    ],
    scatter: [{ predicted: 0.25, truth: 0.5 }],
    data: {
      name: 'phantom',
      size,
      spacingMm: 4,
      targetView: 'sax',
      referenceViews: ['2ch'],
      parts: [{ name: 'Training', subjects: 30, images: 300 }],
      skipped: [{ file: 'a.dcm', reason: { code: 'X', message: 'It is not DICOM.' } }],
    },
    ...change,
  };
}

const figures = (text: string): string => text.slice(text.indexOf('class="gallery"'));

describe('renderReport', () => {
  test('needs nothing from outside: no address to load from, and a policy that forbids it', () => {
    const text = renderReport(input());
    const addresses = [...text.matchAll(/\s(?:src|href|xlink:href|action)="([^"]*)"/g)].map((m) => m[1]!);
    expect(addresses.length).toBeGreaterThan(0);
    for (const address of addresses) expect(address).toMatch(/^data:image\/png;base64,/);
    expect(text).not.toMatch(/@import|url\(|<link|<iframe/);
    expect(text).toContain('content="default-src &#39;none&#39;; img-src data:');
  });

  test('escapes every text that comes from files or settings', () => {
    const base = input();
    const text = renderReport(
      input({
        title: hostile,
        config: { [hostile]: hostile },
        adapter: { name: hostile, software: false },
        timings: [{ name: hostile, seconds: 1 }],
        evaluation: { ...base.evaluation, orientation: { [hostile]: view } },
        samples: [{ ...base.samples[0]!, subject: hostile, caption: hostile }],
        data: {
          ...base.data,
          name: hostile,
          targetView: hostile,
          referenceViews: [hostile],
          parts: [{ name: hostile, subjects: 1, images: 1 }],
          skipped: [{ file: hostile, reason: { code: hostile, message: hostile } }],
        },
      }),
    );
    expect(text.match(/<script/g)).toHaveLength(1);
    expect(text.match(/<\/script/g)).toHaveLength(1);
    expect(text).not.toContain('<img');
    expect(text).toContain('&lt;/script&gt;&lt;script&gt;alert(&quot;1&quot;)');
  });

  test('tells the errors beside the trivial ones, with their ratio', () => {
    const text = renderReport(input());
    expect(text).toContain('4.0° and 2.0 mm for the 2-chamber line (trivial: 10.0° and 5.0 mm)');
    expect(text).toContain('In 4,000 steps on 30 subjects');
    expect(text).toContain('Every error is below that of the trivial predictor.');
    expect(text.match(/<\/span>0\.40<\/td>/g)).toHaveLength(3);
    expect(text).toContain('4 min 05 s');
    expect(text).toContain('without planning</th><td>165.0 MB');
    expect(text).toContain('augmentation.scale</th><td>0.9, 1.1');
  });

  test('says which subjects the numbers are of, and warns when they were trained on', () => {
    expect(renderReport(input())).toContain('4 subjects, none of which the network has seen before');
    const text = renderReport(input({ part: 'training' }));
    expect(text).toContain('these numbers do not tell how it does on new ones');
    expect(text).not.toContain('seen before');
    expect(text).not.toContain('other subjects');
  });

  test('says so when nothing was learned, and counts what could not be scored', () => {
    const poor = { ...view, angleDeg: 12, offsetMm: 5.1, missing: 7, unlabelled: 3 };
    const text = renderReport(
      input({ evaluation: { images: 43, subjects: 4, orientation: { '4ch': poor }, location: null } }),
    );
    expect(text).toContain('no better than the trivial predictor: the network has not learned the task');
    expect(text).toContain('no line could be fitted in 7 of 40 images');
    expect(text).toContain('3 images have no such line');
    expect(text.match(/class="ratio worse"/g)).toHaveLength(2);
  });

  test('lays exact lines over an exact picture: pixel centres at integers', () => {
    const text = figures(renderReport(input()));
    expect(text).toContain(`viewBox="-0.5 -0.5 ${size} ${size}"`);
    const [x1, y1, x2, y2] = /class="truth" x1="(\S+)" y1="(\S+)" x2="(\S+)" y2="(\S+)" stroke="rgb/
      .exec(text)!
      .slice(1)
      .map(Number) as [number, number, number, number];
    for (const [x, y] of [
      [x1, y1],
      [x2, y2],
    ] as const) {
      expect(truth[0] * x + truth[1] * y + truth[2]).toBeCloseTo(0, 2);
      expect(Math.max(Math.abs(x - 7.5), Math.abs(y - 7.5))).toBeCloseTo(8, 2);
    }
    const png = /data:image\/png;base64,([^"]*)/.exec(text)![1]!;
    const picture = decode(Uint8Array.from(atob(png), (c) => c.charCodeAt(0)));
    expect(picture.data).toEqual(windowed(pixels));
    expect(text).toContain('aria-label="p1, slice 1 of 9; 2-chamber 3.0°, 0.0 mm"');
  });

  test('thins long loss curves and keeps validation at its step', () => {
    const [, literal] = /const curves = (.*?);\n/.exec(renderReport(input()))!;
    const curves = JSON.parse(literal!) as { title: string; data: (number | null)[][] }[];
    expect(curves.map(({ title }) => title)).toHaveLength(3);
    const [steps, training, , validation] = curves[0]!.data as [number[], ...(number | null)[][]];
    expect(steps.length).toBeLessThanOrEqual(1501);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(validation![steps.indexOf(2000)]).toBe(0.5);
    expect(validation!.filter((v) => v !== null)).toHaveLength(1);
    expect(training![0]).toBeCloseTo((2 + 1 + 2 / 3) / 3, 4);
  });

  test('leaves out what a run does not have', () => {
    const base = input();
    const text = renderReport(
      input({
        metrics: [],
        validation: [],
        samples: [],
        scatter: [],
        evaluation: { ...base.evaluation, orientation: null },
        data: { ...base.data, skipped: [] },
      }),
    );
    for (const absent of [
      '<h2>Losses',
      '<h2>Slices',
      '<h2>Slice location',
      'Skipped files, and why',
      'undefined',
      'NaN',
    ])
      expect(text).not.toContain(absent);
    expect(text).toContain('<h2>Results');
  });
});

test('durations read as one would say them', () => {
  expect([3.14, 59.94, 61, 3599.6, 7380].map(duration)).toEqual([
    '3.1 s',
    '59.9 s',
    '1 min 01 s',
    '1 h 00 min',
    '2 h 03 min',
  ]);
});
