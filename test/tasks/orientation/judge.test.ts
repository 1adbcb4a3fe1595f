/** @file Judged heatmaps against numbers worked out by hand. */
import { describe, expect, test } from 'vitest';
import { ShapeError } from '../../../src/base/errors.ts';
import { lineOffsetMm } from '../../../src/data/affine.ts';
import { defaultSigmaMm } from '../../../src/data/lines.ts';
import type { Sample } from '../../../src/data/sample.ts';
import type { Line } from '../../../src/data/types.ts';
import { pixelHead } from '../../../src/models/heads.ts';
import type { Mark } from '../../../src/results/mark.ts';
import type { ViewErrors } from '../../../src/tasks/orientation/errors.ts';
import { LineJudge } from '../../../src/tasks/orientation/judge.ts';
import { outputsOf, sampleOf } from '../samples.ts';
import { renderRidge } from './ridge.ts';

const size = 32;
const grid = { size, spacingMm: 4 };
const referenceViews = ['2ch', '4ch'];
const sigma = defaultSigmaMm / 4;
const head = pixelHead('final', 2);

const image = (lines: readonly (Line | null)[], subject = 'a'): Sample => sampleOf({ lines, subject });

const judgeFor = (training: readonly Sample[]) =>
  new LineJudge({ heatmaps: head, referenceViews, grid, sigmaMm: defaultSigmaMm }, training);

/** Heatmaps [N, size, size, 2] of the given lines; a null line is a map of zeros. */
function heatmapsOf(lines: (Line | null)[][]): Float32Array {
  const maps = lines.map((pair) =>
    pair.map((line) => (line ? renderRidge(line, size, sigma) : new Float32Array(size * size))),
  );
  return Float32Array.from(
    maps.flatMap((pair) => Array.from(pair[0]!, (value, i) => [value, pair[1]![i]!]).flat()),
  );
}

const horizontal = (y: number): Line => [0, 1, -y];
const vertical = (x: number): Line => [-1, 0, x];

/** What a judge says of images with these heatmaps, fed in blocks of at most `block`. */
function judged(
  images: readonly Sample[],
  predicted: (Line | null)[][],
  { training = images, block = images.length } = {},
) {
  const judge = judgeFor(training);
  for (let first = 0; first < images.length; first += block) {
    const rows = images.slice(first, first + block);
    judge.add(outputsOf(head, heatmapsOf(predicted.slice(first, first + block))), rows);
  }
  const verdict = judge.done();
  return { ...verdict, views: verdict.summary as Record<'2ch' | '4ch', ViewErrors> };
}

