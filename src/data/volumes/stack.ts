/** @file A stack of DICOM slices as one volume, with the spacing that their positions have. */
import { FileError, GeometryError } from '../../base/errors.ts';
import type { ScannedImage } from '../scan.ts';
import { locationToleranceMm, sameOrientation, stackPositions } from '../stackgeometry.ts';
import { niftiOfSlices } from '../study/slices.ts';
import { add, length, scale, subtract } from '../vector.ts';
import { type Volume, volumeOfNifti } from './volume.ts';

/** How far a slice may lie from its place, as a share of the distance between slices. */
const evenShare = 0.02;

const millimetres = (mm: number): string => `${Number(mm.toPrecision(4))} mm`;

/** Throws FileError for the first slice that is there twice, comes after a gap, or lies beside the others' line. */
function expectEven(slices: readonly ScannedImage[]): void {
  const places = slices.map(({ header }) => header.plane.position);
  const gaps = places.slice(1).map((place, k) => length(subtract(place, places[k]!)));
  const usual = gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 0;
  const tolerance = Math.max(locationToleranceMm, evenShare * usual);
  const refuse = (k: number, problem: string, fix: string) =>
    new FileError(slices[k]!.source.path, `${problem} (ImagePositionPatient (0020,0032))`, fix);
  const before = (k: number): string => slices[k - 1]!.source.path;
  const twice = gaps.findIndex((gap) => gap < locationToleranceMm) + 1;
  if (twice > 0) throw refuse(twice, `lies where ${before(twice)} does`, 'Give one image a slice.');
  const late = gaps.findIndex((gap) => Math.abs(gap - usual) > tolerance) + 1;
  if (late > 0) {
    const found = `lies ${millimetres(gaps[late - 1]!)} from ${before(late)}, others ${millimetres(usual)} apart`;
    const fix =
      'A volume needs even distances: give the missing slices, or a part of the stack that has them.';
    throw refuse(late, found, fix);
  }
  const step = scale(subtract(places.at(-1)!, places[0]!), 1 / Math.max(1, gaps.length));
  const off = places.map((place, k) => length(subtract(place, add(places[0]!, scale(step, k)))));
  const stray = off.findIndex((mm) => mm > tolerance);
  if (stray < 0) return;
  const problem = `lies ${millimetres(off[stray]!)} off the line and the distances of the other slices`;
  throw refuse(stray, problem, 'Resample the stack to one grid first.');
}

/**
 * Parallel images, one a slice in any order, as a volume: base to apex along depth, rescaled values (Modality LUT), 0 where
 * the scanner padded, voxel size and affine from ImagePositionPatient (0020,0032), ImageOrientationPatient (0020,0037) and
 * PixelSpacing (0028,0030).
 * @param images of `scanFiles` for a folder of one series; of a cine, or of several, the `image` of those targets of
 *   `planScan` that are of one stack and frame
 * @throws FileError for slices that are unevenly spaced, doubled or not alike; DicomError as reading them does
 * @throws GeometryError for no image, or ones that are not parallel
 * @example
 * const { targets } = await data.planStudies(await data.listFiles(study));
 * const still = targets.filter(({ frame }) => frame === 0).map(({ image }) => image);
 * (await data.readStack(still)).spacingMm; // [8.43275,8,8]
 */
export async function readStack(images: readonly ScannedImage[]): Promise<Volume> {
  const [first] = images;
  if (!first) throw new GeometryError('A volume needs at least one slice. Give the images of a stack.');
  const planes = images.map(({ header }) => header.plane);
  const stray = planes.findIndex((plane) => !sameOrientation(plane, planes[0]!));
  if (stray > 0) {
    const names = `${images[stray]!.source.path} is not parallel to ${first.source.path}`;
    throw new GeometryError(
      `${names}. Give the images of one stack; the targets of planScan say which they are.`,
    );
  }
  const positions = stackPositions(planes);
  const order = positions.map((_, i) => i).sort((a, b) => positions[a]! - positions[b]!);
  const slices = order.map((i) => images[i]!);
  expectEven(slices);
  return volumeOfNifti(await niftiOfSlices(slices), first.source.path);
}
