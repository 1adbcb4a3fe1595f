/** @file Plans the images as a technologist would: a short-axis stack across the heart, two views along it. */
import type { ImagePlane, Vec3 } from '../types.ts';
import { add, cross, scale, subtract } from '../vector.ts';
import { across, directionFromFrame } from './frame.ts';
import type { Heart } from './heart.ts';
import type { Random } from './random.ts';
import type { PhantomSettings, Variation } from './settings.ts';

export const SLICE_THICKNESS_MM = 8;

export interface Planning {
  /** Base to apex. */
  readonly shortAxis: readonly ImagePlane[];
  readonly fourChamber: ImagePlane;
  readonly twoChamber: ImagePlane;
  /** Distance between neighbouring short-axis slices, mm. */
  readonly sliceDistanceMm: number;
}

export function drawPlanning(
  random: Random,
  heart: Heart,
  settings: PhantomSettings,
  variation: Variation,
): Planning {
  const fourth = heart.right.radians + random.normal(0.05);
  const second = fourth - ((90 + 16 + random.spread(5)) * Math.PI) / 180;
  const radial = (radians: number): Vec3 =>
    directionFromFrame(heart.frame, [Math.cos(radians), Math.sin(radians), 0]);
  const toBase = scale(heart.frame.z, -1);
  const plan = (row: Vec3, column: Vec3): ImagePlane =>
    drawLongAxis(random, heart, row, column, settings, variation);
  return {
    ...drawStack(random, heart, settings, variation),
    fourChamber: plan(scale(radial(fourth), -1), toBase),
    twoChamber: plan(toBase, scale(radial(second), -1)),
  };
}

function drawStack(
  random: Random,
  heart: Heart,
  settings: PhantomSettings,
  variation: Variation,
): Pick<Planning, 'shortAxis' | 'sliceDistanceMm'> {
  const tilt = (): number => random.spread(0.05 * variation.pose);
  const down = directionFromFrame(heart.frame, [tilt(), tilt(), 1]);
  const axis = scale(down, 1 / Math.sqrt(down[0] ** 2 + down[1] ** 2 + down[2] ** 2));
  const row = turned(across(heart.frame.x, axis), axis, random.spread(0.5 * variation.pose));
  const column = cross(row, axis);
  const first = -heart.left.length / 2 - random.uniform(3, 14);
  const last = heart.left.length / 2 + random.spread(6);
  const count = drawSliceCount(random, last - first);
  const distance = (last - first) / (count - 1);
  const middle = add(heart.frame.origin, offset(random, row, column, variation));
  const shortAxis = Array.from({ length: count }, (_, slice) =>
    imagePlane(add(middle, scale(axis, first + slice * distance)), row, column, settings),
  );
  return { shortAxis, sliceDistanceMm: distance };
}

/** 8 … 12 slices that neither overlap nor lie more than 12 mm apart, where the length allows it. */
function drawSliceCount(random: Random, span: number): number {
  const most = Math.max(8, Math.min(12, Math.floor(span / SLICE_THICKNESS_MM) + 1));
  const fewest = Math.min(most, Math.max(8, Math.ceil(span / 12) + 1));
  return random.integer(fewest, most);
}

/** A plane along `right` and `down` (one of them the long axis), off the axis by 1.5 mm (sd), turned in itself. */
function drawLongAxis(
  random: Random,
  heart: Heart,
  right: Vec3,
  down: Vec3,
  settings: PhantomSettings,
  variation: Variation,
): ImagePlane {
  const normal = cross(right, down);
  const row = turned(right, normal, random.spread(0.5 * variation.pose));
  const column = cross(normal, row);
  const middle = add(heart.frame.origin, scale(normal, random.normal(1.5)));
  return imagePlane(add(middle, offset(random, row, column, variation)), row, column, settings);
}

function offset(random: Random, row: Vec3, column: Vec3, { pose }: Variation): Vec3 {
  return add(scale(row, random.spread(16 * pose)), scale(column, random.spread(16 * pose)));
}

/** `v` turned about the unit vector `axis` it is perpendicular to. */
export function turned(v: Vec3, axis: Vec3, radians: number): Vec3 {
  return add(scale(v, Math.cos(radians)), scale(cross(axis, v), Math.sin(radians)));
}

export function imagePlane(
  centre: Vec3,
  row: Vec3,
  column: Vec3,
  { size, spacingMm }: Pick<PhantomSettings, 'size' | 'spacingMm'>,
): ImagePlane {
  const half = (spacingMm * (size - 1)) / 2;
  return {
    position: subtract(centre, add(scale(row, half), scale(column, half))),
    rowDirection: row,
    columnDirection: column,
    spacingMm: [spacingMm, spacingMm],
    rows: size,
    columns: size,
  };
}
