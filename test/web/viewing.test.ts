/** @file Where an image lies on a canvas, which way its edges are, how wheels turn. */
import { describe, expect, it } from 'vitest';
import type { Vec3 } from '../../src/data/types.ts';
import { roundLength } from '../../web/viewing/annotations.ts';
import { directionLetters, edgeLetters } from '../../web/viewing/edges.ts';
import { Wheel } from '../../web/viewing/gestures.ts';
import { pixelAt, Viewport } from '../../web/viewing/viewport.ts';
import { shortAxisPlane } from '../data/dicom-writer.ts';

const canvas = { width: 600, height: 400 };
const image = { columns: 100, rows: 200, spacingMm: [1, 2] as const };

describe('a viewport', () => {
  it('shows the whole image in its physical shape, in the middle', () => {
    expect(new Viewport().place(canvas, image)).toEqual({ left: 100, top: 0, scaleX: 4, scaleY: 2 });
  });

  it('keeps what lies under the pointer where it is, back to the whole image', () => {
    const viewport = new Viewport();
    const before = pixelAt(viewport.place(canvas, image), 420, 90);
    for (const factor of [1.7, 2, 0.8]) viewport.zoomAt(factor, 420, 90, canvas, image);
    const after = pixelAt(viewport.place(canvas, image), 420, 90);
    expect(after.x).toBeCloseTo(before.x, 9);
    expect(after.y).toBeCloseTo(before.y, 9);
    expect(viewport.zoom).toBeCloseTo(2.72, 9);
    viewport.zoomAt(0.01, 0, 0, canvas, image);
    expect(viewport.isWhole).toBe(true);
    viewport.zoomAt(1e9, 300, 200, canvas, image);
    expect(viewport.zoom).toBe(32);
  });

  it('moves as far as the image reaches, and says the same of a canvas of another size', () => {
    const viewport = new Viewport();
    viewport.zoomAt(2, 300, 200, canvas, image);
    const { left, top } = viewport.place(canvas, image);
    viewport.pan(30, -20, canvas, image);
    expect(viewport.place(canvas, image)).toMatchObject({ left: left + 30, top: top - 20 });
    const middle = pixelAt(viewport.place(canvas, image), 300, 200);
    expect(pixelAt(viewport.place({ width: 300, height: 300 }, image), 150, 150).x).toBeCloseTo(middle.x, 9);
    viewport.pan(1e6, 1e6, canvas, image);
    expect(pixelAt(viewport.place(canvas, image), 300, 200)).toEqual({ x: -0.5, y: -0.5 });
  });
});

describe('letters of directions', () => {
  it.each<[Vec3, string]>([
    [[1, 0, 0], 'L'],
    [[-1, 0, 0], 'R'],
    [[0, 1, 0], 'P'],
    [[0, -1, 0], 'A'],
    [[0, 0, 1], 'S'],
    [[0, 0, -1], 'I'],
    [[0.1, -0.99, 0.1], 'A'],
    [[0.6, 0, -0.8], 'IL'],
    [[-0.6, 0.58, 0.55], 'RPS'],
  ])('%j is %s', (direction, expected) => expect(directionLetters(direction)).toBe(expected));

  it('of opposite edges are opposite', () => {
    const plane = { ...shortAxisPlane(0), rowDirection: [0, 1, 0], columnDirection: [0, 0, -1] } as const;
    expect(edgeLetters(plane)).toEqual({ left: 'A', right: 'P', top: 'S', bottom: 'I' });
  });
});

it('a scale is as long as it can be and round', () => {
  expect([730, 99, 20, 3, 0.2].map(roundLength)).toEqual([500, 50, 20, 2, 0.5]);
});

describe('a wheel', () => {
  const turned = (...deltas: readonly [deltaY: number, deltaMode?: number][]): number[] => {
    const wheel = new Wheel();
    return deltas.map(([deltaY, deltaMode = 0]) => wheel.notches({ deltaY, deltaMode }));
  };

  it('turns by how far it goes, not by events', () => {
    expect(turned([40], [40], [40], [250])).toEqual([0, 0, 1, 2]);
    expect(turned([-100], [-100])).toEqual([-1, -1]);
    expect(turned([3, 1], [1, 2])).toEqual([1, 4]);
  });

  it('forgets what was left when it turns back', () => {
    expect(turned([90], [-90], [-20])).toEqual([0, -0, -1]);
  });
});
