/** @file Slices of DICOM as one volume: their affine and values. */
import { FileError } from '../../base/errors.ts';
import { dicomReader } from '../decoding.ts';
import type { PixelImage } from '../dicom/pixels.ts';
import { orientationTolerance } from '../geometry.ts';
import type { NiftiVolume } from '../nifti/volume.ts';
import type { ScannedImage } from '../scan.ts';
import { locationToleranceMm } from '../stackgeometry.ts';
import type { ImagePlane, Vec3 } from '../types.ts';
import { cross, dot, length, normalize, scale, subtract } from '../vector.ts';

const toRas = ([x, y, z]: Vec3): Vec3 => [-x, -y, z];

/** From one slice to the next, mm; of a single slice a millimetre along the normal. */
function stepOf(planes: readonly ImagePlane[]): Vec3 {
  const [first, last] = [planes[0]!, planes.at(-1)!];
  const way = subtract(last.position, first.position);
  if (length(way) < locationToleranceMm) return normalize(cross(first.rowDirection, first.columnDirection));
  return scale(way, 1 / (planes.length - 1));
}

/** Row-major 4×4, voxel indices (column, row, slice) of planes in order to RAS. */
function affineOf(planes: readonly ImagePlane[]): number[] {
  const { position, rowDirection, columnDirection, spacingMm } = planes[0]!;
  const columns = [
    scale(rowDirection, spacingMm[1]),
    scale(columnDirection, spacingMm[0]),
    stepOf(planes),
    position,
  ];
  const ras = columns.map(toRas);
  return [...[0, 1, 2].flatMap((row) => ras.map((column) => column[row]!)), 0, 0, 0, 1];
}

/** Throws FileError for slices that do not lie on one grid. */
function expectAlike(slices: readonly ScannedImage[]): void {
  const { plane: first } = slices[0]!.header;
  for (const { source, header } of slices) {
    const { rows, columns, spacingMm, rowDirection, columnDirection } = header.plane;
    const sizes = rows === first.rows && columns === first.columns;
    const steps = spacingMm.every(
      (mm, axis) => Math.abs(mm / first.spacingMm[axis]! - 1) < orientationTolerance,
    );
    const turned = dot(rowDirection, first.rowDirection) + dot(columnDirection, first.columnDirection) < 1.99;
    if (sizes && steps && !turned) continue;
    throw new FileError(
      source.path,
      `has ${rows}×${columns} pixels of ${spacingMm.join('×')} mm, turned or sized otherwise than ${slices[0]!.source.path}`,
      'Slices of a stack must be alike to be segmented as one volume.',
    );
  }
}

/** Padding of the scanner is 0, as outside the image. */
const valuesOf = ({ values, padding }: PixelImage): Float32Array =>
  padding ? values.map((value, i) => (padding[i] ? 0 : value)) : values;

/** Where the voxels of slices lie, in the order given. Throws FileError for slices that are not alike. */
export function gridOfSlices(slices: readonly ScannedImage[]): Omit<NiftiVolume, 'data'> {
  expectAlike(slices);
  const planes = slices.map(({ header }) => header.plane);
  const { rows, columns, spacingMm } = planes[0]!;
  const spacing = [spacingMm[1], spacingMm[0], length(stepOf(planes))];
  return { dims: [columns, rows, slices.length], spacing, affine: affineOf(planes) };
}

/** The slices, in the order given, as a NIfTI volume, columns first. Throws what reading them throws. */
export async function niftiOfSlices(slices: readonly ScannedImage[]): Promise<NiftiVolume> {
  const grid = gridOfSlices(slices);
  const [columns, rows] = grid.dims as [number, number];
  const read = dicomReader();
  const data = new Float32Array(slices.length * rows * columns);
  for (const [k, slice] of slices.entries()) data.set(valuesOf(await read(slice)), k * rows * columns);
  return { ...grid, data };
}
