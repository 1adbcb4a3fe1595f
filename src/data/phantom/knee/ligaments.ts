/** @file Ligaments and tendons: the two cruciates, of which the anterior may be torn, the collaterals, the extensors. */
import type { Vec3 } from '../../types.ts';
import { patellaCentre } from './bones.ts';
import type { Knee } from './knee.ts';
import { ballPiece, bandPiece, type Piece } from './shapes.ts';
import type { Contrast } from './tissues.ts';

/** Ends of the anterior cruciate: on the tibia, and inside the lateral condyle. */
export const ACL_ENDS: readonly [Vec3, Vec3] = [
  [-1, -9, 1],
  [7, 15, 27],
];

const between = (t: number, [a, b]: readonly [Vec3, Vec3], lift = 0): Vec3 => [
  a[0] + (b[0] - a[0]) * t,
  a[1] + (b[1] - a[1]) * t,
  a[2] + (b[2] - a[2]) * t + lift,
];

/** Whole: a straight dark band. Torn: its lower stump lies flat, its middle is swollen and bright. */
function anteriorCruciate(torn: boolean, contrast: Contrast): Piece[] {
  const [low, high] = ACL_ENDS;
  if (!torn) return [bandPiece(low, high, 4.2, contrast.cruciate)];
  const middle = between(0.52, ACL_ENDS, -2);
  return [
    bandPiece(between(0.8, ACL_ENDS), high, 3.4, contrast.cruciate),
    ballPiece(middle, [7, 9, 9], contrast.torn),
    bandPiece(low, [1, 4, 4], 3.2, contrast.cruciate),
  ];
}

/** Inside the joint, between the condyles. */
export function cruciates({ findings }: Knee, contrast: Contrast): Piece[] {
  const bend: Vec3 = [-3, 17, 12];
  return [
    bandPiece([0, 24, -9], bend, 4.6, contrast.ligament),
    bandPiece(bend, [-7, 4, 22], 4.6, contrast.ligament),
    ...anteriorCruciate(findings.acl, contrast),
  ];
}

/** Around the joint. */
export function tendons({ sizes }: Knee, contrast: Contrast): Piece[] {
  const [x, y, z] = patellaCentre(sizes);
  const { patella } = sizes;
  const front = y - patella[1] + 3;
  const dark = contrast.ligament;
  return [
    bandPiece([x, front, z + patella[2] - 5], [x - 2, front + 4, z + 110], 3.2, dark, 3.2),
    bandPiece([x, front + 1, z - patella[2] + 5], [3, -25, -36], 2.6, dark, 4),
    bandPiece([-37.5, 0, 28], [-34, -2, -40], 1.5, dark),
    bandPiece([-37.5, 6, 26], [-38.5, 5, -6], 1.5, dark),
    bandPiece([37, 4, 28], [35, 17, -20], 1.7, dark),
  ];
}
