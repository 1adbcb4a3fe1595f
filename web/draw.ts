/** @file Draws images with lines, heatmaps and regions on them. */
import { identityAffine, invertAffine } from '../src/data/affine.ts';
import type { Affine, ImagePlane, Line } from '../src/data/types.ts';
import { type Rgb, seriesColour, trueColour } from '../src/report/palette.ts';
import { clipLine, windowed } from '../src/report/windowing.ts';
import type { Mark } from '../src/results/mark.ts';
import type { Placement } from './viewing/viewport.ts';

/** Of heatmaps over an image, where they are highest. */
const HEAT_OPACITY = 0.6;

export const css = (series: number): string => `rgb(${seriesColour(series).join(', ')})`;
const pale = (series: number): string => `rgb(${trueColour(series).join(', ')})`;

/** A line in an image's pixels, and how it is drawn. */
export interface Stroke {
  readonly line: Line;
  /** Which series: its colour. */
  readonly series: number;
  /** True lines are dashed where predicted ones stand beside them. */
  readonly dashed: boolean;
}

/** Grey image data through a window, the other way round where its low end is the higher. */
export function windowedImage(
  values: ArrayLike<number>,
  columns: number,
  rows: number,
  low: number,
  high: number,
): ImageData {
  const image = new ImageData(columns, rows);
  const words = new Uint32Array(image.data.buffer);
  const factor = 255 / (high === low ? 1e-9 : high - low);
  for (let i = 0; i < words.length; i++) {
    const grey = Math.max(0, Math.min(255, Math.round((values[i]! - low) * factor)));
    words[i] = 0xff000000 | (grey << 16) | (grey << 8) | grey;
  }
  return image;
}

const scratch = document.createElement('canvas');

/** Paints pixels, smoothly enlarged. */
export function paintPixels(context: CanvasRenderingContext2D, image: ImageData, at: Placement): void {
  scratch.width = image.width;
  scratch.height = image.height;
  scratch.getContext('2d')!.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = 'high';
  context.drawImage(scratch, at.left, at.top, image.width * at.scaleX, image.height * at.scaleY);
}

/** Paints lines over an image of columns × rows pixels. */
export function paintLines(
  context: CanvasRenderingContext2D,
  strokes: readonly Stroke[],
  image: { readonly columns: number; readonly rows: number },
  at: Placement,
): void {
  const { canvas } = context;
  const width = Math.max(1.5, 1 + Math.min(canvas.width, canvas.height) / 300);
  context.save();
  context.beginPath();
  context.rect(at.left, at.top, image.columns * at.scaleX, image.rows * at.scaleY);
  context.clip();
  for (const { line, series, dashed } of strokes) {
    const ends = clipLine(line, Math.max(image.columns, image.rows));
    if (!ends) continue;
    const [x1, y1, x2, y2] = ends;
    const path = new Path2D();
    path.moveTo(at.left + at.scaleX * (x1 + 0.5), at.top + at.scaleY * (y1 + 0.5));
    path.lineTo(at.left + at.scaleX * (x2 + 0.5), at.top + at.scaleY * (y2 + 0.5));
    context.setLineDash(dashed ? [4 * width, 3 * width] : []);
    context.strokeStyle = 'rgb(0 0 0 / 55%)';
    context.lineWidth = width + 1.5;
    context.stroke(path);
    context.strokeStyle = dashed ? pale(series) : css(series);
    context.lineWidth = width;
    context.stroke(path);
  }
  context.restore();
}

/** A picture over an image, on a grid of its own. */
export interface Layer {
  readonly picture: ImageData;
  /** From the image's pixels to the picture's. */
  readonly toPicture: Affine;
  /** Whether it is as opaque as its pixels say, and not smoothed; heatmaps are fainter. */
  readonly opaque?: boolean;
}

type Shape = Pick<ImagePlane, 'columns' | 'rows' | 'spacingMm'>;

/** Mixes a series' value 0 … 1 into pixel i, where series meet by their values. */
function blend({ data }: ImageData, i: number, colour: Rgb, value: number): void {
  const before = data[4 * i + 3]! / 255;
  const sum = before + value;
  if (sum < 1e-3) return;
  for (let k = 0; k < 3; k++)
    data[4 * i + k] = Math.round((data[4 * i + k]! * before + colour[k]! * value) / sum);
  data[4 * i + 3] = Math.round(255 * Math.max(before, value));
}

/** Heatmaps of lines as the network is taught them: exp(−distance² / 2σ²).  */
export function lineHeat(
  lines: readonly { readonly line: Line; readonly series: number }[],
  { columns, rows, spacingMm }: Shape,
  sigmaMm: number,
): Layer {
  const picture = new ImageData(columns, rows);
  for (const { line, series } of lines) {
    const [a, b, d] = line;
    const perMm = 1 / Math.hypot(a / spacingMm[1], b / spacingMm[0]);
    const colour = seriesColour(series);
    for (let y = 0, i = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++, i++) {
        const t = ((a * x + b * y + d) * perMm) / sigmaMm;
        if (t < 4 && t > -4) blend(picture, i, colour, Math.exp(-0.5 * t * t));
      }
    }
  }
  return { picture, toPicture: identityAffine };
}

/** Heatmaps [size, size] mixed into one picture, opaque where they are 1; pale where they stand beside others. */
export function mixedHeat(
  heats: readonly Extract<Mark, { kind: 'heat' }>[],
  size: number,
  faint: boolean,
): ImageData {
  const picture = new ImageData(size, size);
  for (const { values, series } of heats) {
    const colour = faint ? trueColour(series) : seriesColour(series);
    for (let i = 0; i < values.length; i++) blend(picture, i, colour, values[i]!);
  }
  return picture;
}

/** A square grey picture by itself. */
export function greyImage(values: Float32Array): HTMLCanvasElement {
  const size = Math.sqrt(values.length);
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = size;
  canvas.getContext('2d')!.putImageData(windowedImage(windowed(values), size, size, 0, 255), 0, 0);
  return canvas;
}

/** Paints a layer over an image that lies at `at`. */
export function paintLayer(
  context: CanvasRenderingContext2D,
  { picture, toPicture, opaque = false }: Layer,
  image: { readonly columns: number; readonly rows: number },
  at: Placement,
): void {
  const [a, b, c, d, e, f] = invertAffine(toPicture);
  // pixel centres are at integers in the map, at halves on the canvas
  const [x, y] = [c + (1 - a - b) / 2, f + (1 - d - e) / 2];
  context.save();
  context.beginPath();
  context.rect(at.left, at.top, image.columns * at.scaleX, image.rows * at.scaleY);
  context.clip();
  context.globalAlpha = opaque ? 1 : HEAT_OPACITY;
  context.setTransform(
    at.scaleX * a,
    at.scaleY * d,
    at.scaleX * b,
    at.scaleY * e,
    at.left + at.scaleX * x,
    at.top + at.scaleY * y,
  );
  paintPixels(context, picture, { left: 0, top: 0, scaleX: 1, scaleY: 1 });
  context.restore();
}

/** Sets a canvas to its size on screen in device pixels; whether it has one. */
export function fitCanvas(canvas: HTMLCanvasElement): boolean {
  const ratio = Math.min(3, devicePixelRatio || 1);
  const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
  if (width === 0 || height === 0) return false;
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  return true;
}
