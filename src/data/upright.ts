/** @file How an image lies beside how radiology shows it: as it should, turned by quarters, mirrored. */
import { applyAffine } from './affine.ts';
import type { Affine, ImagePlane, PreparedManifest } from './types.ts';
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

/** Whether `value`, of a file, is a turn. */
export const isTurn = (value: unknown): value is Turn =>
  turns.some((turn) => JSON.stringify(turn) === JSON.stringify(value));

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

/** The map from the pixels of the page to those of a square image. */
export function pageMap([a, b, c, d]: Turn, size: number): Affine {
  const middle = (size - 1) / 2;
  const [x, y] = applyAffine([a, c, 0, b, d, 0], middle, middle);
  return [a, c, middle - x, b, d, middle - y];
}

/** The turn that most images of the data have; undefined where they lie as they should. */
export function commonTurn({
  images,
  targetView,
}: Pick<PreparedManifest, 'images' | 'targetView'>): Turn | undefined {
  if (!hasUpright(targetView)) return undefined;
  const counts = new Map(turns.map((turn) => [turn, 0]));
  for (const { plane } of images) {
    const turn = turnOf(targetView, plane);
    counts.set(turn, counts.get(turn)! + 1);
  }
  const most = turns.reduce((one, other) => (counts.get(other)! > counts.get(one)! ? other : one));
  return most === upright ? undefined : most;
}
