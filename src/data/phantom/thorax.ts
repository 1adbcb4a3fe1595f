/** @file Everything around the heart: chest wall, ribs, lungs, spine, aorta, abdomen, and the decoys. */
import type { Vec3 } from '../types.ts';
import { add, cross, normalize } from '../vector.ts';
import { across, fromFrame } from './frame.ts';
import type { Heart } from './heart.ts';
import type { Random } from './random.ts';
import { capsule, cover, ellipsoid, type Matrix3, paint, type Raster, type Solid } from './raster.ts';
import type { Variation } from './settings.ts';
import type { Contrast } from './tissues.ts';

/** A solid and its brightness in units of blood. */
export interface Piece {
  readonly solid: Solid;
  readonly value: number;
}

/** The chest wall as nested elliptic cylinders along the patient, and its ribs. */
export interface Chest {
  readonly centre: Vec3;
  readonly halfWidth: number;
  readonly halfDepth: number;
  readonly fat: number;
  readonly muscle: number;
  /** Distance from rib to rib along the patient, and how far a rib falls from back to front per mm. */
  readonly ribPeriod: number;
  readonly ribSlope: number;
}

/** Brightness outside the body. */
const AIR = 0.005;
const PATIENT: Matrix3 = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

export function drawChest(random: Random): Chest {
  const fat = random.uniform(5, 20);
  const muscle = random.uniform(11, 16);
  return {
    centre: [-34 + random.spread(8), 32 + random.spread(5), 0],
    halfWidth: random.uniform(112, 132) + fat + muscle,
    halfDepth: random.uniform(82, 90) + fat + muscle,
    fat,
    muscle,
    ribPeriod: random.uniform(26, 34),
    ribSlope: random.uniform(0.25, 0.5),
  };
}

/** The chest wall; it stays where it is while the organs breathe. */
export function paintChest(raster: Raster, chest: Chest, contrast: Contrast): void {
  raster.value.fill(AIR);
  const layers = [0, chest.fat, chest.fat + chest.muscle];
  const [skin, muscle, cavity] = layers.map((depth) => cylinder(chest, depth));
  paint(raster, skin!, contrast.fat);
  paint(raster, muscle!, contrast.chestMuscle);
  paintRibs(raster, chest, contrast);
  paint(raster, cavity!, contrast.lung);
  const [x, y] = chest.centre;
  const back = y + chest.halfDepth - chest.fat - chest.muscle;
  paint(raster, capsule([x, back - 16, -400], [x, back - 16, 400], 17), contrast.marrow);
  paint(raster, capsule([x, back + 9, -400], [x, back + 9, 400], 8), contrast.cord);
  paint(raster, capsule([x, back + 9, -400], [x, back + 9, 400], 4), contrast.marrow);
}

function cylinder(chest: Chest, depth: number): Solid {
  const radii: Vec3 = [chest.halfWidth - depth, chest.halfDepth - depth, Number.POSITIVE_INFINITY];
  return ellipsoid(chest.centre, PATIENT, radii);
}

/** Ribs: slanting rings of marrow in dark bone, half-way through the muscle layer. */
function paintRibs(raster: Raster, chest: Chest, contrast: Contrast): void {
  const depth = chest.fat + chest.muscle * 0.6;
  const toWidth = 1 / (chest.halfWidth - depth);
  const toDepth = 1 / (chest.halfDepth - depth);
  const radial = (chest.halfDepth + chest.halfWidth) / 2 - depth;
  const { origin, across: a, down: d, size, pixelMm } = raster;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const x = (origin[0] + d[0] * row + a[0] * column - chest.centre[0]) * toWidth;
      const y = (origin[1] + d[1] * row + a[1] * column - chest.centre[1]) * toDepth;
      const norm = x * x + y * y;
      if (norm < 0.8 || norm > 1.25) continue;
      const z = origin[2] + d[2] * row + a[2] * column - (chest.ribSlope * y) / toDepth;
      const along = (z / chest.ribPeriod - Math.floor(z / chest.ribPeriod) - 0.5) * chest.ribPeriod;
      const off = (Math.sqrt(norm) - 1) * radial;
      const distance = Math.sqrt((along * along) / 2.6 + off * off);
      const index = row * size + column;
      cover(raster.value, index, contrast.bone, 0.5 + (4.6 - distance) / pixelMm);
      cover(raster.value, index, contrast.marrow, 0.5 + (2.6 - distance) / pixelMm);
    }
  }
}

/** The organs that move with breathing, in painting order. */
export function drawOrgans(
  random: Random,
  chest: Chest,
  heart: Heart,
  contrast: Contrast,
  variation: Variation,
): Piece[] {
  return [
    ...drawLungVessels(random, chest, contrast),
    ...drawMidline(random, chest, contrast),
    ...drawAbdomen(random, chest, contrast),
    ...drawDecoys(random, chest, heart, contrast, variation),
  ];
}

