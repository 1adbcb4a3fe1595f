/** @file Pictures, pixel by pixel. */

import { decode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import type { Line } from '../../src/data/types.ts';
import { seriesColour, trueColour } from '../../src/report/palette.ts';
import { encodePicture, type MarkedImage, overlayGrid, type Picture } from '../../src/report/pictures.ts';
import { regionPixels } from '../../src/report/regions.ts';
import { clipLine, windowed } from '../../src/report/windowing.ts';
import { lineAt } from '../tasks/orientation/ridge.ts';

const size = 16;
const dark = new Float32Array(size * size).map((_, i) => (i % 97 === 0 ? 1 : 0));
const colourAt = ({ data, width }: Picture, x: number, y: number): number[] => [
  ...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
];

describe('clipLine', () => {
  test('ends on the border of the image, on the line, at every angle', () => {
    for (let degrees = 0; degrees < 360; degrees += 15)
      for (const offset of [-7, 0, 3.25]) {
        const line = lineAt(degrees, offset, size);
        const [x1, y1, x2, y2] = clipLine(line, size)!;
        for (const [x, y] of [
          [x1, y1],
          [x2, y2],
        ] as const) {
          expect(Math.abs(line[0] * x + line[1] * y + line[2])).toBeLessThan(1e-9);
          const border = Math.max(Math.abs(x - 7.5), Math.abs(y - 7.5));
          expect(border).toBeCloseTo(size / 2, 9);
        }
      }
  });

  test('has nothing of a line that misses the image', () => {
    expect(clipLine(lineAt(30, 40, size), size)).toBeNull();
    expect(clipLine([0, 1, 0.6], size)).toBeNull();
  });
});

describe('windowed', () => {
  test('spreads the 1st to the 99.5th percentile over black to white, and keeps a constant image black', () => {
    const grey = windowed(Float32Array.from({ length: 1001 }, (_, i) => i - 500));
    expect([grey[0], grey[10], grey[995], grey[1000]]).toEqual([0, 0, 255, 255]);
    expect(grey[500]).toBe(Math.round((255 * 490) / 985));
    expect(new Set(windowed(new Float32Array(9).fill(3)))).toEqual(new Set([0]));
  });
});

describe('overlayGrid', () => {
  const vertical: Line = [1, 0, -4];
  const horizontal: Line = [0, 1, -11];
  const sample: MarkedImage = {
    size,
    pixels: dark,
    marks: [
      { kind: 'line', line: vertical, series: 0, of: 'predicted' },
      { kind: 'line', line: horizontal, series: 1, of: 'truth' },
    ],
  };

  test('draws predicted lines solid and true lines dashed, at pixel centres', () => {
    const scale = 9;
    const picture = overlayGrid([sample], 1, scale);
    const centre = (pixel: number): number => pixel * scale + (scale - 1) / 2;
    for (let y = 0; y < size * scale; y++)
      if (Math.abs(y - centre(11)) > 3) expect(colourAt(picture, centre(4), y)).toEqual([...seriesColour(0)]);
    const along = Array.from({ length: size * scale }, (_, x) => colourAt(picture, x, centre(11)).join());
    const full = along.filter((colour) => colour === trueColour(1).join()).length;
    expect(full).toBeGreaterThan(0.3 * along.length);
    expect(full).toBeLessThan(0.6 * along.length);
    expect(colourAt(picture, centre(4) + 4, centre(2))).toEqual([0, 0, 0]);
  });

  test('lays samples out row by row on white, and survives a PNG round trip', () => {
    const picture = overlayGrid([sample, sample, sample], 2, 3);
    expect([picture.width, picture.height]).toEqual([2 * 48 + 2, 2 * 48 + 2]);
    expect(colourAt(picture, 50 + 20, 50 + 20)).toEqual([255, 255, 255]);
    expect(colourAt(picture, 50 + 4 * 3 + 1, 1)).toEqual(colourAt(picture, 4 * 3 + 1, 51));
    const decoded = decode(encodePicture(picture));
    expect([decoded.width, decoded.height, decoded.channels]).toEqual([picture.width, picture.height, 3]);
    expect(decoded.data).toEqual(picture.data);
  });

  /** Class 1 in the left upper quarter but for its corner, class 2 at one pixel beside it. */
  const classes = Uint8Array.from({ length: size * size }, (_, i) => {
    const [x, y] = [i % size, Math.floor(i / size)];
    if (x === 12 && y === 3) return 2;
    return x >= 2 && x < 8 && y >= 2 && y < 8 ? 1 : 0;
  });
  const scale = 4;
  const inside = (pixel: number): number => pixel * scale + 1;
  const over = (colour: readonly number[], share: number): number[] =>
    colour.map((v) => Math.round(v * share));

  test('fills predicted regions, with an opaque border, in the colours of their classes', () => {
    const region = { kind: 'region', classes, of: 'predicted' } as const;
    const picture = overlayGrid([{ size, pixels: new Float32Array(size * size), marks: [region] }], 1, scale);
    const fill = colourAt(picture, inside(5), inside(5));
    expect(fill).toEqual(over(seriesColour(0), 110 / 255));
    for (const [x, y] of [
      [2 * scale, inside(5)],
      [8 * scale - 1, inside(5)],
      [inside(5), 2 * scale],
      [inside(5), 8 * scale - 1],
    ] as const)
      expect(colourAt(picture, x, y), `${x}, ${y}`).toEqual([...seriesColour(0)]);
    expect(colourAt(picture, 12 * scale, 3 * scale)).toEqual([...seriesColour(1)]);
    expect(colourAt(picture, inside(12), inside(3))).toEqual(over(seriesColour(1), 110 / 255));
    expect(colourAt(picture, 2 * scale - 1, inside(5))).toEqual([0, 0, 0]);
    expect(colourAt(picture, inside(10), inside(10))).toEqual([0, 0, 0]);
  });

  test('outlines true regions, and leaves their inside as it is', () => {
    const region = { kind: 'region', classes, of: 'truth' } as const;
    const picture = overlayGrid([{ size, pixels: new Float32Array(size * size), marks: [region] }], 1, scale);
    expect(colourAt(picture, 2 * scale, inside(5))).toEqual([...trueColour(0)]);
    expect(colourAt(picture, 8 * scale - 1, inside(5))).toEqual([...trueColour(0)]);
    expect(colourAt(picture, 12 * scale, 3 * scale)).toEqual([...trueColour(1)]);
    for (const [x, y] of [
      [inside(5), inside(5)],
      [inside(12), inside(3)],
      [2 * scale - 1, inside(5)],
      [8 * scale, inside(5)],
    ] as const)
      expect(colourAt(picture, x, y), `${x}, ${y}`).toEqual([0, 0, 0]);
  });

  test('draws no other kind of mark: heat, pictures, scales and words are for reports', () => {
    const values = new Float32Array(size * size).fill(1);
    const marks = [
      { kind: 'heat', values, series: 0, of: 'predicted' },
      { kind: 'picture', title: 'restored', values },
      { kind: 'scale', title: 'location', predicted: 0.5, truth: 1, from: 'base', to: 'apex' },
      { kind: 'words', text: 'no line found', series: 0 },
    ] as const;
    const [bare, marked] = [[], marks].map((own) => overlayGrid([{ size, pixels: dark, marks: own }], 1, 3));
    expect(marked).toEqual(bare);
  });
});

describe('colours', () => {
  test('are eight, none near another', () => {
    const all = Array.from({ length: 8 }, (_, series) => seriesColour(series));
    for (const [i, one] of all.entries())
      for (const other of all.slice(i + 1))
        expect(Math.hypot(...one.map((v, k) => v - other[k]!))).toBeGreaterThan(60);
    expect(seriesColour(8)).toEqual(seriesColour(0));
  });
});

describe('regionPixels', () => {
  test('has an outline around a region at the border of the image too, and gives every class its colour', () => {
    const all = new Uint8Array(9).fill(3);
    const at = (pixels: Uint8Array, i: number): number[] => [...pixels.subarray(4 * i, 4 * i + 4)];
    const [predicted, truth] = (['predicted', 'truth'] as const).map((of) =>
      regionPixels({ kind: 'region', classes: all, of }, 3),
    );
    expect(at(truth!, 0)).toEqual([...trueColour(2), 255]);
    expect(at(truth!, 4)).toEqual([0, 0, 0, 0]);
    expect(at(predicted!, 0)).toEqual([...seriesColour(2), 255]);
    expect(at(predicted!, 4)).toEqual([...seriesColour(2), 110]);
    const none = regionPixels({ kind: 'region', classes: new Uint8Array(9), of: 'predicted' }, 3, 2);
    expect(none).toEqual(new Uint8Array(6 * 6 * 4));
  });

  test('parts neighbouring classes by a line on both sides', () => {
    const two = Uint8Array.of(1, 1, 2, 2, 1, 1, 2, 2, 1, 1, 2, 2, 1, 1, 2, 2);
    const pixels = regionPixels({ kind: 'region', classes: two, of: 'truth' }, 4, 3);
    const alpha = Array.from({ length: 12 }, (_, x) => pixels[(6 * 12 + x) * 4 + 3]);
    expect(alpha).toEqual([255, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0, 255]);
  });
});
