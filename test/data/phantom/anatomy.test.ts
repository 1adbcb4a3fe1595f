/** @file Which tissue of the phantom's knee lies where: landmarks of its bones, ligaments and soft parts, inside and beside them. */
import { describe, expect, it } from 'vitest';
import { lowerBones, upperBones } from '../../../src/data/phantom/knee/bones.ts';
import type { Knee } from '../../../src/data/phantom/knee/knee.ts';
import { cruciates, tendons } from '../../../src/data/phantom/knee/ligaments.ts';
import { joint, limb } from '../../../src/data/phantom/knee/soft.ts';
import type { Contrast } from '../../../src/data/phantom/knee/tissues.ts';
import type { Vec3 } from '../../../src/data/types.ts';

const tissues = [
  ...['fluid', 'cartilage', 'synovium', 'muscle', 'marrow', 'bruise', 'fat', 'fatPad'],
  ...['vessel', 'cruciate', 'torn', 'ligament', 'meniscus', 'cortex'],
] as const;
/** Each tissue as bright as its place in the list. */
const contrast = Object.fromEntries(tissues.map((tissue, i) => [tissue, i])) as unknown as Contrast;

const healthy: Knee = {
  ...{ side: 'L', tear: null, effusion: 0, bruise: false, defect: false },
  place: { frame: { origin: [0, 0, 0], x: [1, 0, 0], y: [0, 1, 0], z: [0, 0, 1] }, scale: 1, bend: 0 },
  findings: { abnormal: false, acl: false, meniscus: false },
  sizes: {
    ...{ medial: [14, 30, 22], lateral: [14, 29, 21], cartilage: 2.6, slope: 0.09, fat: 9, girth: 58 },
    ...{ meniscusWidth: 11, meniscusHeight: 7, patella: [21, 10, 21], patellaHeight: 34 },
  },
};
const injured: Knee = {
  ...{ ...healthy, effusion: 1, bruise: true, defect: true },
  findings: { abnormal: true, acl: true, meniscus: false },
};

/** In the order in which they are painted; menisci and what may be taken for a finding are left out. */
const parts = [limb, joint, lowerBones, upperBones, cruciates, tendons];

/** What is painted last at a point. */
function tissueAt(knee: Knee, [x, y, z]: Vec3): string {
  const pieces = parts.flatMap((part) => part(knee, contrast));
  const piece = pieces.findLast(
    ({ low, high, shape }) =>
      [x, y, z].every((at, axis) => low[axis]! <= at && at <= high[axis]!) && shape(x, y, z) < 0,
  );
  return piece ? tissues[piece.value]! : 'air';
}

/** Tissues along a line through a point, in steps of 1 mm, and where each begins: `air, -58 fat`. */
function layers(knee: Knee, through: Vec3, axis: 0 | 1 | 2, from: number, to: number): string {
  const found: string[] = [];
  let last = '';
  for (let at = from; at <= to; at++) {
    const tissue = tissueAt(knee, through.with(axis, at) as unknown as Vec3);
    if (tissue !== last) found.push(last ? `${at} ${tissue}` : tissue);
    last = tissue;
  }
  return found.join(', ');
}

const [x, y, z] = [0, 1, 2] as const;

type Line = readonly [through: Vec3, axis: 0 | 1 | 2, from: number, to: number];

