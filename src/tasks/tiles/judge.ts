/** @file What judges of tiles share: shares of what is told as results, and pictures of tiles side by side. */
import { mean } from '../../base/statistics.ts';
import type { Result } from '../../results/result.ts';
import { subjectMeans } from '../../results/subjects.ts';
import type { Cells, Mirrored } from './cut.ts';
import type { Order } from './permutations.ts';

/** How much was told of an image, 0 to 1. */
export interface Told {
  readonly subject: string;
  readonly share: number;
}

/** Mean share of what is told; null without images. */
export function toldResult(
  rows: readonly Told[],
  own: Pick<Result, 'key' | 'title' | 'trivial' | 'about' | 'notes'>,
): Result | null {
  const value = mean(rows.map(({ share }) => share));
  if (value === null) return null;
  return {
    ...own,
    ...{ value, unit: '', digits: 3, better: 'higher', count: rows.length, missing: null },
    bySubject: subjectMeans(rows, ({ share }) => share),
  };
}

/** Tiles in places as an order says that they belong: that of place p goes to place order[p]. */
export function putBack<T>(tiles: readonly T[], order: Order): T[] {
  const back = [...tiles];
  for (const [place, tile] of tiles.entries()) back[order[place]!] = tile;
  return back;
}

/** A tile's pixels, mirrored. */
export const mirroredTile = (pixels: Float32Array, side: number, { rows, columns }: Mirrored): Float32Array =>
  pixels.map((_, i) => {
    const [x, y] = [i % side, Math.floor(i / side)];
    return pixels[(rows ? side - 1 - y : y) * side + (columns ? side - 1 - x : x)]!;
  });

/** [size, size]: tiles row by row, each in the middle of its share; what is between them is as dark as their darkest pixel. */
export function tilesPicture(
  tiles: readonly Float32Array[],
  { perSide, size, tile }: Pick<Cells, 'perSide' | 'size' | 'tile'>,
): Float32Array {
  const dark = tiles.reduce((least, pixels) => pixels.reduce((a, b) => Math.min(a, b), least), 0);
  const picture = new Float32Array(size * size).fill(dark);
  const share = size / perSide;
  const start = (place: number): number => Math.floor(place * share + (share - tile) / 2);
  for (const [place, pixels] of tiles.entries()) {
    const [left, top] = [start(place % perSide), start(Math.floor(place / perSide))];
    for (let row = 0; row < tile; row++)
      picture.set(pixels.subarray(row * tile, (row + 1) * tile), (top + row) * size + left);
  }
  return picture;
}

/** Images of one side, one after another, apart. */
export const imagesIn = (values: Float32Array, side: number): Float32Array[] =>
  Array.from({ length: values.length / side ** 2 }, (_, i) =>
    values.subarray(i * side ** 2, (i + 1) * side ** 2),
  );
