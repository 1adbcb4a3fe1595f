/** @file Paints the two ventricles, value and label together: right first, the left one over it. */

import { dot, subtract } from '../vector.ts';
import type { Beat } from './beat.ts';
import { directionFromFrame, directionToFrame, fromFrame } from './frame.ts';
import type { Angle, Heart, LeftVentricle } from './heart.ts';
import { cover, type Raster, windowOf } from './raster.ts';
import type { Contrast } from './tissues.ts';

/** Labels of the masks, as in ACDC. */
export const LABELS = { background: 0, rightVentricle: 1, myocardium: 2, leftVentricle: 3 } as const;

export function paintVentricles(raster: Raster, heart: Heart, beat: Beat, contrast: Contrast): void {
  paintRight(raster, heart, beat, heart.right.wall, contrast.muscle, LABELS.background);
  paintRight(raster, heart, beat, 0, contrast.rightBlood, LABELS.rightVentricle);
  paintLeft(raster, heart, beat, contrast);
}

/** The right ventricle's cavity grown by `grow` mm: an ellipsoid bent around the left one, cut at its base. */
function paintRight(
  raster: Raster,
  heart: Heart,
  beat: Beat,
  grow: number,
  value: number,
  label: number,
): void {
  const { base, equator, apex, distance, halfWidth, halfHeight } = beat.right;
  const { angle, bend } = heart.right;
  const reach = Math.max(halfWidth + bend * halfHeight * halfHeight, halfHeight, apex - equator) + grow + 6;
  const centre = fromFrame(heart.frame, [angle.cos * distance, angle.sin * distance, equator]);
  const window = windowOf(raster, centre, reach);
  if (window === null) return;
  const u = directionFromFrame(heart.frame, [angle.cos, angle.sin, 0]);
  const v = directionFromFrame(heart.frame, [-angle.sin, angle.cos, 0]);
  const from = subtract(raster.origin, heart.frame.origin);
  const start = [dot(from, u), dot(from, v), dot(from, heart.frame.z)] as const;
  const across = [dot(raster.across, u), dot(raster.across, v), dot(raster.across, heart.frame.z)] as const;
  const down = [dot(raster.down, u), dot(raster.down, v), dot(raster.down, heart.frame.z)] as const;
  const toWidth = 1 / (halfWidth + grow);
  const toHeight = 1 / (halfHeight + grow);
  const toLength = 1 / (apex - equator + grow);
  const pixels = (halfWidth + halfHeight) / 2 / raster.pixelMm;
  for (let row = window.top; row <= window.bottom; row++) {
    for (let column = window.left; column <= window.right; column++) {
      const pv = start[1] + down[1] * row + across[1] * column;
      const pz = start[2] + down[2] * row + across[2] * column;
      const t = (pz - equator) * toLength;
      const shift = distance * (1 - 0.5 * Math.max(0, t)) - bend * pv * pv;
      const w = (start[0] + down[0] * row + across[0] * column - shift) * toWidth;
      const h = pv * toHeight;
      const inside = (1 - Math.sqrt(w * w + h * h + t * t)) * pixels;
      const coverage = 0.5 + Math.min(inside, (pz - base + grow) / raster.pixelMm);
      if (coverage <= 0) continue;
      cover(raster.value, row * raster.size + column, value, coverage);
      if (coverage >= 0.5) raster.label[row * raster.size + column] = label;
    }
  }
}

/** The wall and the cavity of the left ventricle: half ellipsoids whose radii change around the axis. */
function paintLeft(raster: Raster, heart: Heart, beat: Beat, contrast: Contrast): void {
  const { base, equator, innerApex, outerApex } = beat.left;
  const widest = beat.left.outer * 1.6;
  const centre = fromFrame(heart.frame, [0, 0, equator]);
  const window = windowOf(raster, centre, Math.max(widest, outerApex - equator));
  if (window === null) return;
  const start = directionToFrame(heart.frame, subtract(raster.origin, heart.frame.origin));
  const across = directionToFrame(heart.frame, raster.across);
  const down = directionToFrame(heart.frame, raster.down);
  const perPixel = 1 / raster.pixelMm;
  const radii = new Float64Array(2);
  for (let row = window.top; row <= window.bottom; row++) {
    for (let column = window.left; column <= window.right; column++) {
      const x = start[0] + down[0] * row + across[0] * column;
      const y = start[1] + down[1] * row + across[1] * column;
      const z = start[2] + down[2] * row + across[2] * column;
      const squared = x * x + y * y;
      const below = 0.5 + (z - base) * perPixel;
      if (squared > widest * widest || below <= 0 || z > outerApex + raster.pixelMm) continue;
      const radius = Math.sqrt(squared);
      wallRadii(heart.left, beat, radius < 1e-6 ? 1 : x / radius, radius < 1e-6 ? 0 : y / radius, radii);
      const index = row * raster.size + column;
      const outer = insideBy(radius, radii[1]!, (z - equator) / (outerApex - equator)) * perPixel;
      if (outer <= -0.5) continue;
      cover(raster.value, index, contrast.muscle, Math.min(0.5 + outer, below));
      const inner = insideBy(radius, radii[0]!, (z - equator) / (innerApex - equator)) * perPixel;
      cover(raster.value, index, contrast.blood, Math.min(0.5 + inner, below));
      if (below < 0.5) continue;
      if (inner >= 0) raster.label[index] = LABELS.leftVentricle;
      else if (outer >= 0) raster.label[index] = LABELS.myocardium;
    }
  }
}

/** Millimetres inside the surface of half-ellipsoid profile, near that surface. */
function insideBy(radius: number, atEquator: number, t: number): number {
  const ratio = radius / atEquator;
  return (1 - Math.sqrt(ratio * ratio + t * t)) * atEquator;
}

const towards = (cos: number, sin: number, angle: Angle): number => cos * angle.cos + sin * angle.sin;

/** Inner and outer radius at the equator in direction (cos, sin), mm; a scar neither moves nor thickens. */
function wallRadii(left: LeftVentricle, beat: Beat, cos: number, sin: number, radii: Float64Array): void {
  const twice = towards(cos, sin, left.ellipticityAngle);
  const scar = left.scar === null ? 0 : scarAt(left.scar, cos, sin);
  const moved = beat.shortened * (1 - scar);
  const inner = left.radius * (1 + left.ellipticity * (2 * twice * twice - 1)) * (1 - moved);
  const thickness = left.wall * (1 + left.asymmetry * towards(cos, sin, left.asymmetryAngle));
  radii[0] = inner;
  radii[1] = inner + thickness * (1 + moved) * (1 - 0.4 * scar);
}

/** 1 inside the scar's sector, 0 outside, with a soft border. */
function scarAt(scar: NonNullable<LeftVentricle['scar']>, cos: number, sin: number): number {
  const edge = (towards(cos, sin, scar.angle) - scar.cosHalf) * 5 + 0.5;
  return Math.min(1, Math.max(0, edge));
}
