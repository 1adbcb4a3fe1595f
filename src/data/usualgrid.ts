/** @file The grid of prepared images where nobody says one: what shows the anatomy whole and trains in minutes without a GPU. */
import { phantomTraits } from './phantom/names.ts';
import { isBodyPlane } from './viewnames.ts';

/** Pixels on a side, and mm between them. */
export interface Grid {
  readonly size: number;
  readonly spacingMm: number;
}

/** Side of a prepared image, pixels. */
export const defaultSize = 32;

/** mm between pixels of a heart's image of that side. */
export const defaultSpacingMm = 8;

/** Of hearts whose structures have masks: finer, and less of what lies around. */
export const maskedGrid: Grid = { size: 48, spacingMm: 4 };

/** That of Zhang et al. 2024 (paper §2). */
export const publishedGrid: Grid = { size: 224, spacingMm: 1.26 };

/** mm between pixels with which `size` of them show as much as a grid does, three digits of it. */
export const spacingShowing = ({ size: side, spacingMm }: Grid, size: number): number =>
  size === side ? spacingMm : Number(((side * spacingMm) / size).toPrecision(3));

/** mm between pixels with which a knee fills `size` pixels, three digits of it. */
export const kneeSpacingMm = (size: number): number =>
  Number((phantomTraits.knee.fieldMm / size).toPrecision(3));

/** For images of a view: knees are prepared in the body's planes, hearts in their own views. */
export const usualSpacingMm = (targetView: string | null, size: number): number =>
  isBodyPlane(targetView)
    ? kneeSpacingMm(size)
    : spacingShowing({ size: defaultSize, spacingMm: defaultSpacingMm }, size);
