/** @file The page of compared runs as text: complete, escaped, offline; its curves as data. */
import { describe, expect, test } from 'vitest';
import { renderComparison } from '../../src/report/compare.ts';
import { overlaidPlots } from '../../src/report/overlay.ts';
import { compareRuns } from '../../src/results/compare.ts';
import { dice, runOf, tested } from '../results/compared.ts';

const hostile = `</script><script>alert("1")</script>&<img src=x onerror='y'>`;

describe('renderComparison', () => {
  test('escapes every text that comes from files or settings, and loads nothing', () => {
    const result = { ...dice(1), title: hostile, unit: hostile };
    const run = runOf({
      ...{ name: hostile, tasks: [hostile], settings: { [hostile]: hostile }, notes: [hostile] },
      tested: tested({ results: [result] }),
    });
    const text = renderComparison(compareRuns([run, runOf()]));
    // the curves' and that which saves pictures
    expect(text.match(/<script/g)).toHaveLength(2);
    expect(text.match(/<\/script/g)).toHaveLength(2);
    expect(text).not.toContain('<img');
    expect(text).not.toMatch(/\s(?:src|href)="|@import|url\(/);
    expect(text).toContain('content="default-src &#39;none&#39;');
  });

  test('its script is JavaScript', () => {
    const text = renderComparison(compareRuns([runOf(), runOf()]));
    const scripts = [...text.matchAll(/<script>([\s\S]*?)<\/script>/g)];
    expect(scripts).toHaveLength(2);
    for (const [, script] of scripts) expect(() => new Function(script!)).not.toThrow();
  });

  test('tells runs apart by letter and dashes beside the colour, and says what is better', () => {
    const other = runOf({ name: 'two', tested: tested({ results: [dice(0.75)] }) });
    const text = renderComparison(compareRuns([runOf(), other, runOf({ name: 'three', tested: null })]));
    expect(text).toContain('0.800</td>');
    expect(text).toContain('0.750<small class="bad">−0.050 worse</small>');
    expect(text).toContain('<td class="number muted">not measured</td>');
    expect(text).toContain('not finished');
    expect(text).toMatch(/stroke-dasharray="8 4"\/><\/svg><b[^>]*>B<\/b><\/span>two/);
    expect(text).not.toContain('may name people');
    expect(renderComparison(compareRuns([runOf({ named: true }), runOf()]))).toContain(
      'Of A names are kept as in the images: this page may name people.',
    );
  });
});

test('a result says how many subjects have a value, and over whom a difference is', () => {
  const of = (values: Readonly<Record<string, number>>, value: number) =>
    runOf({ tested: tested({ results: [{ ...dice(value), bySubject: values }] }) });
  const all = of({ a: 0.5, b: 0.75, c: 1 }, 0.75);
  const text = renderComparison(compareRuns([all, of({ a: 0.75, b: 1 }, 0.875), of({ d: 0.5 }, 0.5)]));
  expect(text).toContain('0.750</td>');
  expect(text).toContain(
    '0.875<small>2 of 3 subjects</small><small class="good">+0.250 better, over 2 subjects</small>',
  );
  expect(text).toContain('0.500<small>1 of 3 subjects</small><small>no subject has a value in A too</small>');
  expect(renderComparison(compareRuns([all, all]))).toContain('0.000 equal</small>');
});

describe('curves', () => {
  const longer = runOf({
    validation: [30, 40].map((step) => ({ step, loss: 0.5, figure: 0, best: false })),
  });

  test('lie over one another by step, each task’s loss only where it is not the total', () => {
    const plots = overlaidPlots([runOf(), longer]);
    expect(plots.map(({ title, axis }) => [title, axis])).toEqual([
      ['Total loss, training (running mean)', 'logarithmic'],
      ['Total loss, validation', 'logarithmic'],
      ['Figure that chooses the weights (segmentation), validation', 'linear'],
    ]);
    expect(plots[1]!.data).toEqual([
      [20, 30, 40],
      [0.1, null, 0.05],
      [null, 0.5, 0.5],
    ]);
    expect(plots[2]!.data[2]).toEqual([null, 0, 0]);
    expect(plots[1]!.series.map(({ letter, label }) => [letter, label])).toEqual([
      ['A', 'A one'],
      ['B', 'B one'],
    ]);
  });

  test('of other tasks have other figures, and those without a curve are left out', () => {
    const pretext = runOf({ tasks: ['rotation'], metrics: [], validation: longer.validation });
    const plots = overlaidPlots([runOf(), pretext]);
    expect(plots[0]!.series.map(({ letter }) => letter)).toEqual(['A']);
    expect(plots[0]!.about).toContain('of A; the others have none');
    expect(plots.slice(-2).map(({ title }) => title)).toEqual([
      'Figure that chooses the weights (segmentation), validation',
      'Figure that chooses the weights (rotation), validation',
    ]);
    const both = { ...longer.validation[0]!, segmentationLoss: 0.25, loss: 0.5 };
    expect(overlaidPlots([runOf({ validation: [both] })]).map(({ title }) => title)).toContain(
      'Loss of segmentation, validation',
    );
  });
});
