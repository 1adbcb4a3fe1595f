/** @file A stack of DICOM slices as one volume, with the spacing that their positions have. */
import { FileError, GeometryError } from '../../base/errors.ts';
import { locationToleranceMm, sameOrientation, stackPositions } from '../geometry.ts';
import type { ScannedImage } from '../scan.ts';
import { niftiOfSlices } from '../study/slices.ts';
import { add, length, scale, subtract } from '../vector.ts';
import { type Volume, volumeOfNifti } from './volume.ts';

/** How far a slice may lie from its place, as a share of the distance between slices. */
const evenShare = 0.02;

const millimetres = (mm: number): string => `${Number(mm.toPrecision(4))} mm`;

/** Throws FileError for the first slice that is there twice, or is not where an even stack has it. */
function expectEven(slices: readonly ScannedImage[]): void {
  const places = slices.map(({ header }) => header.plane.position);
  const gaps = places.slice(1).map((place, k) => length(subtract(place, places[k]!)));
  const pathOf = (k: number): string => slices[k]!.source.path;
  const twice = gaps.findIndex((gap) => gap < locationToleranceMm);
  if (twice >= 0)
    throw new FileError(pathOf(twice + 1), `lies where ${pathOf(twice)} does`, 'Give one image a slice.');
  const step = scale(subtract(places.at(-1)!, places[0]!), 1 / Math.max(1, gaps.length));
  const tolerance = Math.max(locationToleranceMm, evenShare * length(step));
  const stray = places.findIndex(
    (place, k) => length(subtract(place, add(places[0]!, scale(step, k)))) > tolerance,
  );
  if (stray < 0) return;
  throw new FileError(
    pathOf(stray),
    `lies ${millimetres(gaps[stray - 1]!)} from ${pathOf(stray - 1)}, where slices on average are ${millimetres(length(step))} apart (ImagePositionPatient (0020,0032))`,
    'A volume needs even distances: give the missing slices, or a part of the stack that has them.',
  );
}

/**
 * Parallel images, one a slice in any order, as a volume: base to apex along depth, rescaled values (Modality LUT), 0 where
 * the scanner padded, voxel size and affine from ImagePositionPatient (0020,0032), ImageOrientationPatient (0020,0037) and
 * PixelSpacing (0028,0030).
 * @param images of `scanFiles`, or `stack.locations.map(([phase]) => phase)` of `buildStacks`
 * @throws FileError for slices that are unevenly spaced, doubled or not alike; DicomError as reading them does
 * @throws GeometryError for no image, or ones that are not parallel
 */
export async function readStack(images: readonly ScannedImage[]): Promise<Volume> {
  const [first] = images;
  if (!first) throw new GeometryError('A volume needs at least one slice. Give the images of a stack.');
  const planes = images.map(({ header }) => header.plane);
  const stray = planes.findIndex((plane) => !sameOrientation(plane, planes[0]!));
  if (stray > 0) {
    const names = `${images[stray]!.source.path} is not parallel to ${first.source.path}`;
    throw new GeometryError(`${names}. Give the images of one stack (buildStacks finds them).`);
  }
  const positions = stackPositions(planes);
  const order = positions.map((_, i) => i).sort((a, b) => positions[a]! - positions[b]!);
  const slices = order.map((i) => images[i]!);
  expectEven(slices);
  return volumeOfNifti(await niftiOfSlices(slices), first.source.path);
}
