/** @file What lies above the ventricles and inside the left one: atria, great vessels, papillary muscles. */
import type { Vec3 } from '../types.ts';
import { add, cross, normalize, scale } from '../vector.ts';
import type { Beat } from './beat.ts';
import { across, directionFromFrame, directionToFrame, fromFrame } from './frame.ts';
import type { Heart } from './heart.ts';
import type { Random } from './random.ts';
import { capsule, ellipsoid, type Matrix3, paint, type Raster } from './raster.ts';
import type { Contrast } from './tissues.ts';

/** Sizes in mm, drawn once per subject. */
export interface Vessels {
  readonly leftAtrium: Vec3;
  readonly rightAtrium: Vec3;
  readonly aortaRadius: number;
  readonly trunkRadius: number;
  readonly atrialWall: number;
  /** Fat around the heart, and how far it is off centre. */
  readonly fat: number;
  readonly fatShift: Vec3;
}

export function drawVessels(random: Random, spread: number): Vessels {
  const size = (mean: number): number => mean * (1 + random.spread(0.2 * spread));
  return {
    leftAtrium: [size(27), size(23), size(22)],
    rightAtrium: [size(26), size(29), size(24)],
    aortaRadius: size(14),
    trunkRadius: size(13),
    atrialWall: 1.5,
    fat: random.uniform(0, 7),
    fatShift: [random.spread(4), random.spread(4), random.spread(4)],
  };
}

const axesOf = ({ frame }: Heart): Matrix3 => [frame.x, frame.y, frame.z];

/** Fat around both ventricles at rest, thicker on one side; it does not beat. */
export function paintFat(raster: Raster, heart: Heart, vessels: Vessels, contrast: Contrast): void {
  const { left, right } = heart;
  const outer = left.radius + left.wall + vessels.fat * 0.5;
  const off = right.distance * 0.85;
  const equator = -left.length * 0.4;
  const width = right.halfWidth + right.wall + vessels.fat;
  const height = right.halfHeight + right.wall + vessels.fat;
  const blob = (at: Vec3, axes: Matrix3, radii: Vec3): void => {
    const centre = fromFrame(heart.frame, add(at, vessels.fatShift));
    paint(raster, ellipsoid(centre, axes, radii), contrast.epicardial);
  };
  const leaning = normalize(
    directionFromFrame(heart.frame, [-0.3 * right.angle.cos, -0.3 * right.angle.sin, 1]),
  );
  const side = across(heart.frame.x, leaning);
  const axes: Matrix3 = [side, cross(leaning, side), leaning];
  blob([right.angle.cos * off, right.angle.sin * off, equator + 4], axes, [
    width,
    height,
    right.length * 0.9,
  ]);
  blob([0, 0, equator], axesOf(heart), [outer, outer, left.length * 0.88 + vessels.fat]);
}

/** Paints a solid with a wall: the grown solid in muscle, the solid in blood. */
function paintChamber(
  raster: Raster,
  heart: Heart,
  at: Vec3,
  radii: Vec3,
  wall: number,
  colours: readonly [wall: number, blood: number],
): void {
  const centre = fromFrame(heart.frame, at);
  const grown: Vec3 = [radii[0] + wall, radii[1] + wall, radii[2] + wall];
  paint(raster, ellipsoid(centre, axesOf(heart), grown), colours[0]);
  paint(raster, ellipsoid(centre, axesOf(heart), radii), colours[1]);
}

/** Paints a tube with a wall; positions along the heart's axes. */
function paintTube(
  raster: Raster,
  heart: Heart,
  from: Vec3,
  to: Vec3,
  radius: number,
  colours: readonly [wall: number, blood: number],
): void {
  const ends = [fromFrame(heart.frame, from), fromFrame(heart.frame, to)] as const;
  paint(raster, capsule(...ends, radius + 1.5), colours[0]);
  paint(raster, capsule(...ends, radius), colours[1]);
}

/** Patient directions of the great vessels: up and right, up and back. */
const AORTA: Vec3 = [-0.35, -0.1, 0.93];
const TRUNK: Vec3 = [0.25, 0.45, 0.86];
const VESSEL_MM = 65;

/** Atria and great vessels; the atria are pulled long as the base comes down. */
export function paintAboveBase(
  raster: Raster,
  heart: Heart,
  vessels: Vessels,
  beat: Beat,
  contrast: Contrast,
): void {
  const { angle, distance } = heart.right;
  const atrialRight = [contrast.muscle, contrast.rightBlood] as const;
  const atrialLeft = [contrast.muscle, contrast.blood] as const;
  const wall = vessels.atrialWall;
  const fill = (radii: Vec3): Vec3 => [
    radii[0],
    radii[1],
    radii[2] + heart.left.descent * beat.contraction * 0.5,
  ];
  const right = fill(vessels.rightAtrium);
  const rightAt: Vec3 = [
    angle.cos * (distance + 12),
    angle.sin * (distance + 12) - 6,
    beat.right.base - right[2] * 0.8,
  ];
  paintChamber(raster, heart, rightAt, right, wall, atrialRight);
  const trunkFrom: Vec3 = [angle.cos * distance * 0.75, angle.sin * distance * 0.75 + 28, beat.right.base];
  paintTube(raster, heart, trunkFrom, leaving(heart, trunkFrom, TRUNK), vessels.trunkRadius, atrialRight);
  const left = fill(vessels.leftAtrium);
  paintChamber(raster, heart, [2, -7, beat.left.base - left[2] * 0.82], left, wall, atrialLeft);
  const rootFrom: Vec3 = [-0.4 * beat.left.inner, 0.45 * beat.left.inner, beat.left.base + 3];
  paintTube(raster, heart, rootFrom, leaving(heart, rootFrom, AORTA), vessels.aortaRadius, atrialLeft);
}

function leaving(heart: Heart, from: Vec3, patientDirection: Vec3): Vec3 {
  const direction = directionToFrame(heart.frame, normalize(patientDirection));
  return add(from, scale(direction, VESSEL_MM));
}

/** The two papillary muscles: dark, but part of the cavity as far as labels go. */
export function paintPapillaries(raster: Raster, heart: Heart, beat: Beat, contrast: Contrast): void {
  const { base, innerApex, inner } = beat.left;
  const long = innerApex - base;
  for (const { angle, radius } of heart.left.papillaries) {
    const at = (t: number): Vec3 => {
      const off = inner * 0.64 * Math.sqrt(1 - t * t);
      return fromFrame(heart.frame, [angle.cos * off, angle.sin * off, base + t * long]);
    };
    paint(raster, capsule(at(0.32), at(0.68), radius * (1 + 0.2 * beat.contraction)), contrast.muscle);
  }
}
