/** @file A series of MRNet: a .npy of bytes [slices, rows, columns], each slice scaled to the grid as a whole. */
import { FileError } from '../../../base/errors.ts';
import { MOST_HEADER, readNpyHeader } from '../../../base/npy.ts';
import { cropMap, resample, zScore } from '../../resample.ts';
import type { ImagePlane, PreparedImage, Reason } from '../../types.ts';
import type { Series } from './files.ts';

const again = 'Write the file again with numpy.save: bytes (uint8) of slices, rows and columns.';

/** Slices as the file has them. */
export interface Slices {
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
  /** [count, rows, columns] */
  readonly values: Uint8Array;
}

/** @throws FileError for another type, order or rank, no slices, or fewer or more bytes */
export function readSlices(bytes: Uint8Array, file: string): Slices {
  const { start, ...layout } = readLayout(bytes, bytes.length, file);
  return { ...layout, values: bytes.subarray(start) };
}

/** What the header says, of which the bytes of the file must be. */
function readLayout(bytes: Uint8Array, length: number, file: string) {
  const { descr, fortran, shape, start } = readNpyHeader(bytes, file, again);
  const size = `(${shape.join(', ')})`;
  if (descr !== '|u1')
    throw new FileError(file, `has elements of type ${descr.slice(0, 40)}, not |u1`, again);
  if (fortran) throw new FileError(file, 'is in Fortran order', again);
  if (shape.length !== 3) throw new FileError(file, `has shape ${size}, not three axes`, again);
  const [count, rows, columns] = shape as readonly [number, number, number];
  const expected = count * rows * columns;
  if (expected === 0) throw new FileError(file, `has shape ${size}: there is no pixel`, again);
  if (length - start !== expected)
    throw new FileError(file, `has ${length - start} bytes of data, not the ${expected} of ${size}`, again);
  return { count, rows, columns, start };
}

/**
 * A plane of which only the shape is known: the longer side fills the grid, whatever a pixel measures. Slices lie above
 * each other by their number, for nothing says where they are.
 */
function planeOf(rows: number, columns: number, slice: number, pixelMm: number): ImagePlane {
  return {
    position: [0, 0, slice],
    rowDirection: [1, 0, 0],
    columnDirection: [0, 1, 0],
    spacingMm: [pixelMm, pixelMm],
    rows,
    columns,
  };
}

/** The bytes of an array; of a file that is none, or not as long as it says, no more than the first. */
async function readArray(source: Series['source']): Promise<Uint8Array> {
  if (source.start) {
    const { bytes, size } = await source.start(MOST_HEADER);
    readLayout(bytes, size, source.path);
  }
  return source.read();
}

/** Slices on the grid, z-scored together. */
export async function prepareSeries(
  { source, plane, subject }: Series,
  { size, spacingMm }: { readonly size: number; readonly spacingMm: number },
  warn: (file: string, reason: Reason) => void,
): Promise<{ readonly images: readonly PreparedImage[]; readonly pixels: Float32Array }> {
  const file = source.path;
  const { count, rows, columns, values } = readSlices(await readArray(source), file);
  const pixelMm = (size * spacingMm) / Math.max(rows, columns);
  const map = cropMap(planeOf(rows, columns, 0, pixelMm), size, spacingMm);
  const [area, side] = [rows * columns, size * size];
  const pixels = new Float32Array(count * side);
  for (let k = 0; k < count; k++) {
    const image = { rows, columns, values: Float32Array.from(values.subarray(k * area, (k + 1) * area)) };
    pixels.set(resample(image, map, size), k * side);
  }
  if (zScore(pixels) === 0)
    warn(file, { code: 'CONSTANT', message: 'Every pixel has one value; the slices are zeros.' });
  const images = Array.from({ length: count }, (_, slice): PreparedImage => {
    return {
      ...{ subject, file, fileFrame: slice, view: plane, frame: 0, slice, lines: [], location: null },
      plane: planeOf(size, size, slice, spacingMm),
    };
  });
  return { images, pixels };
}