function drawLungVessels(random: Random, chest: Chest, contrast: Contrast): Piece[] {
  const hila: Vec3[] = [
    [chest.centre[0] - 45, 30, 25],
    [chest.centre[0] + 50, 40, 25],
  ];
  return Array.from({ length: 14 }, (_, i) => {
    const from = hila[i % 2]!;
    const outwards = i % 2 === 0 ? -1 : 1;
    const way: Vec3 = [outwards * random.uniform(15, 75), random.spread(55), random.uniform(-60, 50)];
    return { solid: capsule(from, add(from, way), random.uniform(1.5, 4)), value: contrast.lungVessel };
  });
}

/** Mediastinum and descending aorta, along the spine. */
function drawMidline(random: Random, chest: Chest, contrast: Contrast): Piece[] {
  const [x, y] = chest.centre;
  const back = y + chest.halfDepth - chest.fat - chest.muscle;
  const radius = random.uniform(10, 13);
  const aorta: Vec3 = [x + 26 + random.spread(5), back - 38 + random.spread(5), 0];
  const tube = (grow: number): Solid =>
    capsule([aorta[0], aorta[1], -400], [aorta[0], aorta[1], 400], radius + grow);
  const soft = ellipsoid([x + 5, y + 22, 20], PATIENT, [34, 46, Number.POSITIVE_INFINITY]);
  return [
    { solid: soft, value: contrast.mediastinum },
    { solid: tube(1.5), value: contrast.chestMuscle },
    { solid: tube(0), value: contrast.aorta },
  ];
}

/** Below the diaphragm: fat, liver on the right, spleen and stomach on the left. */
function drawAbdomen(random: Random, chest: Chest, contrast: Contrast): Piece[] {
  const [x, y] = chest.centre;
  const top = -44 + random.spread(7);
  const inner = chest.fat + chest.muscle + 2;
  const width = chest.halfWidth - inner;
  const depth = chest.halfDepth - inner;
  const air = contrast.stomach * (random.chance(0.4) ? 0.25 : 1);
  const stomach: Vec3 = [x + 62 + random.spread(12), y - 8 + random.spread(12), top - 38];
  const size: Vec3 = [random.uniform(26, 40), random.uniform(28, 42), random.uniform(24, 36)];
  const wall: Vec3 = [size[0] + 4, size[1] + 4, size[2] + 4];
  const at = (dx: number, dy: number, dz: number, radii: Vec3): Solid =>
    ellipsoid([x + dx, y + dy, top + dz], PATIENT, radii);
  return [
    { solid: at(0, 0, -125, [width, depth, 125]), value: contrast.abdomen },
    { solid: at(-50, 4, -92, [width * 0.66, depth * 0.85, 100]), value: contrast.liver },
    { solid: at(20, -24, -70, [62, 46, 60]), value: contrast.liver },
    { solid: at(82, 42, -58, [30, 36, 48]), value: contrast.spleen },
    { solid: ellipsoid(stomach, PATIENT, wall), value: contrast.stomachWall },
    { solid: ellipsoid(stomach, PATIENT, size), value: air },
  ];
}

/** Ellipsoids that could be taken for the heart; half have a muscle wall. */
function drawDecoys(
  random: Random,
  chest: Chest,
  heart: Heart,
  contrast: Contrast,
  variation: Variation,
): Piece[] {
  const count = random.integer(...variation.confusers);
  return Array.from({ length: count }, () => drawDecoy(random, chest, heart, contrast)).flat();
}

/** A place 62 … 95 mm from the long axis, inside the body unless ten tries miss it. */
function drawPlace(random: Random, chest: Chest, heart: Heart): Vec3 {
  let place = heart.frame.origin;
  for (let attempt = 0; attempt < 10; attempt++) {
    const turn = random.spread(Math.PI);
    const off = random.uniform(62, 95);
    place = fromFrame(heart.frame, [Math.cos(turn) * off, Math.sin(turn) * off, random.spread(45)]);
    const x = (place[0] - chest.centre[0]) / (chest.halfWidth - 25);
    const y = (place[1] - chest.centre[1]) / (chest.halfDepth - 25);
    if (x * x + y * y < 1) break;
  }
  return place;
}

function drawDecoy(random: Random, chest: Chest, heart: Heart, contrast: Contrast): Piece[] {
  const centre = drawPlace(random, chest, heart);
  const axes = drawAxes(random);
  const radii: Vec3 = [random.uniform(10, 24), random.uniform(10, 24), random.uniform(10, 24)];
  const value = contrast.blood * random.uniform(0.3, 1.2);
  const inside = { solid: ellipsoid(centre, axes, radii), value };
  if (random.chance(0.5)) return [inside];
  const wall = random.uniform(4, 9);
  const inner: Vec3 = [
    Math.max(4, radii[0] - wall),
    Math.max(4, radii[1] - wall),
    Math.max(4, radii[2] - wall),
  ];
  return [
    { solid: inside.solid, value: contrast.muscle },
    { solid: ellipsoid(centre, axes, inner), value },
  ];
}

function drawAxes(random: Random): Matrix3 {
  const z = normalize([random.normal(1), random.normal(1), random.normal(1)]);
  const x = across([random.normal(1), random.normal(1), random.normal(1)], z);
  return [x, cross(z, x), z];
}
