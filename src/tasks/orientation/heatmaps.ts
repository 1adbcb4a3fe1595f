/** @file Heatmaps of lines: one channel taken out, and the lines fitted to them. */
import type { Line } from '../../data/types.ts';
import { fitLine } from './linefit.ts';

/** Channel `view` of image `image` of heatmaps [N, size, size, views], as a plain map. */
export function heatmapOf(
  heatmaps: Float32Array,
  image: number,
  view: number,
  { size, views }: { readonly size: number; readonly views: number },
): Float32Array {
  const pixels = size * size;
  const map = new Float32Array(pixels);
  for (let i = 0, from = image * pixels * views + view; i < pixels; i++, from += views)
    map[i] = heatmaps[from]!;
  return map;
}

/** The heatmap [size, size] that a network is taught for a line: exp(−distance² / 2σ²). @param sigma pixels */
export function heatOf([a, b, d]: Line, size: number, sigma: number): Float32Array {
  return Float32Array.from({ length: size * size }, (_, i) => {
    const t = (a * (i % size) + b * Math.floor(i / size) + d) / sigma;
    return Math.exp(-0.5 * t * t);
  });
}

/** The line of each map [size, size], fitted; null where there is none. @param sigma of the heatmaps, pixels */
export function fitLines(maps: readonly Float32Array[], size: number, sigma: number): (Line | null)[] {
  return maps.map((map) => fitLine(map, size, size, sigma)?.line ?? null);
}