describe('the judge of lines', () => {
  test('measures angle in degrees and offset in mm at the crossing of the true lines', () => {
    const truth = [horizontal(10), vertical(20)];
    const degrees = 8;
    // Turned by 8° about the crossing (20, 10), and moved by 3 px to the right.
    const turned: Line = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180), 0];
    const through: Line = [turned[0], turned[1], -(turned[0] * 20 + turned[1] * 10)];
    const { views } = judged([image(truth)], [[through, vertical(23)]]);
    expect(views['2ch'].angleDeg).toBeCloseTo(degrees, 2);
    expect(views['2ch'].offsetMm).toBeCloseTo(0, 2);
    expect(views['4ch'].angleDeg).toBeCloseTo(0, 2);
    expect(views['4ch'].offsetMm).toBeCloseTo(3 * 4, 2);
    expect(views['4ch'].baselineOffsetMm).toBeCloseTo(0, 10);
  });

  test('takes medians and means over images, and tells the trivial error', () => {
    const rows = [10, 11, 12, 13, 24];
    const images = rows.map((y) => image([horizontal(y), vertical(16)]));
    const predicted = rows.map((y, i): Line[] => [horizontal(y + [1, 1, 2, 2, 4][i]!), vertical(16)]);
    const view = judged(images, predicted).views['2ch'];
    expect(view.offsetMm).toBeCloseTo(2 * 4, 1);
    expect(view.meanOffsetMm).toBeCloseTo(2 * 4, 1);
    expect(view.baselineOffsetMm).toBeCloseTo(3 * 4, 6);
    expect(view.baselineMeanOffsetMm).toBeCloseTo(((4 + 3 + 2 + 1 + 10) / 5) * 4, 6);
    expect(view.images).toBe(5);
  });

  test('knows the trivial lines from the training images, not from those it judges', () => {
    const training = [image([horizontal(8), vertical(4)]), image([horizontal(12), vertical(6)])];
    const { views } = judged([image([horizontal(13), vertical(20)])], [[horizontal(13), vertical(20)]], {
      training,
    });
    expect(views['2ch'].baselineOffsetMm).toBeCloseTo(3 * 4, 6);
    expect(views['4ch'].baselineOffsetMm).toBeCloseTo(15 * 4, 6);
  });

  test('scores an image without a fitted line with the trivial line, and counts it', () => {
    const images = [image([horizontal(10), vertical(8)]), image([horizontal(16), vertical(8)])];
    const { views, results } = judged(images, [
      [null, vertical(8)],
      [horizontal(16), vertical(8)],
    ]);
    const view = views['2ch'];
    expect([view.missing, view.images]).toEqual([1, 2]);
    expect(view.meanOffsetMm).toBeCloseTo((3 * 4 + 0) / 2, 1);
    expect(results[0]!.notes).toEqual([
      '2-chamber: no line could be fitted in 1 of 2 images; they are scored with the trivial line.',
    ]);
    expect(results.map(({ missing, count }) => [missing, count])).toEqual([
      [1, 2],
      [1, 2],
      [0, 2],
      [0, 2],
    ]);
  });

  test('scores no image without a fitted line where no training images tell the trivial one, and says so', () => {
    const images = [10, 16, 20].map((y) => image([horizontal(y), vertical(8)]));
    const predicted = [
      [null, vertical(8)],
      [horizontal(16), vertical(8)],
      [horizontal(21), vertical(8)],
    ];
    const { results } = judged(images, predicted as (Line | null)[][], { training: [] });
    expect(results[1]!.value).toBeCloseTo(2, 1);
    expect(results.slice(0, 4).map(({ about }) => about)).toEqual([
      'median of 2 images, without 1 in which no line was found; mean 0.0°',
      'median of 2 images, without 1 in which no line was found; mean 2.0 mm',
      'median of 3 images; mean 0.0°',
      'median of 3 images; mean 0.0 mm',
    ]);
    expect(results[0]!.notes).toEqual([
      '2-chamber: no line could be fitted in 1 of 3 images; they are not scored.',
    ]);
  });

  test('has no error where no line was found at all, for its stand-in’s would look like success', () => {
    const images = [image([horizontal(10), vertical(8)]), image([horizontal(12), vertical(8)])];
    const { views, results } = judged(images, [
      [null, vertical(8)],
      [null, vertical(8)],
    ]);
    expect(views['2ch']).toMatchObject({ angleDeg: null, offsetMm: null, meanAngleDeg: null, missing: 2 });
    expect(views['2ch'].baselineOffsetMm).toBeCloseTo(4, 6);
    const [angle] = results;
    expect([angle!.value, angle!.bySubject.size]).toEqual([null, 0]);
    expect(angle!.trivial).toBeCloseTo(0, 6);
    expect(angle!.notes).toEqual(['2-chamber: no line could be fitted in 2 of 2 images.']);
  });

  test('leaves out lines that are absent or miss the image, for network and trivial predictor alike', () => {
    const images = [
      image([horizontal(10), null]),
      image([horizontal(12), vertical(900)]),
      image([horizontal(14), vertical(3)]),
    ];
    const { views, results } = judged(
      images,
      images.map(({ lines }) => [...lines]),
    );
    expect(views['2ch']).toMatchObject({ images: 3, unlabelled: 0, missing: 0 });
    expect(views['4ch']).toMatchObject({ images: 1, unlabelled: 2, missing: 0 });
    expect(views['4ch'].offsetMm).toBeCloseTo(0, 2);
    expect(results.find(({ key }) => key === 'orientation.4ch.angleDeg')!.notes).toEqual([
      '4-chamber: 2 images have no such line inside them and are not scored.',
    ]);
  });

  test('says the same of what it is fed in blocks and at once', () => {
    const rows = [10, 11, 12, 13, 24];
    const images = rows.map((y, i) =>
      image([horizontal(y), i === 2 ? null : vertical(16 + i)], i < 2 ? 'a' : 'b'),
    );
    const predicted = rows.map((y, i): (Line | null)[] => [i === 3 ? null : horizontal(y + i), vertical(15)]);
    const whole = judged(images, predicted);
    expect(whole.views['2ch'].missing).toBe(1);
    for (const block of [1, 2, 4]) expect(judged(images, predicted, { block })).toEqual(whole);
  });

  test('has two results a view, with unit, decimals, direction and the medians of each subject', () => {
    const images = [
      image([horizontal(10), vertical(16)], 'a'),
      image([horizontal(12), vertical(16)], 'a'),
      image([horizontal(14), vertical(16)], 'b'),
    ];
    const { results, views } = judged(
      images,
      [11, 15, 18].map((y) => [horizontal(y), vertical(16)]),
    );
    expect(results.map(({ key, title, unit }) => [key, title, unit])).toEqual([
      ['orientation.2ch.angleDeg', '2-chamber line, angle', '°'],
      ['orientation.2ch.offsetMm', '2-chamber line, offset', ' mm'],
      ['orientation.4ch.angleDeg', '4-chamber line, angle', '°'],
      ['orientation.4ch.offsetMm', '4-chamber line, offset', ' mm'],
    ]);
    for (const { digits, better } of results) expect([digits, better]).toEqual([2, 'lower']);
    const offset = results[1]!;
    expect([offset.value, offset.trivial]).toEqual([views['2ch'].offsetMm, views['2ch'].baselineOffsetMm]);
    expect([...offset.bySubject.keys()]).toEqual(['a', 'b']);
    expect(offset.bySubject.get('a')).toBeCloseTo(((1 + 3) / 2) * 4, 1);
    expect(offset.bySubject.get('b')).toBeCloseTo(4 * 4, 1);
    expect(offset.about).toBe(`median of 3 images; mean ${views['2ch'].meanOffsetMm!.toFixed(1)} mm`);
  });

  test('refuses heatmaps of another number of images', () => {
    const images = [image([horizontal(1), vertical(1)])];
    const add = (values: Float32Array) => () => judgeFor(images).add(outputsOf(head, values), images);
    expect(add(new Float32Array(7))).toThrow(ShapeError);
    expect(add(new Float32Array(7))).toThrow(/1×32×32×2/);
    expect(add(new Float32Array(2 * 32 * 32 * 2))).toThrow(ShapeError);
  });
});

