/** @file How bright each tissue of one knee is, in units of joint fluid. */
import type { Random } from '../random.ts';
import type { Variation } from '../settings.ts';

/** Mean brightness in proton density with fat suppressed, and the largest relative deviation. */
const TISSUES = {
  fluid: [1, 0],
  cartilage: [0.66, 0.15],
  synovium: [0.42, 0.25],
  muscle: [0.34, 0.25],
  marrow: [0.2, 0.35],
  bruise: [0.6, 0.2],
  fat: [0.17, 0.5],
  fatPad: [0.22, 0.4],
  vessel: [0.8, 0.3],
  cruciate: [0.13, 0.3],
  torn: [0.75, 0.15],
  ligament: [0.08, 0.3],
  meniscus: [0.06, 0.4],
  cortex: [0.04, 0.4],
} as const;

export type Tissue = keyof typeof TISSUES;
export type Contrast = Readonly<Record<Tissue, number>>;

/** Draws one knee's contrast, after a gamma curve. */
export function drawContrast(random: Random, { contrast: spread }: Variation): Contrast {
  const gamma = Math.exp(random.spread(0.25 * spread));
  const drawn = (Object.keys(TISSUES) as Tissue[]).map((tissue) => {
    const [mean, deviation] = TISSUES[tissue];
    return [tissue, (mean * (1 + random.spread(deviation * spread))) ** gamma] as const;
  });
  return Object.fromEntries(drawn) as Record<Tissue, number>;
}
