/** @file A pipeline on a device, in figures and in one short line. */
import type { PipelineResult } from './lab.ts';
import { rounded } from './rounded.ts';

/** What is 0 or unknown is left out. */
export interface Cell {
  readonly registers?: number;
  readonly spills?: number;
  readonly fills?: number;
  /** Bytes. */
  readonly scratch?: number;
  /** `16 warps` */
  readonly occupancy?: string;
  /** Issue slots a multiply-add and lane, in a round of a product; at best 1 without matrices. */
  readonly slotsPerMultiplyAdd?: number;
  /** Issue slots a matrix instruction. */
  readonly slotsPerHmma?: number;
  readonly refused?: string;
}

export function cellOf({ figures, round, error }: PipelineResult): Cell {
  if (!figures) return { refused: error ?? '' };
  const { registers, spills, fills, scratch, occupancy, unit } = figures;
  return {
    registers,
    ...(spills > 0 && { spills }),
    ...(fills && { fills }),
    ...(scratch && { scratch }),
    occupancy: `${occupancy} ${unit}`,
    ...(round && { slotsPerMultiplyAdd: rounded(round.slots / round.multiplyAdds) }),
    ...(round?.hmma && { slotsPerHmma: rounded(round.slots / round.hmma) }),
  };
}

/** What the short lines say. */
export const legend =
  'r: registers; w, t: warps, waves or threads that fit; fma, hmma: issue slots a multiply-add and a matrix instruction.';

/** `128r 16w 1.48/fma` */
export function cellText(cell: Cell): string {
  if (cell.refused !== undefined) return 'refused';
  const { registers, spills = 0, fills, scratch, occupancy = '', slotsPerMultiplyAdd, slotsPerHmma } = cell;
  const [count, unit = ''] = occupancy.split(' ');
  const parts = [
    `${registers}r`,
    `${count}${unit[0] ?? ''}`,
    spills || fills ? `SPILLS ${spills}/${fills ?? '?'}` : '',
    scratch ? `scratch ${scratch}` : '',
    slotsPerMultiplyAdd ? `${slotsPerMultiplyAdd}/fma` : '',
    slotsPerHmma ? `${slotsPerHmma}/hmma` : '',
  ];
  return parts.filter(Boolean).join(' ');
}