describe('the marks of an image', () => {
  const only = <K extends Mark['kind']>(marks: readonly Mark[], kind: K) =>
    marks.filter((mark): mark is Extract<Mark, { kind: K }> => mark.kind === kind);

  test('are heatmaps, fitted and true lines by view, and how far off each is', () => {
    const truth = image([horizontal(10), vertical(20)]);
    const judge = judgeFor([truth]);
    const predicted = [horizontal(12), vertical(20)];
    judge.add(
      outputsOf(
        head,
        heatmapsOf([predicted]).map((v) => 3 * v - 0.5),
      ),
      [truth],
    );
    const marks = judge.marks(0);
    const heats = only(marks, 'heat').filter(({ of }) => of === 'predicted');
    expect(heats.map(({ series }) => series)).toEqual([0, 1]);
    for (const [view, { values }] of heats.entries()) {
      const map = renderRidge(predicted[view]!, size, sigma).map((v) => 3 * v - 0.5);
      for (const [i, value] of values.entries())
        expect(value).toBeCloseTo(Math.min(1, Math.max(0, map[i]!)), 5);
    }
    const lines = only(marks, 'line');
    expect(lines.map(({ series, of }) => [series, of])).toEqual([
      [0, 'predicted'],
      [1, 'predicted'],
      [0, 'truth'],
      [1, 'truth'],
    ]);
    expect(lines[2]!.line).toEqual(horizontal(10));
    expect(lineOffsetMm(lines[0]!.line, horizontal(12), [16, 12], 4)).toBeLessThan(0.5);
    expect(only(marks, 'words')).toEqual([
      { kind: 'words', text: expect.stringMatching(/^0\.0°, [78]\.\d mm$/), series: 0 },
      { kind: 'words', text: '0.0°, 0.0 mm', series: 1 },
    ]);
  });

  test('tell of a line that was not found, and nothing of one that is not there', () => {
    const judge = judgeFor([]);
    const truth = image([horizontal(10), null]);
    judge.add(outputsOf(head, heatmapsOf([[null, vertical(5)]])), [truth]);
    const marks = judge.marks(0);
    expect(only(marks, 'words')).toEqual([{ kind: 'words', text: 'no line found', series: 0 }]);
    expect(only(marks, 'line').map(({ series, of }) => [series, of])).toEqual([
      [1, 'predicted'],
      [0, 'truth'],
    ]);
  });

  test('are of the newest block', () => {
    const [first, second] = [image([horizontal(10), null]), image([horizontal(20), null])];
    const judge = judgeFor([]);
    for (const one of [first, second]) judge.add(outputsOf(head, heatmapsOf([[one.lines[0]!, null]])), [one]);
    const truths = only(judge.marks(0), 'line').filter(({ of }) => of === 'truth');
    expect(truths.map(({ line }) => line)).toEqual([horizontal(20)]);
  });
});
