/** @file How bright each tissue of one subject is, in units of blood. */
import type { Random } from './random.ts';
import type { Variation } from './settings.ts';

/** Mean brightness in balanced steady-state cine, and the largest relative deviation. */
const TISSUES = {
  blood: [1, 0],
  rightBlood: [0.9, 0],
  muscle: [0.42, 0],
  fat: [0.95, 0.35],
  epicardial: [0.85, 0.35],
  chestMuscle: [0.36, 0.35],
  lung: [0.07, 0.5],
  lungVessel: [0.5, 0.4],
  bone: [0.16, 0.4],
  marrow: [0.5, 0.4],
  cord: [0.75, 0.35],
  mediastinum: [0.45, 0.35],
  abdomen: [0.75, 0.35],
  liver: [0.45, 0.35],
  spleen: [0.6, 0.35],
  stomachWall: [0.4, 0.35],
  stomach: [0.6, 0.5],
  aorta: [1, 0.25],
} as const;

export type Tissue = keyof typeof TISSUES;
export type Contrast = Readonly<Record<Tissue, number>>;

/** Draws one subject's contrast, after a gamma curve; around some hearts the fat is as dark as muscle. */
export function drawContrast(random: Random, variation: Variation): Contrast {
  const spread = variation.contrast;
  const gamma = Math.exp(random.spread(0.3 * spread));
  const linear = {} as Record<Tissue, number>;
  for (const tissue of Object.keys(TISSUES) as Tissue[]) {
    const [mean, deviation] = TISSUES[tissue];
    linear[tissue] = mean * (1 + random.spread(deviation * spread));
  }
  linear.muscle += random.uniform(-0.17, 0.3) * spread;
  linear.rightBlood = 1 + random.uniform(-0.3, 0.1) * spread;
  if (random.chance(0.35 * spread)) linear.epicardial = linear.muscle * random.uniform(0.9, 1.2);
  for (const tissue of Object.keys(TISSUES) as Tissue[]) linear[tissue] **= gamma;
  return linear;
}
