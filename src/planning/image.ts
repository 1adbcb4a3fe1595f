/** @file The image to acquire in a fitted plane: its middle, its edges, its size. */
import type { ImagePlane, Vec3 } from '../data/types.ts';
import { add, cross, dot, normalize, scale, subtract } from '../data/vector.ts';
import { fromStack, type StackAxes, stackAxes } from './axes.ts';
import { footOn, type Plane } from './plane.ts';

/** Planes that cut each other at less than this show no axis, sine of 20°. */
const LEAST_CROSSING = 0.34;

/** Where two planes and the middle slice cross, in the stack's coordinates; null where they hardly do. */
function crossingOf(a: Plane, b: Plane, axes: StackAxes): readonly [x: number, y: number] | null {
  const row = ({ point, normal }: Plane) => {
    const [x, y] = [dot(normal, axes.x), dot(normal, axes.y)];
    return { x, y, away: dot(normal, subtract(point, axes.origin)) };
  };
  const [first, second] = [row(a), row(b)];
  const determinant = first.x * second.y - second.x * first.y;
  if (Math.abs(determinant) < LEAST_CROSSING) return null;
  return [
    (first.away * second.y - second.away * first.y) / determinant,
    (first.x * second.away - second.x * first.away) / determinant,
  ];
}

/**
 * The middle of what is to be imaged, mm, LPS: in the middle slice where the first two planes cross (of long-axis views,
 * the axis of the heart), or the middle of that slice where none do, or outside it.
 */
export function middleOf(slices: readonly ImagePlane[], planes: readonly Plane[]): Vec3 {
  const axes = stackAxes(slices);
  const [first, second] = planes;
  const crossing = first && second ? crossingOf(first, second, axes) : null;
  const middle = slices[Math.floor(slices.length / 2)]!;
  const { rows, columns, spacingMm } = middle;
  const halves = [(columns * spacingMm[1]) / 2, (rows * spacingMm[0]) / 2] as const;
  if (!crossing?.every((away, axis) => Math.abs(away) < halves[axis]!)) return axes.origin;
  return fromStack(axes, [crossing[0], crossing[1], 0]);
}

/** Whether a direction runs to the right or down the page as radiology shows it: left, back or down the patient. */
function isUsual(direction: Vec3): boolean {
  const largest = [0, 1, 2].reduce((best, axis) =>
    Math.abs(direction[axis]!) > Math.abs(direction[best]!) ? axis : best,
  );
  return largest === 2 ? direction[2] < 0 : direction[largest]! > 0;
}

/**
 * The image in a plane beside a stack: centred at the foot of `middle`, rows along the slices and columns along the
 * stack, apex on top; square, as wide as the slices and of their finer spacing.
 * @param slices of the stack, in their own pixels
 */
export function imageIn(plane: Plane, slices: readonly ImagePlane[], middle: Vec3): ImagePlane {
  const axes = stackAxes(slices);
  const [first] = slices;
  const along = cross(plane.normal, axes.z);
  const rowDirection = normalize(isUsual(along) ? along : scale(along, -1));
  const up = cross(rowDirection, plane.normal);
  const columnDirection = normalize(dot(up, axes.z) > 0 ? scale(up, -1) : up);
  const spacing = Math.min(...first!.spacingMm);
  const width = Math.max(first!.rows * first!.spacingMm[0], first!.columns * first!.spacingMm[1]);
  const count = Math.round(width / spacing);
  const half = (spacing * (count - 1)) / 2;
  const corner = add(scale(rowDirection, -half), scale(columnDirection, -half));
  return {
    position: add(footOn(plane, middle), corner),
    rowDirection,
    columnDirection,
    spacingMm: [spacing, spacing],
    rows: count,
    columns: count,
  };
}
