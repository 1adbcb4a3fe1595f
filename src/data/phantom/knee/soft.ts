/** @file What is around bones and ligaments: the leg with its fat, muscles, vessels, joint fluid, and what may be taken for a finding. */
import type { Vec3 } from '../../types.ts';
import type { Random } from '../random.ts';
import type { Variation } from '../settings.ts';
import { condyleCentre, patellaCentre } from './bones.ts';
import type { Knee, Sizes } from './knee.ts';
import { ballPiece, bandPiece, grown, length, type Piece, type Shape } from './shapes.ts';
import type { Contrast } from './tissues.ts';

/** Of pieces that go through all images. */
const EVERYWHERE = { low: [-200, -200, -200], high: [200, 200, 200] } as const;

/** The leg's surface: an ellipse with a bulge at the calf and more above the knee. */
function leg({ girth }: Sizes): Shape {
  return (x, y, z) => {
    const above = Math.max(0, z) / 100;
    const below = Math.max(0, -z) / 100;
    const a = girth * (1 + 0.12 * above * above - 0.12 * below);
    const b = girth * (1.05 + 0.1 * above - 0.08 * below);
    return (length(x / a, (y - 2) / b) - 1) * girth;
  };
}

/** Thigh and calf beneath fat: muscle all around, but for the joint itself. */
function muscles(surface: Shape, { fat }: Sizes): Shape {
  return (x, y, z) => {
    // bellies end one by one
    const belly = 5 * Math.sin(x / 6) + 4 * Math.sin(y / 8);
    const off = z > 0 ? 60 - z - 0.4 * y + belly : z + 30 + 0.5 * y + belly;
    return Math.max(surface(x, y, z) + fat, off);
  };
}

/** Skin and fat beneath it, with muscles inside; the front of the knee has hardly any. */
export function limb({ sizes }: Knee, contrast: Contrast): Piece[] {
  const surface = leg(sizes);
  const { muscle, fat, vessel, ligament } = contrast;
  return [
    { shape: surface, ...EVERYWHERE, value: contrast.synovium },
    { shape: grown(surface, -1.5), ...EVERYWHERE, value: fat },
    { shape: muscles(surface, sizes), ...EVERYWHERE, value: muscle },
    // fat between the muscles
    bandPiece([-2, 42, 140], [2, 40, -60], 9, fat),
    bandPiece([0, 46, -20], [0, 40, -140], 2, fat),
    bandPiece([-36, 4, 140], [-30, 8, 40], 2.5, fat),
    bandPiece([36, 4, 140], [32, 8, 40], 2.5, fat),
    bandPiece([-20, 31, 42], [-24, 33, -130], 17, muscle),
    bandPiece([21, 32, 32], [23, 33, -130], 15, muscle),
    bandPiece([0, 24, -38], [2, 26, -130], 14, muscle),
    bandPiece([26, -10, -45], [26, -8, -130], 12, muscle),
    bandPiece([-33, 30, 130], [-31, 34, 4], 10, muscle),
    bandPiece([33, 28, 130], [35, 27, -2], 9, muscle),
    bandPiece([-26, -18, 58], [-30, -14, 150], 17, muscle),
    bandPiece([27, -20, 66], [27, -18, 150], 15, muscle),
    bandPiece([0, -32, 95], [0, -34, 160], 13, muscle),
    bandPiece([-40, 34, 60], [-32, 38, -60], 3, ligament),
    bandPiece([-2, 42, 130], [3, 40, -20], 4, vessel),
    bandPiece([7, 47, 130], [8, 46, -20], 3.2, vessel),
  ];
}

/** The inside of the joint: synovium and fat between the bones, the fat pad, and fluid where there is any. */
export function joint({ sizes, effusion }: Knee, contrast: Contrast): Piece[] {
  const [px, py, pz] = patellaCentre(sizes);
  const { fluid, synovium, fatPad } = contrast;
  const film = (side: 'medial' | 'lateral'): Piece => {
    const [rx, ry, rz] = sizes[side];
    const grow = sizes.cartilage + 0.6 + 2.4 * effusion;
    return ballPiece(condyleCentre(sizes, side), [rx + grow, ry + grow, rz + grow], fluid);
  };
  const pouch: Vec3 = [26 * (0.5 + 0.5 * effusion), 0.6 + 8 * effusion, 24];
  return [
    ballPiece([px, py + 6, pz + 24], pouch, fluid),
    film('medial'),
    film('lateral'),
    ballPiece([0, 12, 12], [10, 20, 19], synovium),
    ballPiece([px, py + 16 - 2 * effusion, pz - 30], [22, 17, 17], fatPad),
  ];
}

/** Bright spots that are no tear: cysts, vessels and bursae about the joint. */
export function drawDistractors(random: Random, contrast: Contrast, { confusers }: Variation): Piece[] {
  const count = random.integer(...confusers);
  return Array.from({ length: count }, () => {
    const around = random.uniform(0, 2 * Math.PI);
    const off = random.uniform(40, 50);
    const at: Vec3 = [Math.cos(around) * off, Math.sin(around) * off, random.uniform(-45, 60)];
    const radii: Vec3 = [random.uniform(2, 6), random.uniform(2, 6), random.uniform(3, 9)];
    return ballPiece(at, radii, contrast.fluid * random.uniform(0.5, 1));
  });
}
