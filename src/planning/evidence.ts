/** @file Lines found in the slices of a stack, as points that planes are fitted to. */
import type { ImagePlane, Line } from '../data/types.ts';
import { pixelInStack, type StackAxes } from './axes.ts';
import { residualOf, type StackPlane, type WeightedPoint } from './leastsquares.ts';

/** A line found in an image. */
export interface FoundLine {
  /** In the pixels of its slice. */
  readonly line: Line;
  /** How clearly it shows, above 0: the square of its ridge's height, say. */
  readonly weight: number;
  /** Which look at the slice found it, where an image is looked at in several ways (turned, say). */
  readonly look?: number;
}

/** A slice with the lines that were found of one plane, in all its images. */
export interface LineSlice {
  readonly plane: ImagePlane;
  readonly lines: readonly FoundLine[];
}

/** Half the length of line that counts, mm: about that of a heart, so that an error of 4 mm weighs as one of 7°. */
export const reachMm = 30;

/** Points of a slice's lines; their weights add up to the mean weight of its lines. */
export type SliceEvidence = readonly WeightedPoint[];

/** Two points of each line, `reachMm` to both sides of its point nearest the image's centre. */
export function evidenceOf({ plane, lines }: LineSlice, axes: StackAxes): SliceEvidence {
  const [cx, cy] = [(plane.columns - 1) / 2, (plane.rows - 1) / 2];
  const [betweenRows, betweenColumns] = plane.spacingMm;
  return lines.flatMap(({ line: [a, b, d], weight, look = 0 }) => {
    const away = a * cx + b * cy + d;
    const [x, y] = [cx - away * a, cy - away * b];
    const step = reachMm / Math.hypot(b * betweenColumns, a * betweenRows);
    return [step, -step].map((along) => ({
      at: pixelInStack(axes, plane, x - along * b, y + along * a),
      weight: weight / (2 * lines.length),
      look,
    }));
  });
}

/** How far a slice's lines are from a plane, root mean square, mm. */
export function disagreementMm(evidence: SliceEvidence, plane: StackPlane): number {
  const [sum, weight] = evidence.reduce<[number, number]>(
    ([squares, all], { at, weight: own }) => [squares + own * residualOf(plane, at) ** 2, all + own],
    [0, 0],
  );
  return Math.sqrt(sum / weight);
}
