/** @file Pictures, pixel by pixel. */

import { decode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import type { Line } from '../../src/data/types.ts';
import {
  clipLine,
  encodePicture,
  overlayGrid,
  type Picture,
  trueColour,
  viewColour,
  windowed,
} from '../../src/report/pictures.ts';
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
  const sample = { size, pixels: dark, predicted: [vertical, null], truth: [null, horizontal] };

  test('draws predicted lines solid and true lines dashed, at pixel centres', () => {
    const scale = 9;
    const picture = overlayGrid([sample], 1, scale);
    const centre = (pixel: number): number => pixel * scale + (scale - 1) / 2;
    for (let y = 0; y < size * scale; y++)
      if (Math.abs(y - centre(11)) > 3) expect(colourAt(picture, centre(4), y)).toEqual([...viewColour(0)]);
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
});
