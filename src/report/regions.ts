/** @file Regions as pixels over an image: predicted ones filled, true ones outlined. */
import type { Mark } from '../results/mark.ts';
import { seriesColour, trueColour } from './palette.ts';

export type Region = Extract<Mark, { kind: 'region' }>;

/** Of a predicted region; its outline is opaque. */
const FILL_OPACITY = 110;

/** Whether a pixel's neighbour to one side is of another class; beyond the image there is background. */
function onBorder(classes: Uint8Array, size: number, x: number, y: number): boolean {
  const at = (u: number, v: number): number =>
    u < 0 || v < 0 || u >= size || v >= size ? 0 : classes[v * size + u]!;
  const own = at(x, y);
  return at(x - 1, y) !== own || at(x + 1, y) !== own || at(x, y - 1) !== own || at(x, y + 1) !== own;
}

/** [size·scale, size·scale] RGBA: class k in the colour of series k − 1 from the region's first on, background clear. */
export function regionPixels(
  { classes, of, series: first = 0 }: Region,
  size: number,
  scale = 1,
): Uint8Array {
  const side = size * scale;
  const large = new Uint8Array(side * side);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      large[y * side + x] = classes[Math.floor(y / scale) * size + Math.floor(x / scale)]!;
  const out = new Uint8Array(side * side * 4);
  for (let y = 0, i = 0; y < side; y++) {
    for (let x = 0; x < side; x++, i++) {
      if (large[i] === 0) continue;
      const series = first + large[i]! - 1;
      const border = onBorder(large, side, x, y);
      if (of === 'truth' && !border) continue;
      const colour = of === 'truth' ? trueColour(series) : seriesColour(series);
      out.set([...colour, border ? 255 : FILL_OPACITY], 4 * i);
    }
  }
  return out;
}
