/** @file What viewers write around an image: letters for the patient's sides, and how long a centimetre is. */
import type { ImagePlane } from '../../src/data/types.ts';
import { edgeLetters } from './edges.ts';
import type { Placement } from './viewport.ts';

const lengthsMm = [500, 200, 100, 50, 20, 10, 5, 2, 1, 0.5] as const;

/** The longest round length that takes at most this many mm; the shortest where none does. */
export const roundLength = (mostMm: number): number =>
  lengthsMm.find((mm) => mm <= mostMm) ?? lengthsMm.at(-1)!;

/** In the corners' and edges' free space, legible on any image. */
function write(context: CanvasRenderingContext2D, text: string, x: number, y: number): void {
  context.lineWidth = 3;
  context.lineJoin = 'round';
  context.strokeStyle = 'rgb(0 0 0 / 75%)';
  context.strokeText(text, x, y);
  context.fillStyle = '#fff';
  context.fillText(text, x, y);
}

function writeLetters(context: CanvasRenderingContext2D, plane: ImagePlane, gap: number): void {
  const { width, height } = context.canvas;
  const { left, right, top, bottom } = edgeLetters(plane);
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  write(context, left, gap, height / 2);
  context.textAlign = 'right';
  write(context, right, width - gap, height / 2);
  context.textAlign = 'center';
  context.textBaseline = 'top';
  write(context, top, width / 2, gap);
  context.textBaseline = 'bottom';
  write(context, bottom, width / 2, height - gap);
}

function drawScale(context: CanvasRenderingContext2D, pixelsPerMm: number, gap: number): void {
  const { width, height } = context.canvas;
  const mm = roundLength(width / 4 / pixelsPerMm);
  const [x, y] = [width - gap, height - gap];
  const bar = new Path2D();
  bar.moveTo(x, y - gap / 2);
  bar.lineTo(x, y);
  bar.lineTo(x - mm * pixelsPerMm, y);
  bar.lineTo(x - mm * pixelsPerMm, y - gap / 2);
  for (const [style, lineWidth] of [
    ['rgb(0 0 0 / 75%)', 4],
    ['#fff', 1.5],
  ] as const) {
    context.strokeStyle = style;
    context.lineWidth = lineWidth * (gap / 8);
    context.stroke(bar);
  }
  context.textAlign = 'right';
  context.textBaseline = 'bottom';
  write(context, mm < 10 ? `${mm} mm` : `${mm / 10} cm`, x, y - 0.75 * gap);
}

/** @param ratio canvas pixels in one of the screen */
export function annotate(
  context: CanvasRenderingContext2D,
  plane: ImagePlane,
  at: Placement,
  ratio: number,
): void {
  context.save();
  context.font = `600 ${Math.round(13 * ratio)}px system-ui, sans-serif`;
  writeLetters(context, plane, 8 * ratio);
  drawScale(context, at.scaleX / plane.spacingMm[1], 8 * ratio);
  context.restore();
}
