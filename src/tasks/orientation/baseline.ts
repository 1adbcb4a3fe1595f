/** @file The trivial predictor that a network has to beat, the mean line of each view; and where lines are compared. */

import { lineCrossing } from '../../data/affine.ts';
import type { Line, PreparedImage } from '../../data/types.ts';

export type Point = readonly [x: number, y: number];

const imageCentre = (size: number): Point => [(size - 1) / 2, (size - 1) / 2];

/** Whether a point lies on the image's pixels, borders included. */
function inside([x, y]: Point, size: number): boolean {
  return Math.min(x, y) >= -0.5 && Math.max(x, y) <= size - 0.5;
}

/** Whether a line runs through the image at all: its corners are not all on one side. */
export function crossesImage([a, b, d]: Line, size: number): boolean {
  const ends = [-0.5, size - 0.5];
  const sides = ends.flatMap((y) => ends.map((x) => a * x + b * y + d));
  return Math.min(...sides) < 0 && Math.max(...sides) > 0;
}

/**
 * Where an image's line offsets are measured: the crossing of its first two reference lines where they cross inside
 * the image (for the long-axis views, the heart's axis), otherwise the image centre. Pixels.
 */
export function referencePoint(lines: readonly (Line | null)[], size: number): Point {
  const [first, second] = lines.filter((line) => line !== null);
  const crossing = first && second ? lineCrossing(first, second) : null;
  return crossing && inside(crossing, size) ? crossing : imageCentre(size);
}

/** Sums over the lines of one view. */
interface Turned {
  cosine: number;
  sine: number;
  count: number;
}

/** The normal of the mean; null without lines, or when their directions cancel out. */
function meanNormal({ cosine, sine, count }: Turned): Point | null {
  if (!(Math.hypot(cosine, sine) > 1e-9 * count)) return null;
  const angle = Math.atan2(sine, cosine) / 2;
  return [Math.cos(angle), Math.sin(angle)];
}

/** How far a line is from a point, along a normal that may be opposite to its own. */
function signedDistance([a, b, d]: Line, [x, y]: Point, normal: Point): number {
  const distance = a * x + b * y + d;
  return a * normal[0] + b * normal[1] < 0 ? -distance : distance;
}

/**
 * The mean line of each reference view; null where no image has one, or their directions cancel out. Lines have no
 * direction: that of the mean is the one of the mean of the angle-doubled unit normals (so that n and −n are one). Its
 * distance from the mean reference point is the mean of theirs. Images are gone through twice, and none is held.
 * @param size side of the prepared images, pixels
 */
export function meanLines(
  images: readonly Pick<PreparedImage, 'lines'>[],
  views: number,
  size: number,
): (Line | null)[] {
  const turned = Array.from({ length: views }, (): Turned => ({ cosine: 0, sine: 0, count: 0 }));
  let [x, y] = [0, 0];
  for (const { lines } of images) {
    const own = referencePoint(lines, size);
    [x, y] = [x + own[0], y + own[1]];
    for (const [view, sum] of turned.entries()) {
      const line = lines[view];
      if (!line) continue;
      const [a, b] = line;
      sum.cosine = sum.cosine + a * a - b * b;
      sum.sine += 2 * a * b;
      sum.count++;
    }
  }
  const point: Point = images.length > 0 ? [x / images.length, y / images.length] : imageCentre(size);
  const normals = turned.map(meanNormal);
  const distances = normals.map(() => 0);
  for (const { lines } of images)
    for (const [view, normal] of normals.entries()) {
      const line = lines[view];
      if (line && normal) distances[view]! += signedDistance(line, point, normal);
    }
  return normals.map((normal, view): Line | null => {
    if (!normal) return null;
    const [a, b] = normal;
    return [a, b, distances[view]! / turned[view]!.count - a * point[0] - b * point[1]];
  });
}
