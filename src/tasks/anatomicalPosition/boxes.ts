/** @file Nine boxes on the lines of two reference views, placed by anatomy: where each lies in an image. */
import { composeAffine, lineAngleDeg, lineCrossing } from '../../data/affine.ts';
import type { Sample } from '../../data/sample.ts';
import type { Affine, ImagePlane, Line } from '../../data/types.ts';
import { add, dot, scale } from '../../data/vector.ts';

export interface BoxSettings {
  /** Side of a box, mm. */
  readonly boxMm: number;
  /** From one box to the next along a line, mm. */
  readonly stepMm: number;
}

/** Boxes; background is 0. */
export const POSITIONS = 9;

/** Steps along each line from the crossing, where box 1 lies: boxes 2 to 5 on the first line, 6 to 9 on the second. */
export const STEPS = [1, -1, 2, -2] as const;

/** Lines that cross at less say little of where the boxes lie, which then lie over each other. */
const LEAST_ANGLE_DEG = 15;

/**
 * To which side of a line is forward, in the patient (LPS): to the left, and upwards. For a heart's short axis that is
 * towards the lateral wall from the 2-chamber line and towards the anterior wall from the 4-chamber line, some 55° from
 * either, so that a heart may lie somewhat differently.
 */
const FORWARD = [5, 2, 3] as const;

/** The line with its positive side towards FORWARD, however headers and image are turned. */
export function anatomicalLine([a, b, d]: Line, { rowDirection, columnDirection }: ImagePlane): Line {
  const gradient = add(scale(rowDirection, a), scale(columnDirection, b));
  return dot(gradient, FORWARD) < 0 ? [-a, -b, -d] : [a, b, d];
}

/** Pixel → mm along the line from the crossing, towards the positive side of the other line, and mm from the line. */
function frameOf([a, b, d]: Line, other: Line, [x, y]: readonly [number, number], spacingMm: number): Affine {
  const sign = -b * other[0] + a * other[1] < 0 ? -1 : 1;
  const [tx, ty] = [-b * sign, a * sign];
  const along = [tx, ty, -(tx * x + ty * y)].map((v) => v * spacingMm) as [number, number, number];
  return [...along, a * spacingMm, b * spacingMm, d * spacingMm];
}

export type Frames = readonly [first: Affine, second: Affine];

/** Of the first two reference views' lines; null where one is missing, or they hardly cross. */
export function framesOf({ lines: [one, two], plane }: Sample, spacingMm: number): Frames | null {
  if (!one || !two || lineAngleDeg(one, two) < LEAST_ANGLE_DEG) return null;
  const [first, second] = [anatomicalLine(one, plane), anatomicalLine(two, plane)];
  const crossing = lineCrossing(first, second)!;
  return [frameOf(first, second, crossing, spacingMm), frameOf(second, first, crossing, spacingMm)];
}

/** Box numbers by mm along a line: `centre` at the crossing, then the steps from `first`; 0 for none. */
function boxAt(along: number, { boxMm, stepMm }: BoxSettings, centre: number, first: number): number {
  const half = boxMm / 2;
  if (Math.abs(along) <= half) return centre;
  for (let i = 0; i < STEPS.length; i++) if (Math.abs(along - STEPS[i]! * stepMm) <= half) return first + i;
  return 0;
}

/**
 * [size, size] box numbers, 0 for none; of boxes that lie over each other the one with the lower number.
 * @param matrix output pixel → pixel of the image that the frames are of: exact under any augmentation
 */
export function positionMap(
  frames: Frames,
  matrix: Affine,
  size: number,
  settings: BoxSettings,
): Uint8Array<ArrayBuffer> {
  const [[a, b, c, d, e, f], other] = frames.map((frame) => composeAffine(frame, matrix)) as [Affine, Affine];
  const [k, l, m, n, o, p] = other;
  const half = settings.boxMm / 2;
  const map = new Uint8Array(size * size);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const at = y * size + x;
      if (Math.abs(d * x + e * y + f) <= half) map[at] = boxAt(a * x + b * y + c, settings, 1, 2);
      if (map[at] === 0 && Math.abs(n * x + o * y + p) <= half)
        map[at] = boxAt(k * x + l * y + m, settings, 0, 2 + STEPS.length);
    }
  return map;
}
