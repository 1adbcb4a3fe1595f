/** @file Heatmaps of lines: one channel taken out, and the lines fitted to them. */
import type { Line } from '../../data/types.ts';
import type { Head } from '../../models/heads.ts';
import type { FoundLine } from '../../planning/evidence.ts';
import { blockOf } from '../outputs.ts';
import type { Grid, HostOutputs } from '../task.ts';
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

/** The line of each map [size, size], fitted, with the square of its ridge's height; null where there is none. @param sigma of the heatmaps, pixels */
export function findLines(maps: readonly Float32Array[], size: number, sigma: number): (FoundLine | null)[] {
  return maps.map((map) => {
    const fit = fitLine(map, size, size, sigma);
    return fit && { line: fit.line, weight: fit.amplitude ** 2 };
  });
}

/** Heatmaps of some images, and the views whose lines they show. */
export interface LineMaps {
  readonly heatmaps: Head;
  readonly referenceViews: readonly string[];
  readonly grid: Grid;
  /** σ of the heatmaps the network was trained on, mm. */
  readonly sigmaMm: number;
}

/** Each image's heatmaps with the lines in them, by view. @throws ShapeError for outputs of more or fewer images */
export function readMaps(
  { heatmaps, referenceViews, grid: { size, spacingMm }, sigmaMm }: LineMaps,
  outputs: HostOutputs,
  count: number,
): { maps: Float32Array[]; found: (FoundLine | null)[] }[] {
  const values = blockOf(outputs, heatmaps, count, [size, size]);
  const place = { size, views: referenceViews.length };
  return Array.from({ length: count }, (_, row) => {
    const maps = referenceViews.map((_, view) => heatmapOf(values, row, view, place));
    return { maps, found: findLines(maps, size, sigmaMm / spacingMm) };
  });
}
