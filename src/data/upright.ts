/** @file How an image lies beside how radiology shows it: as it should, turned by quarters, mirrored. */
import { composeAffine } from './affine.ts';
import { cropMap } from './resample.ts';
import type { Affine, ImagePlane } from './types.ts';
import { dot, normalize } from './vector.ts';
import { isBodyPlane } from './viewnames.ts';

/** Right and bottom of the page in an image's columns and rows: [x, y] of the one, then of the other. */
export type Turn = readonly [rightX: number, rightY: number, downX: number, downY: number];

/** Of an image that lies as it is shown. */
export const upright: Turn = [1, 0, 0, 1];

const turns: readonly Turn[] = [
  upright,
  ...([
    [0, 1, -1, 0],
    [-1, 0, 0, -1],
    [0, -1, 1, 0],
    [-1, 0, 0, 1],
    [1, 0, 0, -1],
    [0, 1, 1, 0],
    [0, -1, -1, 0],
  ] as const),
];

/** LPS. To the right lies the left of an axial or coronal image and the back of a sagittal one; a short axis is between. */
const RIGHT = normalize([1, 1, 0]);
/** Downwards lie the feet, or the back in an axial image. */
const DOWN = normalize([0, 1, -1]);

/** An image lies as it should within some 50°: of √2 at most, the next best way is behind by half that. */
const CLEARLY = 0.35;

/** Whether images of a view are shown one way; long axes of a heart are not: where they lie depends on the heart. */
const hasUpright = (view: string): boolean => view === 'short-axis' || isBodyPlane(view);

/** The turn of an image of a view; `upright` where none is clearly better, and in views that are shown in any way. */
export function turnOf(view: string, { rowDirection: x, columnDirection: y }: ImagePlane): Turn {
  if (!hasUpright(view)) return upright;
  const goodness = ([a, b, c, d]: Turn): number =>
    a * dot(x, RIGHT) + b * dot(y, RIGHT) + c * dot(x, DOWN) + d * dot(y, DOWN);
  const best = turns.reduce((one, other) => (goodness(other) > goodness(one) ? other : one));
  return goodness(best) > goodness(upright) + CLEARLY ? best : upright;
}

/** The map from the pixels of an image as it is stored to those of the image as it is shown. */
function standing([a, b, c, d]: Turn, { rows, columns }: ImagePlane): Affine {
  const first = (x: number, y: number): number => (x + y > 0 ? 0 : (x === 0 ? rows : columns) - 1);
  return [a, b, first(a, b), c, d, first(c, d)];
}

/**
 * The affine map from an image's native pixels to its prepared pixels: stood up as radiology shows its view, where it is
 * stored turned by quarters or mirrored, then as `cropMap`. Images of long axes are shown in any way and are only cropped.
 * @example
 * const axes = { rowDirection: [0, 1, 0], columnDirection: [1, 0, 0] };
 * const plane = { ...axes, position: [0, 0, 0], spacingMm: [2, 2], rows: 64, columns: 96 };
 * // axial, its rows along the patient's back
 * data.preparedMap('axial', plane, 64, 2); // [0,1,0,1,0,-16]
 */
export function preparedMap(view: string, plane: ImagePlane, size: number, spacingMm: number): Affine {
  const turn = turnOf(view, plane);
  if (turn === upright) return cropMap(plane, size, spacingMm);
  const { rows, columns, spacingMm: steps } = plane;
  const lies = turn[0] !== 0;
  const shown: ImagePlane = lies
    ? plane
    : { ...plane, rows: columns, columns: rows, spacingMm: [steps[1], steps[0]] };
  return composeAffine(cropMap(shown, size, spacingMm), standing(turn, plane));
}
