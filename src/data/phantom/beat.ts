/** @file The heart's cycle: how contracted it is at a time, and the ventricles' dimensions then. */
import type { Heart } from './heart.ts';

/** Fraction of the cycle at which the ventricles are smallest. */
export const END_SYSTOLE = 0.36;

/** Fractions of the cycle of `phases` images: two are end diastole and end systole, more are evenly spaced. */
export function phaseTimes(phases: number): number[] {
  if (phases === 2) return [0, END_SYSTOLE];
  return Array.from({ length: phases }, (_, phase) => phase / phases);
}

/** The phase nearest to end systole. */
export function endSystolicPhase(phases: number): number {
  const distances = phaseTimes(phases).map((time) => Math.abs(time - END_SYSTOLE));
  return distances.indexOf(Math.min(...distances));
}

const smooth = (t: number): number => t * t * (3 - 2 * t);

/** 0 at end diastole, 1 at end systole: ejection, early filling to 15 %, diastasis, the atria's last push. */
export function contractionAt(time: number): number {
  if (time < END_SYSTOLE) return smooth(time / END_SYSTOLE);
  if (time < 0.62) return 1 - 0.85 * smooth((time - END_SYSTOLE) / (0.62 - END_SYSTOLE));
  if (time < 0.85) return 0.15;
  return 0.15 * (1 - smooth((time - 0.85) / 0.15));
}

/** Both ventricles at one time; z positions along the long axis and lengths, mm. */
export interface Beat {
  readonly contraction: number;
  /** Fraction by which a moving part of the left wall has shortened. */
  readonly shortened: number;
  readonly left: {
    readonly base: number;
    readonly equator: number;
    readonly innerApex: number;
    readonly outerApex: number;
    /** Inner and outer radius of the mean wall at the equator. */
    readonly inner: number;
    readonly outer: number;
  };
  readonly right: {
    readonly base: number;
    readonly equator: number;
    readonly apex: number;
    readonly distance: number;
    readonly halfWidth: number;
    readonly halfHeight: number;
  };
}

/** The widest place lies this fraction of the length below the base. */
const EQUATOR = 0.1;
/** The wall at the apex as a fraction of the wall at the equator. */
const APICAL_WALL = 0.6;

export function beatAt(heart: Heart, contraction: number): Beat {
  const left = leftAt(heart, contraction);
  const shortened = heart.left.shortening * contraction;
  return { contraction, shortened, left, right: rightAt(heart, contraction, left) };
}

function leftAt({ left }: Heart, contraction: number): Beat['left'] {
  const shortened = left.shortening * contraction;
  const wall = left.wall * (1 + shortened);
  const base = -left.length / 2 + left.descent * contraction;
  const outerApex = left.length / 2;
  const inner = left.radius * (1 - shortened);
  return {
    base,
    equator: base + EQUATOR * (outerApex - base),
    innerApex: outerApex - APICAL_WALL * wall,
    outerApex,
    inner,
    outer: inner + wall,
  };
}

function rightAt({ left, right }: Heart, contraction: number, state: Beat['left']): Beat['right'] {
  const shortened = right.shortening * contraction;
  const apex = -left.length / 2 + right.drop + right.length;
  const base = state.base + right.drop;
  return {
    base,
    equator: base + EQUATOR * (apex - base),
    apex,
    distance: (right.distance * state.outer) / (left.radius + left.wall),
    halfWidth: right.halfWidth * (1 - shortened),
    halfHeight: right.halfHeight * (1 - 0.5 * shortened),
  };
}
