/** @file Into how many strips the sums of a weight's gradient are cut on GPUs. */
import { type Correlation, tapsOf } from './correlationLayout.ts';
import { BUSY } from './gatherStrips.ts';

/** Blocks of 64 rows times 64 columns. */
export function blocksOf(c: Correlation): number {
  return Math.ceil((tapsOf(c) * c.a) / 64) * Math.ceil(c.b / 64);
}

/** Rounds of 16 pixels that all workgroups of one strip have together. */
function roundsOf(c: Correlation): number {
  return Math.ceil((c.batch * c.smallHeight * c.smallWidth) / 16) * blocksOf(c);
}

/** Sums so deep that each of as many workgroups still has 64 rounds may be cut into more strips than others. */
const DEEP = 2048;

/** Multiprocessors of the largest GPUs. */
export const UNITS = BUSY / 2;
/** Of the time of the last workgroups, how much has to be work: some multiprocessors have one more than others. */
const FILLED = 0.95;

/**
 * Workgroups to aim at, `work` a strip. Every strip is a gradient that is written and read again, which takes longer on a
 * GPU than what idles at the end: so of a deep sum as few as occupy it (about `least`) and end at about the same time.
 */
export function wantedOf(c: Correlation, work: number, least: number): number {
  if (roundsOf(c) < 64 * DEEP) return 512;
  const filled = (groups: number) => groups / (Math.ceil(groups / UNITS) * UNITS);
  const most = Math.ceil(DEEP / work);
  let best = Math.min(most, Math.max(1, Math.floor(least / work)));
  for (let strips = best; strips <= most && filled(best * work) < FILLED; strips++)
    if (filled(strips * work) > filled(best * work)) best = strips;
  return best * work;
}
