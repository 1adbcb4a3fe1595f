/** @file The trivial predictor that a network has to beat, the mean line of each view; and where lines are compared. */

import { mean } from '../../base/statistics.ts';
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

/**
 * The mean of undirected lines: its direction is that of the mean of the angle-doubled unit normals (so that n and −n
 * are one), its distance from `point` the mean of theirs. Null without lines, or when their directions cancel out.
 */
export function meanLine(lines: readonly Line[], point: Point): Line | null {
  const cosine = lines.reduce((sum, [a, b]) => sum + a * a - b * b, 0);
  const sine = lines.reduce((sum, [a, b]) => sum + 2 * a * b, 0);
  if (!(Math.hypot(cosine, sine) > 1e-9 * lines.length)) return null;
  const angle = Math.atan2(sine, cosine) / 2;
  const [a, b] = [Math.cos(angle), Math.sin(angle)];
  const signed = lines.map((line) => {
    const distance = line[0] * point[0] + line[1] * point[1] + line[2];
    return line[0] * a + line[1] * b < 0 ? -distance : distance;
  });
  return [a, b, mean(signed)! - a * point[0] - b * point[1]];
}

/**
 * The mean line of each reference view, with its offset taken at the mean reference point; null where no image has one.
 * @param size side of the prepared images, pixels
 */
export function meanLines(
  images: readonly Pick<PreparedImage, 'lines'>[],
  views: number,
  size: number,
): (Line | null)[] {
  const points = images.map(({ lines }) => referencePoint(lines, size));
  const [x, y] = [mean(points.map((point) => point[0])), mean(points.map((point) => point[1]))];
  const point = x === null || y === null ? imageCentre(size) : ([x, y] as const);
  return Array.from({ length: views }, (_, view) =>
    meanLine(
      images.map((image) => image.lines[view] ?? null).filter((line) => line !== null),
      point,
    ),
  );
}
