/** @file How an image lies beside how radiology shows it: as it should, turned by quarters, mirrored. */
import { ownOf } from '../base/record.ts';
import { composeAffine } from './affine.ts';
import { planeNormal } from './geometry.ts';
import { cropMap } from './resample.ts';
import type { Affine, ImagePlane, PreparedImage, Vec3 } from './types.ts';
import { add, cross, dot, normalize, scale } from './vector.ts';
import { type BODY_PLANES, isBodyPlane } from './viewnames.ts';

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

/** Right and down in the page, LPS. */
type PageAxes = readonly [right: Vec3, down: Vec3];

/** The left of the patient lies to the right, of a sagittal image the back; downwards lie the feet, of an axial one the back. */
const pageAxes: Readonly<Record<(typeof BODY_PLANES)[number] | 'short-axis', PageAxes>> = {
  axial: [
    [1, 0, 0],
    [0, 1, 0],
  ],
  coronal: [
    [1, 0, 0],
    [0, 0, -1],
  ],
  sagittal: [
    [0, 1, 0],
    [0, 0, -1],
  ],
  // between all three
  'short-axis': [normalize([1, 1, 0]), normalize([0, 1, -1])],
};

/** An image lies as it should within some 50°: of 2 at most, the next best way is behind by this beyond 52°. */
const CLEARLY = 0.35;

const goodness = (
  [a, b, c, d]: Turn,
  { rowDirection: x, columnDirection: y }: ImagePlane,
  axes: PageAxes,
): number => a * dot(x, axes[0]) + b * dot(y, axes[0]) + c * dot(x, axes[1]) + d * dot(y, axes[1]);

const bestTurn = (plane: ImagePlane, axes: PageAxes): Turn =>
  turns.reduce((one, other) => (goodness(other, plane, axes) > goodness(one, plane, axes) ? other : one));

/** Cosine of the angle to a plane of the body beyond which an image is none of it, whatever it is called: 45°. */
const FACING = Math.SQRT1_2;

/** Whether an image is looked at from where its view is; a short axis lies between all. */
const faces = (view: string, plane: ImagePlane, [right, down]: PageAxes): boolean =>
  !isBodyPlane(view) || Math.abs(dot(planeNormal(plane), cross(right, down))) > FACING;

/**
 * How an image of a view is to be turned to lie as radiology shows it; not at all where no way is clearly better than
 * as it is stored, nor where it is no image of that view at all, nor in views that are shown in any way, as long axes of a
 * heart are, for where they lie depends on it.
 * @example
 * data.turnOf('axial', { rowDirection: [0, 1, 0], columnDirection: [1, 0, 0] }); // [0,1,1,0]
 */
export function turnOf(view: string, plane: ImagePlane): Turn {
  const axes = ownOf(pageAxes, view);
  if (!axes || !faces(view, plane, axes)) return upright;
  const best = bestTurn(plane, axes);
  return goodness(best, plane, axes) > goodness(upright, plane, axes) + CLEARLY ? best : upright;
}

/** Those of a stack's images: the first's as `turnOf`, the others to lie as the first then does. */
export function stackTurns(view: string, planes: readonly ImagePlane[]): Turn[] {
  const first = planes[0];
  if (!first || !ownOf(pageAxes, view)) return planes.map(() => upright);
  const [a, b, c, d] = turnOf(view, first);
  const { rowDirection: x, columnDirection: y } = first;
  const axes: PageAxes = [add(scale(x, a), scale(y, b)), add(scale(x, c), scale(y, d))];
  return planes.map((plane) => bestTurn(plane, axes));
}

/**
 * A normal nearer than this to one of the patient's axes is none of a short axis, which lies 30° and more from each: it
 * is what is left where a tool kept voxel sizes alone, as in the published files of ACDC.
 */
const alongAxisDeg = 5;

/** Whether slices lie across one of the patient's axes, which no short axis does: a file that says so is not to be believed. */
export const alongAxis = (plane: ImagePlane): boolean =>
  planeNormal(plane).some((part) => Math.abs(part) > Math.cos((alongAxisDeg * Math.PI) / 180));

/** Whether a prepared image lies as it was stored, turned: an earlier version prepared images so. */
export const liesAsStored = ({ view, plane }: Pick<PreparedImage, 'view' | 'plane'>): boolean =>
  turnOf(view, plane) !== upright && (isBodyPlane(view) || !alongAxis(plane));

/** The map from the pixels of an image as it is stored to those of the image as it is shown. */
function standing([a, b, c, d]: Turn, { rows, columns }: ImagePlane): Affine {
  const first = (x: number, y: number): number => (x + y > 0 ? 0 : (x === 0 ? rows : columns) - 1);
  return [a, b, first(a, b), c, d, first(c, d)];
}

/**
 * The affine map from an image's native pixels to its prepared pixels: turned as it is shown, then as `cropMap`.
 * @example
 * const axes = { rowDirection: [0, 1, 0], columnDirection: [1, 0, 0] };
 * const plane = { ...axes, position: [0, 0, 0], spacingMm: [2, 2], rows: 64, columns: 96 };
 * data.preparedMap(plane, data.turnOf('axial', plane), 64, 2); // [0,1,0,1,0,-16]
 */
export function preparedMap(plane: ImagePlane, turn: Turn, size: number, spacingMm: number): Affine {
  const { rows, columns, spacingMm: steps } = plane;
  const lies = turn[0] !== 0;
  const shown: ImagePlane = lies
    ? plane
    : { ...plane, rows: columns, columns: rows, spacingMm: [steps[1], steps[0]] };
  return composeAffine(cropMap(shown, size, spacingMm), standing(turn, plane));
}
