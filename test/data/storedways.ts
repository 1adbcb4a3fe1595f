/** @file The same image stored in all eight ways: rows and columns exchanged, mirrored. */
import { pixelToWorld } from '../../src/data/geometry.ts';
import type { ImagePlane, Vec3 } from '../../src/data/types.ts';
import { normalize } from '../../src/data/vector.ts';

/** How an image of the same pixels is stored. */
export interface Way {
  /** Columns of the image are rows of the file. */
  readonly exchanged: boolean;
  readonly mirrored: readonly [across: boolean, down: boolean];
}

export const ways: Way[] = [false, true].flatMap((exchanged) =>
  [false, true].flatMap((a) => [false, true].map((b): Way => ({ exchanged, mirrored: [a, b] }))),
);
const nameOf = ({ exchanged, mirrored: [a, b] }: Way): string =>
  [exchanged && 'exchanged', a && 'mirrored across', b && 'mirrored down'].filter(Boolean).join(', ') ||
  'as shown';
export const each = ways.map((way): [string, Way] => [nameOf(way), way]);

/** The pixel of the image that is at (x, y) of the file. */
export function pixelAt({ exchanged, mirrored }: Way, columns: number, rows: number, x: number, y: number) {
  const [i, j] = exchanged ? [y, x] : [x, y];
  return [mirrored[0] ? columns - 1 - i : i, mirrored[1] ? rows - 1 - j : j] as const;
}

/** The plane of an image as a file stored so has it. */
export function stored(plane: ImagePlane, way: Way): ImagePlane {
  const { rows, columns } = plane;
  const at = (x: number, y: number): Vec3 => pixelToWorld(plane, ...pixelAt(way, columns, rows, x, y));
  const towards = (to: Vec3, from: Vec3): Vec3 =>
    normalize([to[0] - from[0], to[1] - from[1], to[2] - from[2]]);
  return {
    position: at(0, 0),
    rowDirection: towards(at(1, 0), at(0, 0)),
    columnDirection: towards(at(0, 1), at(0, 0)),
    spacingMm: way.exchanged ? [plane.spacingMm[1], plane.spacingMm[0]] : plane.spacingMm,
    ...(way.exchanged ? { rows: columns, columns: rows } : { rows, columns }),
  };
}

/** Values of an image as a file stored so has them, row-major. */
export function storedValues<V extends Float32Array | Uint8Array | Int16Array>(
  values: V,
  { rows, columns }: Pick<ImagePlane, 'rows' | 'columns'>,
  way: Way,
): V {
  const width = way.exchanged ? rows : columns;
  const out = values.slice() as V;
  for (let n = 0; n < out.length; n++) {
    const [i, j] = pixelAt(way, columns, rows, n % width, Math.floor(n / width));
    out[n] = values[j * columns + i]!;
  }
  return out;
}