/** Layers in the order of anatomy, where the model of a mean knee has them. */
const anatomy: Readonly<Record<'healthy' | 'injured', readonly (readonly [string, Line, string])[]>> = {
  healthy: [
    [
      'across the condyles',
      [[0, 2, 30], x, -62, 62],
      'air, -58 synovium, -57 fat, -38 fluid, -35 cortex, -34 marrow, 35 cortex, 36 fluid, 39 fat, 58 synovium, 59 air',
    ],
    [
      'across the thigh, in front',
      [[0, -15, 100], x, -62, 62],
      'synovium, -61 fat, -52 muscle, -12 cortex, -10 marrow, 11 cortex, 13 muscle, 53 fat, 62 synovium',
    ],
    [
      'across the calf',
      [[0, -8, -90], x, -62, 62],
      'air, -50 synovium, -49 fat, -42 muscle, -8 cortex, -6 marrow, 7 cortex, 9 muscle, 43 fat, 50 synovium, 51 air',
    ],
    [
      'across the back of the thigh, the medial tendons',
      [[0, 36, 30], x, -62, 62],
      'air, -49 synovium, -47 fat, -41 muscle, -40 ligament, -35 muscle, -3 fat, 7 muscle, 37 fat, 48 synovium, 50 air',
    ],
    [
      'across the vessels',
      [[0, 46, 10], x, -62, 62],
      'air, -40 synovium, -38 fat, -29 muscle, -12 fat, 5 vessel, 11 fat, 16 muscle, 27 fat, 39 synovium, 41 air',
    ],
    [
      'front to back through the patella and the trochlea',
      [[0, 0, 34], y, -62, 64],
      'air, -60 synovium, -59 fat, -57 cortex, -56 marrow, -39 cortex, -38 cartilage, -34 fat, -29 cartilage, -26 cortex, -25 marrow, 12 cortex, 13 fat, 37 vessel, 45 fat, 64 synovium',
    ],
    [
      'front to back above, through the tendon of the quadriceps',
      [[0, 0, 90], y, -62, 64],
      'fat, -56 ligament, -50 muscle, -21 cortex, -19 marrow, 8 cortex, 9 muscle, 33 fat, 38 vessel, 46 fat, 51 muscle, 58 fat',
    ],
    [
      'front to back below, through the tendon of the patella',
      [[3, 0, -20], y, -60, 64],
      'air, -57 synovium, -56 fat, -48 muscle, -36 ligament, -30 muscle, -20 cortex, -17 marrow, 27 cortex, 28 fat, 37 vessel, 45 fat, 61 synovium, 62 air',
    ],
    [
      'front to back through fat pad and both cruciates',
      [[2, 0, 6], y, -60, 64],
      'air, -59 synovium, -57 fat, -50 ligament, -44 fatPad, -15 fat, -9 cruciate, 2 synovium, 17 ligament, 22 synovium, 31 fat, 37 vessel, 45 fat, 62 synovium, 64 air',
    ],
    [
      'front to back through the fibula',
      [[34, 0, -27], y, -60, 64],
      'air, -45 synovium, -43 fat, -33 muscle, 0 fat, 10 cortex, 11 marrow, 28 cortex, 29 muscle, 41 fat, 48 synovium, 50 air',
    ],
    [
      'the foot of the posterior cruciate',
      [[-1, 0, 2], y, -12, 34],
      'cruciate, -2 cortex, 2 synovium, 16 ligament, 26 synovium, 29 fat',
    ],
    [
      'the head of the posterior cruciate',
      [[-5, 0, 17], y, -12, 34],
      'marrow, -2 cortex, 0 cartilage, 3 synovium, 4 ligament, 18 synovium, 29 muscle',
    ],
    [
      'the pouch above the patella',
      [[2, 0, 60], y, -62, -40],
      'synovium, -60 fat, -57 ligament, -51 fat, -42 fluid, -41 fat',
    ],
    [
      'up through the medial compartment',
      [[-22, 3, 0], z, -45, 85],
      'muscle, -35 cortex, -33 marrow, -4 cortex, -3 cartilage, 0 fat, 1 cartilage, 4 cortex, 5 marrow, 75 cortex, 77 muscle',
    ],
    [
      'up through the lateral compartment',
      [[22, 3, 0], z, -45, 85],
      'muscle, -35 cortex, -33 marrow, -4 cortex, -3 cartilage, 0 fat, 1 cartilage, 4 cortex, 5 marrow, 75 cortex, 77 muscle',
    ],
    [
      'up between the condyles',
      [[0, 0, 0], z, -2, 24],
      'marrow, 1 cortex, 2 synovium, 5 cruciate, 16 synovium, 17 cartilage, 20 cortex, 21 marrow',
    ],
    [
      'the head of the anterior cruciate',
      [[6, 14, 0], z, 10, 40],
      'synovium, 20 cruciate, 31 fat, 39 cortex',
    ],
    ['up along the fibula', [[30, 19, 0], z, -100, 0], 'marrow, -18 cortex, -17 fat, -13 cortex, -4 fat'],
    [
      'the collaterals',
      [[0, 4, 0], x, -42, 42],
      'fat, -39 ligament, -37 fat, -10 cartilage, -8 fat, -7 cortex, -6 marrow, -1 cortex, 3 marrow, 7 cortex, 8 fat, 9 cartilage, 11 fat',
    ],
    [
      'the superficial medial collateral, above',
      [[0, -1, 20], x, -44, -30],
      'fat, -38 ligament, -35 cortex, -34 marrow',
    ],
    [
      'the superficial medial collateral, below',
      [[0, -2, -38], x, -44, -24],
      'muscle, -35 ligament, -32 muscle',
    ],
    [
      'the lateral collateral on its way to the fibula',
      [[0, 12, -5], x, 30, 42],
      'cortex, 35 ligament, 38 fat',
    ],
  ],
  injured: [
    [
      'front to back through a torn cruciate',
      [[2, 0, 6], y, -60, 64],
      'air, -59 synovium, -57 fat, -50 ligament, -44 fatPad, -17 fat, -6 synovium, -2 torn, 1 cruciate, 7 torn, 10 synovium, 17 ligament, 22 synovium, 31 fat, 37 vessel, 45 fat, 62 synovium, 64 air',
    ],
    [
      'the pouch above the patella',
      [[2, 0, 60], y, -62, -40],
      'synovium, -60 fat, -57 ligament, -51 fat, -50 fluid',
    ],
    [
      'where cartilage is worn',
      [[-22, 3, 0], z, -5, 8],
      'marrow, -4 cortex, -3 cartilage, 0 fluid, 4 cortex, 5 marrow',
    ],
    [
      'where the condyle is bruised',
      [[22, 3, 0], z, -10, 20],
      'marrow, -4 cortex, -3 cartilage, 0 fluid, 1 cartilage, 4 cortex, 5 marrow, 6 bruise, 13 marrow',
    ],
    [
      'where the tibia is bruised',
      [[22, 14, 0], z, -22, 20],
      'marrow, -16 bruise, -5 cortex, -4 cartilage, -1 fat, 0 fluid, 3 cartilage, 6 cortex, 7 marrow',
    ],
    ['the head of a torn one', [[6, 14, 0], z, 10, 40], 'synovium, 21 cruciate, 31 fluid, 37 fat, 39 cortex'],
  ],
};

describe.each(Object.entries({ healthy, injured }))('a knee that is %s', (state, knee) => {
  it.each(anatomy[state as keyof typeof anatomy])('%s', (_, line, expected) => {
    expect(layers(knee, ...line)).toBe(expected);
  });
});
