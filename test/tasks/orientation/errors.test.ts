/** @file Evaluation against numbers worked out by hand. */

import { describe, expect, test } from 'vitest';
import { lineAngleDeg } from '../../../src/data/affine.ts';
import type { ImagePlane, Line, PreparedImage } from '../../../src/data/types.ts';
import { fitBaseline, meanLine, referencePoint } from '../../../src/train/baseline.ts';
import { evaluateImages, type ImageGrid } from '../../../src/train/evaluate.ts';
import { lineAt, renderRidge } from './ridge.ts';

const size = 32;
const grid: ImageGrid = { size, spacingMm: 4, referenceViews: ['2ch', '4ch'] };
const sigma = 7.56 / 4;
const plane: ImagePlane = {
  position: [0, 0, 0],
  rowDirection: [1, 0, 0],
  columnDirection: [0, 1, 0],
  spacingMm: [4, 4],
  rows: size,
  columns: size,
};

function image(lines: (Line | null)[], location: number | null = null, subject = 'a'): PreparedImage {
  return { subject, file: 'f', view: 'sax', frame: 0, slice: 0, lines, location, plane };
}

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

describe('evaluateImages', () => {
  test('measures angle in degrees and offset in mm at the crossing of the true lines', () => {
    const truth = [horizontal(10), vertical(20)];
    const degrees = 8;
    // Turned by 8° about the crossing (20, 10), and moved by 3 px to the right.
    const turned: Line = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180), 0];
    const through: Line = [turned[0], turned[1], -(turned[0] * 20 + turned[1] * 10)];
    const predictions = { heatmaps: heatmapsOf([[through, vertical(23)]]), locations: null };
    const { orientation, location } = evaluateImages(
      [image(truth)],
      predictions,
      fitBaseline([image(truth)], size),
      grid,
    );
    expect(orientation!['2ch']!.angleDeg).toBeCloseTo(degrees, 2);
    expect(orientation!['2ch']!.offsetMm).toBeCloseTo(0, 2);
    expect(orientation!['4ch']!.angleDeg).toBeCloseTo(0, 2);
    expect(orientation!['4ch']!.offsetMm).toBeCloseTo(3 * 4, 2);
    expect(orientation!['4ch']!.baselineOffsetMm).toBeCloseTo(0, 10);
    expect(location).toBeNull();
  });

  test('takes medians and means over images, and tells the trivial error', () => {
    const rows = [10, 11, 12, 13, 24];
    const images = rows.map((y) => image([horizontal(y), vertical(16)]));
    const predicted = rows.map((y, i): Line[] => [horizontal(y + [1, 1, 2, 2, 4][i]!), vertical(16)]);
    const baseline = fitBaseline(images, size);
    expect(baseline.lines[0]![1] * 14 + baseline.lines[0]![2]).toBeCloseTo(0, 10);
    const result = evaluateImages(
      images,
      { heatmaps: heatmapsOf(predicted), locations: null },
      baseline,
      grid,
    );
    const view = result.orientation!['2ch']!;
    expect(view.offsetMm).toBeCloseTo(2 * 4, 1);
    expect(view.meanOffsetMm).toBeCloseTo(2 * 4, 1);
    expect(view.baselineOffsetMm).toBeCloseTo(3 * 4, 6);
    expect(view.baselineMeanOffsetMm).toBeCloseTo(((4 + 3 + 2 + 1 + 10) / 5) * 4, 6);
    expect(view.images).toBe(5);
  });

  test('scores an image without a fitted line with the trivial line, and counts it', () => {
    const images = [image([horizontal(10), vertical(8)]), image([horizontal(16), vertical(8)])];
    const heatmaps = heatmapsOf([
      [null, vertical(8)],
      [horizontal(16), vertical(8)],
    ]);
    const result = evaluateImages(images, { heatmaps, locations: null }, fitBaseline(images, size), grid);
    const view = result.orientation!['2ch']!;
    expect([view.missing, view.images]).toEqual([1, 2]);
    expect(view.meanOffsetMm).toBeCloseTo((3 * 4 + 0) / 2, 1);
  });

  test('leaves out lines that are absent or miss the image, for network and trivial predictor alike', () => {
    const images = [
      image([horizontal(10), null]),
      image([horizontal(12), vertical(900)]),
      image([horizontal(14), vertical(3)]),
    ];
    const heatmaps = heatmapsOf(images.map(({ lines }) => [...lines]));
    const { orientation } = evaluateImages(
      images,
      { heatmaps, locations: null },
      fitBaseline(images, size),
      grid,
    );
    expect(orientation!['2ch']).toMatchObject({ images: 3, unlabelled: 0, missing: 0 });
    expect(orientation!['4ch']).toMatchObject({ images: 1, unlabelled: 2, missing: 0 });
    expect(orientation!['4ch']!.offsetMm).toBeCloseTo(0, 2);
  });

  test('reports the mean absolute location error over images that have one', () => {
    const images = [image([], 0, 'a'), image([], 1, 'b'), image([], null, 'b')];
    const predictions = { heatmaps: null, locations: Float32Array.of(0.25, 0.875, 0.5) };
    const { location, orientation, subjects } = evaluateImages(
      images,
      predictions,
      fitBaseline(images, size),
      grid,
    );
    expect(location).toEqual({ mae: 0.1875, baselineMae: 0.5, images: 2 });
    expect(orientation).toBeNull();
    expect(subjects).toBe(2);
  });

  test('refuses predictions of another number of images', () => {
    const images = [image([horizontal(1), vertical(1)], 0.5)];
    const baseline = fitBaseline(images, size);
    const heatmaps = new Float32Array(7);
    expect(() => evaluateImages(images, { heatmaps, locations: null }, baseline, grid)).toThrow(/1×32×32×2/);
    const locations = new Float32Array(2);
    expect(() => evaluateImages(images, { heatmaps: null, locations }, baseline, grid)).toThrow(/1 images/);
  });
});

describe('fitBaseline', () => {
  test('averages undirected lines: a normal and its opposite are one line', () => {
    const lines = [
      lineAt(85, 1, size),
      lineAt(95, 3, size),
      lineAt(85 + 180, -1, size),
      lineAt(95 - 180, -3, size),
    ];
    const result = meanLine(lines, [15.5, 15.5])!;
    expect(lineAngleDeg(result, lineAt(90, 0, size))).toBeCloseTo(0, 8);
    expect(Math.abs(result[0] * 15.5 + result[1] * 15.5 + result[2])).toBeCloseTo(2, 8);
  });

  test('has no mean line where there are no lines or their directions cancel out', () => {
    expect(meanLine([], [0, 0])).toBeNull();
    expect(meanLine([horizontal(3), vertical(3)], [0, 0])).toBeNull();
    expect(fitBaseline([image([null, vertical(3)])], size).lines[0]).toBeNull();
  });

  test('measures offsets at the crossing inside the image, else at its centre', () => {
    expect(referencePoint([horizontal(10), vertical(20)], size)).toEqual([20, 10]);
    expect(referencePoint([horizontal(10), vertical(400)], size)).toEqual([15.5, 15.5]);
    expect(referencePoint([null, vertical(4)], size)).toEqual([15.5, 15.5]);
  });
});
