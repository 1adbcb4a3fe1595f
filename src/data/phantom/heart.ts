/** @file Draws one subject's heart: where it lies, its two ventricles at end diastole, and how far they shorten. */
import type { Vec3 } from '../types.ts';
import { cross, normalize } from '../vector.ts';
import { across, type Frame } from './frame.ts';
import type { Random } from './random.ts';
import type { PhantomGroup, Variation } from './settings.ts';

/** A direction about the long axis: cosine along x (septum to lateral wall), sine along y (towards anterior). */
export interface Angle {
  readonly cos: number;
  readonly sin: number;
}

export const angle = (radians: number): Angle => ({ cos: Math.cos(radians), sin: Math.sin(radians) });

/** Left ventricle at end diastole; lengths in mm. */
export interface LeftVentricle {
  /** Inner radius at the equator. */
  readonly radius: number;
  /** Base to the outer apex. */
  readonly length: number;
  readonly ellipticity: number;
  readonly ellipticityAngle: Angle;
  readonly wall: number;
  /** Thicker by this fraction at `asymmetryAngle`, thinner opposite. */
  readonly asymmetry: number;
  readonly asymmetryAngle: Angle;
  /** A thinned sector that does not move: its middle and the cosine of its half-width. */
  readonly scar: { readonly angle: Angle; readonly cosHalf: number } | null;
  /** Fraction by which the radius shortens at end systole, and by which the wall thickens. */
  readonly shortening: number;
  /** How far the base comes down at end systole. */
  readonly descent: number;
  readonly papillaries: readonly { readonly angle: Angle; readonly radius: number }[];
}

/** Right ventricle at end diastole; lengths in mm. */
export interface RightVentricle {
  /** Direction of its centre from the long axis. */
  readonly angle: Angle;
  /** Radians of `angle`, 0 = lateral. */
  readonly radians: number;
  /** Distance of its centre from the long axis at the base. */
  readonly distance: number;
  readonly halfWidth: number;
  readonly halfHeight: number;
  /** How strongly it wraps around the left ventricle, 1/mm. */
  readonly bend: number;
  /** Distance of its base below the left ventricle's, towards the apex. */
  readonly drop: number;
  readonly length: number;
  readonly wall: number;
  readonly shortening: number;
}

export interface Heart {
  readonly group: PhantomGroup;
  /** Origin in the middle of the long axis; z from base to apex, x from septum to lateral wall. */
  readonly frame: Frame;
  readonly left: LeftVentricle;
  readonly right: RightVentricle;
}

/** Septum to lateral wall of an upright heart, before it is made perpendicular to the long axis. */
const LATERAL: Vec3 = [0.6, 0.75, 0.2];
const RIGHT_WALL_MM = 3;

export function drawHeart(random: Random, group: PhantomGroup, variation: Variation): Heart {
  const frame = drawFrame(random);
  const left = drawLeft(random, group, variation.shape);
  return { group, frame, left, right: drawRight(random, group, variation.shape, left) };
}

function drawFrame(random: Random): Frame {
  const wobble = (): number => random.normal(0.13);
  const z = normalize([0.65 + wobble(), -0.55 + wobble(), -0.5 + wobble()]);
  const x = across(LATERAL, z);
  const origin: Vec3 = [random.spread(12), random.spread(12), random.spread(12)];
  return { origin, x, y: cross(z, x), z };
}

function drawLeft(random: Random, group: PhantomGroup, spread: number): LeftVentricle {
  const dilation = random.uniform(1.2, 1.45);
  const thickening = random.uniform(1.4, 1.9);
  const scarHalf = random.uniform(0.5, 1);
  const scarAngle = angle(random.spread(Math.PI));
  const septal = random.uniform(0.2, 0.45);
  const shortening = 0.34 + random.spread(0.06 * spread);
  return {
    radius: (25 + random.spread(4 * spread)) * (group === 'DCM' ? dilation : 1),
    length: 88 + random.spread(14 * spread),
    ellipticity: random.spread(0.12 * spread),
    ellipticityAngle: angle(random.spread(Math.PI)),
    wall: (9 + random.spread(1.8 * spread)) * (group === 'HCM' ? thickening : 1),
    ...drawAsymmetry(random, group === 'HCM' ? septal : null),
    scar: group === 'MINF' ? { angle: scarAngle, cosHalf: Math.cos(scarHalf) } : null,
    shortening: shortening * (group === 'DCM' ? 0.4 : group === 'MINF' ? 0.65 : 1),
    descent: shortening * random.uniform(28, 40) * (group === 'DCM' ? 0.4 : 1),
    papillaries: [drawPapillary(random, 0.8), drawPapillary(random, -1.9)],
  };
}

function drawAsymmetry(
  random: Random,
  septal: number | null,
): Pick<LeftVentricle, 'asymmetry' | 'asymmetryAngle'> {
  const asymmetry = random.uniform(0, 0.25);
  const radians = random.spread(Math.PI);
  if (septal === null) return { asymmetry, asymmetryAngle: angle(radians) };
  return { asymmetry: septal, asymmetryAngle: angle(Math.PI + radians * 0.1) };
}

function drawPapillary(random: Random, radians: number): LeftVentricle['papillaries'][number] {
  return { angle: angle(radians + random.spread(0.35)), radius: random.uniform(2.5, 5) };
}

function drawRight(random: Random, group: PhantomGroup, spread: number, left: LeftVentricle): RightVentricle {
  const dilation = random.uniform(1.2, 1.5);
  const radians = Math.PI + random.spread(0.35 * spread);
  const drop = random.uniform(0, 10);
  const wanted = left.length * random.uniform(0.8, 0.95);
  const shortening = random.uniform(0.22, 0.34);
  return {
    angle: angle(radians),
    radians,
    distance: (left.radius + left.wall * (group === 'HCM' ? 1 + left.asymmetry : 1)) * 0.95,
    halfWidth: (30 + random.spread(7 * spread)) * (group === 'RV' ? dilation : 1),
    halfHeight: 36 + random.spread(7 * spread),
    bend: random.uniform(0.001, 0.006),
    drop,
    length: Math.min(wanted, left.length - drop - 4),
    wall: RIGHT_WALL_MM,
    shortening: shortening * (group === 'RV' || group === 'DCM' ? 0.75 : 1),
  };
}
