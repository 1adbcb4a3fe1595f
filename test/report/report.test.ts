/** @file The report as text: complete, escaped, offline, exact. */

import { decode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import { duration } from '../../src/report/html.ts';
import { renderReport } from '../../src/report/report.ts';
import { windowed } from '../../src/report/windowing.ts';
import type { Evaluation } from '../../src/results/evaluation.ts';
import type { Mark } from '../../src/results/mark.ts';
import { offset, place, resultOf } from '../results/results.ts';
import { evaluation, input, line, pixels, predicted, shown, size, truth } from './input.ts';

const hostile = `</script><script>alert("1")</script>&<img src=x onerror='y'>`;

/** The report of an evaluation that is otherwise as above. */
const reportOf = (change: Partial<Evaluation>): string =>
  renderReport(input({ evaluation: { ...evaluation, ...change } }));

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

  const hostileMarks: readonly Mark[] = [
    line('predicted', predicted),
    { kind: 'words', text: hostile, series: 0 },
    { kind: 'words', text: hostile },
    { kind: 'scale', title: hostile, predicted: 0.5, truth: null, from: hostile, to: hostile },
    { kind: 'picture', title: hostile, values: pixels },
  ];

  test('escapes every text that comes from files or settings', () => {
    const base = input();
    const text = renderReport(
      input({
        title: hostile,
        config: { [hostile]: hostile },
        adapter: { name: hostile, software: false },
        timings: [{ name: hostile, seconds: 1 }],
        tasks: [{ name: 'orientation', lossTitle: hostile, tells: hostile }],
        evaluation: {
          ...evaluation,
          results: [resultOf({ title: hostile, unit: hostile, about: hostile, notes: [hostile] })],
          notes: [hostile],
          scatters: [{ title: hostile, about: hostile, axis: hostile, points: [{ predicted: 0, truth: 1 }] }],
          tables: [{ title: hostile, about: hostile, columns: [hostile], rows: [[hostile, hostile]] }],
          shown: [shown([{ task: hostile, series: [hostile], marks: hostileMarks }], hostile)],
        },
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
    // the curves' and the saving of pictures
    expect(text.match(/<script/g)).toHaveLength(2);
    expect(text.match(/<\/script/g)).toHaveLength(2);
    expect(text.match(/<img/g)).toHaveLength(1);
    expect(text).not.toContain('<img src=x');
    expect(text).toContain('&lt;/script&gt;&lt;script&gt;alert(&quot;1&quot;)');
  });

  test('tells the results beside the trivial ones, with their ratio', () => {
    const text = renderReport(input());
    expect(text).toContain(
      'the result is 2-chamber line, angle 4.00° (trivial 10.00°), 2-chamber line, offset 2.00 mm (trivial 5.00 mm) and Slice location 0.1000 (trivial 0.2500).',
    );
    expect(text).toContain('In 4,000 steps on 30 subjects');
    expect(text).toContain(
      'was trained to tell where the 2-chamber plane cuts an image and how far along its stack a slice lies.',
    );
    expect(text).toContain('Every result is better than the trivial predictor’s.');
    expect(text.match(/<\/span>0\.40<\/td>/g)).toHaveLength(3);
    expect(text).toContain('<small>median of 40 images; mean 5.0°</small>');
    expect(text).toContain('<td class="number">2.00 mm</td><td class="number">5.00 mm</td>');
    expect(text).toContain(
      '<div class="name">Slice location</div><div class="value">0.1000<small></small></div><div class="beside">trivial 0.2500</div>',
    );
    expect(text).toContain('<p class="note">The angle is that between');
    expect(text).toContain('4 min 05 s');
    expect(text).toContain('without planning</th><td>165.0 MB');
    expect(text).toContain('augmentation.scale</th><td>0.9, 1.1');
  });

  test('shows what the best weights were chosen by, and why a run ended early, where it did', () => {
    const row = { orientationLoss: 0.3, locationLoss: 0.2 };
    const validation = [
      { step: 10, loss: 0.5, ...row, figure: 0.75, best: true },
      { step: 20, loss: 0.4, ...row, figure: null, best: false },
    ];
    const tasks = input().tasks.map((task) => ({ ...task, figure: { title: 'Figure of it', digits: 2 } }));
    const text = renderReport(input({ validation, tasks, ending: 'stopped at step 20 of 40' }));
    expect(text).toContain('<th scope="col">Figure of it</th>');
    expect(text).toContain('<td>0.75</td><td>best so far</td>');
    expect(text).toContain('<td>–</td><td></td>');
    expect(text).toContain('<th scope="row">Training</th><td>stopped at step 20 of 40</td>');
    const plain = renderReport(input({ tasks }));
    expect(plain).not.toContain('Figure of it');
    expect(plain).toContain('<td>lowest so far</td>');
  });

  test('says which subjects the numbers are of, and warns when they were trained on', () => {
    expect(renderReport(input())).toContain('4 subjects, none of which the network has seen before');
    const text = reportOf({ part: 'training' });
    expect(text).toContain('these numbers do not tell how it does on new ones');
    expect(text).toContain('No held-out subject');
    expect(text).not.toContain('seen before');
    expect(text).not.toContain('other subjects');
    expect(reportOf({ part: 'validation' })).toContain('which chose the weights to keep');
  });

  test('has tables of what was told', () => {
    const rows = [
      ['HCM', '7', '0'],
      ['NOR', '2', '5'],
    ] as const;
    const table = { title: 'Groups', about: 'Of studies.', columns: ['Group', 'says HCM', 'says NOR'], rows };
    const text = renderReport(input({ evaluation: { ...evaluation, tables: [table] } }));
    expect(text).toContain('<h2>Groups</h2><p>Of studies.</p>');
    expect(text).toContain('<th scope="col">says NOR</th>');
    expect(text).toContain(
      '<tr><th scope="row">NOR</th><td class="number">2</td><td class="number">5</td></tr>',
    );
  });

  test('says so when nothing was learned, and what could not be scored', () => {
    const notes = [
      '2-chamber: no line could be fitted in 7 of 40 images; they are scored with the trivial line.',
      '2-chamber: 3 images have no such line inside them and are not scored.',
    ];
    const left = ['Images that are not measured, for they have no mask: 3.'];
    const text = reportOf({
      results: [resultOf({ value: 12, missing: 7, notes }), { ...offset, value: 5.1, missing: 7 }],
      left,
    });
    expect(text).toContain('no better than the trivial predictor: the network has not learned the task');
    for (const note of [...notes, ...left]) expect(text).toContain(`<p class="note">${note}</p>`);
    expect(text.match(/class="ratio worse"/g)).toHaveLength(2);
  });

  test('tells figures that are details in the table only', () => {
    const base = input().evaluation;
    const detail = resultOf({ title: 'Surface distance', unit: ' mm', value: 1.23, detail: true });
    const text = renderReport(input({ evaluation: { ...base, results: [...base.results, detail] } }));
    expect(text.match(/Surface distance/g)).toHaveLength(1);
    expect(text.slice(text.indexOf('<table class="results">'))).toContain('Surface distance');
  });

  test('counts results whichever way they point, those without an answer as no better', () => {
    const dice = resultOf({ title: 'Dice', unit: '', digits: 3, better: 'higher', value: 0.9, trivial: 0.5 });
    expect(reportOf({ results: [dice] })).toContain('Every result is better');
    const nothing = { ...dice, value: 0 };
    const mixed = reportOf({ results: [dice, nothing, { ...dice, value: null }] });
    expect(mixed).toContain('1 of 3 results are clearly better');
    expect(mixed.match(/class="ratio worse"/g)).toHaveLength(1);
    expect(mixed).toContain('Dice 0.000 (trivial 0.500) and Dice without an answer (trivial 0.500)');
    const silent = resultOf({ value: null, missing: 40 });
    expect(reportOf({ results: [silent, { ...offset, value: null }] })).toContain('has not learned the task');
    for (const results of [[], [resultOf({ trivial: null })]])
      expect(reportOf({ results })).toContain('There was nothing to compare it with.');
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
    expect(text).toContain('aria-label="p1, slice 1, phase 1; 2-chamber 3.0°, 0.0 mm"');
  });

  test('thins long loss curves and keeps validation at its step', () => {
    const [, literal] = /const curves = (.*?);\n/.exec(renderReport(input()))!;
    const curves = JSON.parse(literal!) as { title: string; data: (number | null)[][] }[];
    expect(curves.map(({ title }) => title)).toEqual(['Total loss', 'Line heatmaps', 'Location, squared']);
    const [steps, training, , validation] = curves[0]!.data as [number[], ...(number | null)[][]];
    expect(steps.length).toBeLessThanOrEqual(1501);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(validation![steps.indexOf(2000)]).toBe(0.5);
    expect(validation!.filter((v) => v !== null)).toHaveLength(1);
    expect(training![0]).toBeCloseTo((2 + 1 + 2 / 3) / 3, 4);
  });

  test('draws the loss of one task once, and the validation losses of every task in a table', () => {
    const [only] = input().tasks;
    const [, literal] = /const curves = (.*?);\n/.exec(renderReport(input({ tasks: [only!] })))!;
    expect((JSON.parse(literal!) as { title: string }[]).map(({ title }) => title)).toEqual([
      'Line heatmaps',
    ]);
    expect(renderReport(input())).toContain(
      '<th scope="row">2,000</th><td>0.50000</td><td>0.30000</td><td>0.20000</td><td>lowest so far</td>',
    );
  });

  test('leaves out what a run does not have', () => {
    const base = input();
    const text = renderReport(
      input({
        metrics: [],
        validation: [],
        evaluation: { ...evaluation, results: [place], scatters: [], shown: [] },
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
