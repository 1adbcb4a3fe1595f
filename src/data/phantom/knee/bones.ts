/** @file The bones of a knee, their cartilage and what is bruised of them. Lateral +x, back +y, up +z; the joint line at z = 0. */
import type { Vec3 } from '../../types.ts';
import type { Knee, Sizes } from './knee.ts';
import {
  ball,
  ballPiece,
  band,
  both,
  either,
  grown,
  length,
  type Piece,
  pieceOf,
  type Shape,
} from './shapes.ts';
import type { Contrast } from './tissues.ts';

/** Distance of a condyle's middle from the middle of the knee. */
export const CONDYLE_MM = 22;
/** Bone to bone is this and twice the cartilage. */
const GAP_MM = 1.2;
const CORTEX_MM = 1.3;
/** Where shafts end, beyond all images. */
const FAR_MM = 300;

const sign = (side: 'medial' | 'lateral'): 1 | -1 => (side === 'lateral' ? 1 : -1);

/** The middle of a condyle, so that the cartilages all but touch. */
export function condyleCentre({ cartilage, ...radii }: Sizes, side: 'medial' | 'lateral'): Vec3 {
  return [sign(side) * CONDYLE_MM, side === 'medial' ? 3 : 2, radii[side][2] + cartilage + GAP_MM / 2];
}

const condyle = (sizes: Sizes, side: 'medial' | 'lateral', grow = 0): Shape =>
  grown(ball(condyleCentre(sizes, side), sizes[side]), grow);

/** Both condyles and the groove for the patella between them. */
function condyles(sizes: Sizes, grow: number): Shape {
  const groove = either(
    ball([13, -15, 30], [16 + grow, 18 + grow, 22 + grow]),
    ball([-11, -13, 29], [15 + grow, 17 + grow, 21 + grow]),
  );
  const trochlea = either(groove, ball([0, -10, 33], [18 + grow, 17 + grow, 17 + grow]));
  return either(trochlea, either(condyle(sizes, 'medial', grow), condyle(sizes, 'lateral', grow)));
}

function femur(sizes: Sizes): { readonly ends: Shape; readonly shaft: Shape } {
  const flare = ball([0, -4, 54], [34, 21, 33]);
  return { ends: either(condyles(sizes, 0), flare), shaft: band([0, -6, 62], [0, -8, FAR_MM], 15) };
}

/** How high the tibia's plateau is, without cartilage: it falls to the back and has two spines in the middle. */
export function plateau({ cartilage, slope }: Sizes, x: number, y: number): number {
  const flat = -cartilage - GAP_MM / 2 - slope * (y - 3);
  return flat + 8 * spine(x + 4.5, y) + 7 * spine(x - 4.5, y);
}

const spine = (x: number, y: number): number => Math.exp((x * x + (y * y) / 4) / -18);

const ease = (t: number): number => (t <= 0 ? 0 : t >= 1 ? 1 : t * t * (3 - 2 * t));

/** Distance from the tibia's side: an ellipse that narrows from the plateau to the shaft. */
function tibialSide(x: number, y: number, z: number): number {
  const wide = 1 - ease((-z - 5) / 50);
  const a = 14 + 24 * wide;
  const b = 14 + 12 * wide;
  return (length(x / a, (y - 3 - 2 * wide) / b) - 1) * b;
}

function tibia(sizes: Sizes): Shape {
  const body: Shape = (x, y, z) => Math.max(tibialSide(x, y, z), z - plateau(sizes, x, y));
  return either(body, ball([3, -18, -34], [9, 8, 15]));
}

/** Cartilage on the plateau, but for its edge and its spines. */
function tibialCartilage(sizes: Sizes): Shape {
  return (x, y, z) =>
    Math.max(tibialSide(x, y, z) + 2.5, z - plateau(sizes, x, y) - sizes.cartilage, -15 - z, 8 - Math.abs(x));
}

/** The middle of the patella. */
export const patellaCentre = ({ patella, patellaHeight }: Sizes): Vec3 => [
  2,
  -38 - patella[1],
  patellaHeight,
];

/** Part of a bone, within the box of two corners. */
type Part = readonly [shape: Shape, one: Vec3, other: Vec3];

/** A bone of parts: dark outside, marrow inside. */
const bone = (contrast: Contrast, ...parts: readonly Part[]): Piece[] => [
  ...parts.map(([shape, one, other]) => pieceOf(shape, one, other, 0, contrast.cortex)),
  ...parts.map(([shape, one, other]) => pieceOf(grown(shape, -CORTEX_MM), one, other, 0, contrast.marrow)),
];

/** Part of a bone's marrow that is bruised. */
const bruiseIn = (shape: Shape, centre: Vec3, radii: Vec3, contrast: Contrast): Piece =>
  pieceOf(both(ball(centre, radii), grown(shape, -CORTEX_MM)), centre, centre, radii, contrast.bruise);

/** Tibia and fibula, to be painted before the menisci. */
export function lowerBones({ sizes, bruise, findings }: Knee, contrast: Contrast): Piece[] {
  const shape = tibia(sizes);
  const head = ball([34, 19, -27], [9, 10, 11]);
  const shaft = band([33, 18, -30], [28, 20, -FAR_MM], 6);
  return [
    pieceOf(tibialCartilage(sizes), [-38, -24, -15], [38, 32, 12], 0, contrast.cartilage),
    ...bone(contrast, [head, [25, 9, -38], [43, 29, -16]], [shaft, [22, 12, -FAR_MM], [39, 26, -24]]),
    ...bone(contrast, [shape, [-38, -28, -FAR_MM], [38, 32, 12]]),
    ...(bruise && findings.acl ? [bruiseIn(shape, [22, 14, -8], [11, 11, 9], contrast)] : []),
  ];
}

/** Femur and patella with their cartilage, over the menisci. */
export function upperBones({ sizes, bruise, defect }: Knee, contrast: Contrast): Piece[] {
  const bones = femur(sizes);
  const cover = both(condyles(sizes, sizes.cartilage), (x) => Math.abs(x) - CONDYLE_MM - 12);
  const [low, high]: [Vec3, Vec3] = [
    [-CONDYLE_MM - 12, -38, -1],
    [CONDYLE_MM + 12, 40, 60],
  ];
  const worn: Vec3 = [-CONDYLE_MM, 2, 0];
  const [px, py, pz] = patellaCentre(sizes);
  const [rx, ry, rz] = sizes.patella;
  const top = Math.max(condyleCentre(sizes, 'medial')[2], condyleCentre(sizes, 'lateral')[2]);
  return [
    pieceOf(cover, low, high, 0, contrast.cartilage),
    ...(defect ? [pieceOf(both(ball(worn, [6, 7, 5]), cover), worn, worn, [6, 7, 5], contrast.fluid)] : []),
    ...bone(
      contrast,
      [bones.ends, [-40, -36, 0], [40, 38, top + 70]],
      [bones.shaft, [-16, -24, 45], [16, 10, FAR_MM]],
    ),
    ...(bruise ? [bruiseIn(bones.ends, [CONDYLE_MM, -6, 9], [9, 10, 9], contrast)] : []),
    ballPiece([px, py + 2.5, pz + 1], [rx - 2, ry + 1.2, rz - 4], contrast.cartilage),
    ...bone(contrast, [
      ball([px, py, pz], [rx, ry, rz]),
      [px - rx, py - ry, pz - rz],
      [px + rx, py + ry, pz + rz],
    ]),
  ];
}
