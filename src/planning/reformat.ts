/** @file A stack of slices resampled in another plane. */
import type { PixelImage } from '../data/dicom/pixels.ts';
import { pixelToWorld, worldToPixel } from '../data/geometry.ts';
import type { ImagePlane } from '../data/types.ts';
import { dot } from '../data/vector.ts';
import { stackAxes } from './axes.ts';

/** A slice with its pixels. */
export interface PixelSlice {
  readonly plane: ImagePlane;
  readonly image: PixelImage;
}

/** Bilinear; null outside the image (beyond half a pixel of its border). */
function valueAt({ rows, columns, values }: PixelImage, x: number, y: number): number | null {
  if (x < -0.5 || y < -0.5 || x > columns - 0.5 || y > rows - 0.5) return null;
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [fx, fy] = [x - left, y - top];
  const at = (column: number, row: number): number =>
    values[Math.min(rows - 1, Math.max(0, row)) * columns + Math.min(columns - 1, Math.max(0, column))]!;
  const upper = (1 - fx) * at(left, top) + fx * at(left + 1, top);
  const lower = (1 - fx) * at(left, top + 1) + fx * at(left + 1, top + 1);
  return (1 - fy) * upper + fy * lower;
}

/** An image on another grid of its own plane; 0 outside. */
export function regrid({ plane, image }: PixelSlice, target: ImagePlane): PixelImage {
  const { rows, columns } = target;
  const values = Float32Array.from({ length: rows * columns }, (_, i) => {
    const { x, y } = worldToPixel(plane, pixelToWorld(target, i % columns, Math.floor(i / columns)));
    return valueAt(image, x, y) ?? 0;
  });
  return { rows, columns, values };
}

/**
 * The stack in a plane, linear within slices and between neighbours; beyond the outer slices by more than half their
 * step, and outside the images, 0.
 * @param slices base to apex
 * @throws PlanningError where they are no stack (`stackAxes`)
 */
export function reformat(slices: readonly PixelSlice[], target: ImagePlane): PixelImage {
  const { z } = stackAxes(slices.map(({ plane }) => plane));
  const places = slices.map(({ plane }) => dot(plane.position, z));
  const last = slices.length - 1;
  const { rows, columns } = target;
  const values = new Float32Array(rows * columns);
  for (let i = 0; i < values.length; i++) {
    const point = pixelToWorld(target, i % columns, Math.floor(i / columns));
    const place = dot(point, z);
    const above = places.findIndex((own) => own > place);
    const lower = above < 0 ? last - 1 : Math.max(0, above - 1);
    const share = (place - places[lower]!) / (places[lower + 1]! - places[lower]!);
    if (share < -0.5 || share > 1.5) continue;
    const part = Math.min(1, Math.max(0, share));
    const [near, far] = [lower, lower + 1].map((slice) => {
      const { plane, image } = slices[slice]!;
      const { x, y } = worldToPixel(plane, point);
      return valueAt(image, x, y);
    });
    if (near !== null && far !== null) values[i] = (1 - part) * near! + part * far!;
  }
  return { rows, columns, values };
}
