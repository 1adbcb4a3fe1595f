/** @file Draws one subject's knee: side, place, sizes, and what is wrong with it. */
import type { Vec3 } from '../../types.ts';
import { cross, normalize } from '../../vector.ts';
import { across } from '../frame.ts';
import { Random } from '../random.ts';
import type { PhantomDifficulty, Variation } from '../settings.ts';
import type { Place } from './shapes.ts';

/** MRNet's labels of a case. */
export interface Findings {
  readonly abnormal: boolean;
  readonly acl: boolean;
  readonly meniscus: boolean;
}

/** A torn part of a meniscus. */
export interface Tear {
  readonly side: 'medial' | 'lateral';
  /** A cleft through it, a cleft between an upper and a lower leaf, or a part that is frayed throughout. */
  readonly kind: 'radial' | 'horizontal' | 'complex';
  /** Its middle about the meniscus, radians: 0 the outer border, π / 2 the back. */
  readonly angle: number;
  /** Beside a middling tear. */
  readonly size: number;
  /** How far the meniscus has moved out of the joint, mm. */
  readonly extrusionMm: number;
}

export interface Knee {
  readonly side: 'L' | 'R';
  readonly place: Place;
  readonly findings: Findings;
  readonly tear: Tear | null;
  /** Joint fluid, 0 … 1. */
  readonly effusion: number;
  /** Whether marrow is bruised and cartilage lacks a piece. */
  readonly bruise: boolean;
  readonly defect: boolean;
  readonly sizes: Sizes;
}

/** Lengths that vary for themselves, mm in a knee of mean size. */
export interface Sizes {
  /** Radii of the femoral condyles: across, front to back, up and down. */
  readonly medial: Vec3;
  readonly lateral: Vec3;
  readonly cartilage: number;
  /** Width of a meniscus from its border inwards, and its height there. */
  readonly meniscusWidth: number;
  readonly meniscusHeight: number;
  /** How much the tibia falls to the back. */
  readonly slope: number;
  readonly patella: Vec3;
  readonly patellaHeight: number;
  readonly fat: number;
  readonly girth: number;
}

const finding = (abnormal: boolean, acl: boolean, meniscus: boolean): Findings => ({
  abnormal,
  acl,
  meniscus,
});

/** Of ten subjects; nearly the shares of MRNet's training part, which are 0.81, 0.18 and 0.35. */
const TEN: readonly Findings[] = [
  ...[finding(false, false, false), finding(false, false, false)],
  ...[finding(true, false, false), finding(true, false, false), finding(true, false, false)],
  ...[finding(true, true, false), finding(true, true, true)],
  ...[finding(true, false, true), finding(true, false, true), finding(true, false, true)],
];

/** How large tears are, by difficulty. */
const TEAR_SIZES: Readonly<Record<PhantomDifficulty, readonly [number, number]>> = {
  easy: [1.2, 1.6],
  mid: [0.8, 1.4],
  hard: [0.5, 1.2],
};

/** The findings at a place of a shuffled run of ten. */
export function findingsOf(seed: number, index: number): Findings {
  const random = new Random(seed, Math.floor(index / 10), 'findings');
  const left = [...TEN];
  for (let i = index % 10; i > 0; i--) left.splice(random.integer(0, left.length - 1), 1);
  return random.pick(left);
}

export function drawKnee(
  random: Random,
  findings: Findings,
  difficulty: PhantomDifficulty,
  variation: Variation,
): Knee {
  const side = random.pick(['L', 'R'] as const);
  const place = drawPlace(random, side, variation);
  const sizes = drawSizes(random, variation.shape);
  const tear = drawTear(random, difficulty);
  const [low, high] = effusionOf(findings);
  const effusion = random.uniform(low, high);
  const [bruised, worn] = [random.chance(0.5), random.chance(0.5)];
  const other = findings.abnormal && !findings.acl && !findings.meniscus;
  return {
    ...{ side, place, findings, sizes, effusion },
    tear: findings.meniscus ? tear : null,
    bruise: findings.acl || (other && bruised),
    defect: findings.abnormal && worn,
  };
}

/** Fluid goes with injuries, but says of none which it is. */
function effusionOf({ abnormal, acl }: Findings): readonly [number, number] {
  if (acl) return [0.4, 1];
  return abnormal ? [0.1, 0.8] : [0, 0.25];
}

function drawPlace(random: Random, side: Knee['side'], { shape, pose }: Variation): Place {
  const lean = (): number => random.spread(0.08 * pose);
  const z = normalize([lean(), lean(), 1]);
  const turn = random.spread(0.3 * pose);
  const outwards = side === 'L' ? 1 : -1;
  const x = across([outwards * Math.cos(turn), Math.sin(turn), 0], z);
  const y = cross(z, x);
  return {
    frame: {
      origin: [random.spread(12 * pose), random.spread(12 * pose), random.spread(12 * pose)],
      ...{ x, y: side === 'L' ? y : [-y[0], -y[1], -y[2]], z },
    },
    scale: 1 + random.spread(0.14 * shape),
    bend: random.uniform(0, 0.2 * shape),
  };
}

function drawSizes(random: Random, shape: number): Sizes {
  const size = (mean: number, relative: number): number => mean * (1 + random.spread(relative * shape));
  return {
    medial: [size(14, 0.08), size(30, 0.08), size(22, 0.07)],
    lateral: [size(14, 0.08), size(29, 0.08), size(21, 0.07)],
    cartilage: size(2.6, 0.25),
    meniscusWidth: size(11, 0.15),
    meniscusHeight: size(7, 0.15),
    slope: random.uniform(0.04, 0.14),
    patella: [size(21, 0.1), size(10, 0.1), size(21, 0.12)],
    patellaHeight: size(34, 0.15),
    fat: size(9, 0.6),
    girth: size(58, 0.1),
  };
}

/** Most tears are of the medial meniscus, and most of these at its back. */
function drawTear(random: Random, difficulty: PhantomDifficulty): Tear {
  return {
    side: random.chance(0.65) ? 'medial' : 'lateral',
    kind: random.pick(['radial', 'horizontal', 'complex'] as const),
    angle: random.chance(0.75) ? random.uniform(0.9, 1.5) : random.uniform(0, 0.6),
    size: random.uniform(...TEAR_SIZES[difficulty]),
    extrusionMm: random.uniform(0, 3),
  };
}
