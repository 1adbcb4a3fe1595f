/** @file The spacing of prepared images where nobody says one: what shows the anatomy whole. */
import { phantomTraits } from './phantom/names.ts';
import { defaultSpacingMm } from './resample.ts';
import { isBodyPlane } from './study/views.ts';

/** mm between pixels with which a knee fills `size` pixels, three digits of it. */
export const kneeSpacingMm = (size: number): number =>
  Number((phantomTraits.knee.fieldMm / size).toPrecision(3));

/** For images of a view: knees are prepared in the body's planes, hearts in their own views. */
export const usualSpacingMm = (targetView: string | null, size: number): number =>
  isBodyPlane(targetView) ? kneeSpacingMm(size) : defaultSpacingMm;
