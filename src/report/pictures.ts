/** @file Pictures of prepared images with lines on them: anti-aliased drawing, PNG. */

import { encode } from 'fast-png';
import type { Line } from '../data/types.ts';
import type { Mark } from '../results/mark.ts';
import { type Rgb, seriesColour, trueColour } from './palette.ts';
import { regionPixels } from './regions.ts';
import { windowed } from './windowing.ts';

/** An image with what is shown of it. */
export interface MarkedImage {
  /** Side of the image in pixels. */
  readonly size: number;
  /** [size, size], of any scale: pictures are windowed. */
  readonly pixels: Float32Array;
  readonly marks: readonly Mark[];
}

/** 8-bit RGB, row-major. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

const gapPx = 2;
const background: Rgb = [255, 255, 255];

function blend(data: Uint8Array, at: number, colour: Rgb, opacity: number): void {
  for (let k = 0; k < 3; k++) data[at + k] = Math.round(data[at + k]! * (1 - opacity) + colour[k]! * opacity);
}

interface Stroke {
  readonly line: Line;
  readonly colour: Rgb;
  /** Pixels of the picture. */
  readonly widthPx: number;
  readonly dashPx: number;
}

/** Draws by coverage: a pixel's opacity is how far the stroke's edge reaches over its centre. */
function drawLine(
  picture: Picture,
  left: number,
  top: number,
  side: number,
  scale: number,
  stroke: Stroke,
): void {
  const { line, colour, widthPx, dashPx } = stroke;
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const [x, y] = [(column + 0.5) / scale - 0.5, (row + 0.5) / scale - 0.5];
      const distance = Math.abs(line[0] * x + line[1] * y + line[2]) * scale;
      const along = (line[0] * y - line[1] * x) * scale;
      const phase = dashPx > 0 ? Math.abs(((((along / dashPx) % 2) + 2) % 2) - 1) : 1;
      const gap = Math.min(1, Math.max(0, (phase - 0.5) * dashPx + 0.5));
      const cover = Math.min(1, Math.max(0, widthPx / 2 + 0.5 - distance)) * (dashPx > 0 ? gap : 1);
      if (cover > 0) blend(picture.data, ((top + row) * picture.width + left + column) * 3, colour, cover);
    }
  }
}

/** Bilinear magnification, pixel centres at integers. */
function drawImage(
  picture: Picture,
  left: number,
  top: number,
  scale: number,
  { pixels, size }: MarkedImage,
): void {
  const grey = windowed(pixels);
  const weigh = (position: number): [number, number, number] => {
    const clamped = Math.min(size - 1, Math.max(0, (position + 0.5) / scale - 0.5));
    const first = Math.min(size - 2, Math.floor(clamped));
    return [Math.max(0, first), Math.min(size - 1, first + 1), clamped - first];
  };
  for (let row = 0; row < size * scale; row++) {
    const [y0, y1, v] = weigh(row);
    for (let column = 0; column < size * scale; column++) {
      const [x0, x1, u] = weigh(column);
      const above = grey[y0 * size + x0]! * (1 - u) + grey[y0 * size + x1]! * u;
      const below = grey[y1 * size + x0]! * (1 - u) + grey[y1 * size + x1]! * u;
      const value = Math.round(above * (1 - v) + below * v);
      const at = ((top + row) * picture.width + left + column) * 3;
      picture.data.fill(value, at, at + 3);
    }
  }
}

/** Regions over the image, each pixel a square of `scale`. */
function drawRegions(picture: Picture, left: number, top: number, scale: number, image: MarkedImage): void {
  for (const mark of image.marks) {
    if (mark.kind !== 'region') continue;
    const overlay = regionPixels(mark, image.size, scale);
    const side = image.size * scale;
    for (let i = 0; i < side * side; i++) {
      const at = ((top + Math.floor(i / side)) * picture.width + left + (i % side)) * 3;
      const [red, green, blue, opacity] = overlay.subarray(4 * i, 4 * i + 4);
      if (opacity) blend(picture.data, at, [red!, green!, blue!], opacity / 255);
    }
  }
}

/**
 * Images side by side, row by row, magnified by the whole number `scale`, on white, with their lines (predicted ones
 * solid, true ones dashed) and regions (predicted ones filled, true ones outlined), one colour a series. All have one
 * size.
 */
export function overlayGrid(images: readonly MarkedImage[], columns: number, scale: number): Picture {
  const side = (images[0]?.size ?? 0) * scale;
  const rows = Math.ceil(images.length / columns);
  const [width, height] = [columns * (side + gapPx) - gapPx, rows * (side + gapPx) - gapPx];
  const data = new Uint8Array(width * height * 3).fill(background[0]);
  const picture = { width, height, data };
  const widthPx = Math.max(1.25, side / 110);
  for (const [index, image] of images.entries()) {
    const left = (index % columns) * (side + gapPx);
    const top = Math.floor(index / columns) * (side + gapPx);
    drawImage(picture, left, top, scale, image);
    drawRegions(picture, left, top, scale, image);
    for (const mark of image.marks) {
      if (mark.kind !== 'line') continue;
      const { line, series, of } = mark;
      const [colour, dashPx] =
        of === 'truth' ? [trueColour(series), widthPx * 3.5] : [seriesColour(series), 0];
      drawLine(picture, left, top, side, scale, { line, colour, widthPx, dashPx });
    }
  }
  return picture;
}

/** A picture as the bytes of a PNG file. */
export function encodePicture({ width, height, data }: Picture): Uint8Array {
  return encode({ width, height, data, channels: 3, depth: 8 });
}

/** Bytes as base64, in slices that every engine's argument limit allows. */
function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 0x8000)
    text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}

/** A PNG as a data URI. @param channels 1 grey, 3 RGB, 4 RGBA */
export function pngUri(width: number, height: number, data: Uint8Array, channels: 1 | 3 | 4): string {
  return `data:image/png;base64,${toBase64(encode({ width, height, data, channels, depth: 8 }))}`;
}
