/** @file One frame of a patient: its slices on the prepared grid, and what they are labelled with. */
import { FileError } from '../../../base/errors.ts';
import type { AcdcFrame } from '../../acdc.ts';
import { transformPlane } from '../../geometry.ts';
import { niftiPlane } from '../../nifti.ts';
import { resample, zScore } from '../../resample.ts';
import { reasonOf } from '../../scan.ts';
import { namedBytes, type ReadVolume, readImageVolume, readMaskVolume } from '../../segmentation/index.ts';
import type { Affine, FileSource, ImagePlane, PreparedImage, SkippedFile } from '../../types.ts';
import { alongAxis, preparedMap, type Turn, turnOf, upright } from '../../upright.ts';
import { labelsOnGrid, type Warn } from './labels.ts';
import type { VolumeLabels } from './masks.ts';
import { type SliceOrder, sliceOrder } from './order.ts';

/** View of every ACDC volume. */
export const acdcView = 'short-axis';

export interface PreparedVolume {
  readonly file: string;
  /** Of its slices in the file, pixels. */
  readonly sides: { readonly rows: number; readonly columns: number };
  /** From pixels of the file to those of the prepared grid. */
  readonly map: Affine;
  readonly images: readonly PreparedImage[];
  /** [slices, size, size] */
  readonly pixels: Float32Array;
  /** Null where there are none that can be used. */
  readonly labels: VolumeLabels | null;
}

/** What a volume is prepared for. */
export interface Place {
  readonly subject: string;
  /** Index of the frame in its cine, from 0. */
  readonly frame: number;
  readonly phase: AcdcFrame['phase'];
  readonly size: number;
  readonly spacingMm: number;
  /** Of all slices, where it is known from elsewhere than the file. */
  readonly turn?: Turn;
}

export interface Told {
  readonly warn: Warn;
  readonly skip: (file: SkippedFile) => void;
}

/** Slices of a stack are further apart than pixels; where another axis has the widest steps, they lie along that one. */
const widestShare = 1.5;

function warnOf(volume: ReadVolume, warn: Warn): void {
  for (const message of volume.notices) warn(volume.file, { code: 'NIFTI', message });
  const [i, j, k] = volume.spacing as [number, number, number];
  if (Math.max(i, j) < widestShare * k) return;
  const sizes = [i, j, k].map((mm) => Number(mm.toPrecision(3))).join(' × ');
  const message = `Voxels are ${sizes} mm, so slices may not lie along the third axis, as which they are taken.`;
  warn(volume.file, { code: 'SLICE_AXIS', message });
}

/** The slices resampled, then z-scored together: the brightness of one slice beside another's stays. */
function pixelsOf(volume: ReadVolume, order: readonly number[], map: Affine, size: number, warn: Warn) {
  const [columns, rows] = volume.dims as [number, number];
  const pixels = new Float32Array(order.length * size * size);
  for (const [slice, k] of order.entries()) {
    const values = volume.data.subarray(k * rows * columns, (k + 1) * rows * columns);
    pixels.set(resample({ rows, columns, values }, map, size), slice * size * size);
  }
  const deviation = zScore(pixels);
  if (Number.isNaN(deviation))
    throw new FileError(volume.file, 'holds values too large to be normalised', 'Scale them down.');
  if (deviation === 0)
    warn(volume.file, { code: 'CONSTANT', message: 'Every pixel has one value; the slices are zeros.' });
  return pixels;
}

function imagesOf(volume: ReadVolume, place: Place, { order, locations }: SliceOrder, map: Affine) {
  const { subject, frame, phase, size } = place;
  return order.map(
    (k, slice): PreparedImage => ({
      subject,
      file: volume.file,
      fileFrame: k,
      view: acdcView,
      space: 0,
      frame,
      slice,
      lines: [],
      location: locations?.[k] ?? null,
      plane: transformPlane(niftiPlane(volume, k), map, size, size),
      ...(phase && { phase }),
    }),
  );
}

/** The mask on its image's grid; null, and told of, where it cannot be used. */
async function readMask(source: FileSource, image: ReadVolume, { skip, warn }: Told) {
  try {
    const mask = readMaskVolume(await namedBytes(source), image);
    for (const message of mask.notices) warn(mask.file, { code: 'NIFTI', message });
    return mask;
  } catch (error) {
    skip({ file: source.path, reason: reasonOf(error) });
    return null;
  }
}

function noteOrder(volume: ReadVolume, { locations }: SliceOrder, warn: Warn): void {
  if (locations !== null || volume.dims[2] === 1) return;
  const message =
    'The file does not say how its slices lie in the heart; they are numbered as they stand there, without locations.';
  warn(volume.file, { code: 'ORDER_UNKNOWN', message });
}

/** Slices are stood up where the file says how they lie; elsewhere, as in the files of ACDC, they are taken as they come. */
const volumeTurn = (plane: ImagePlane, { placed }: ReadVolume): Turn =>
  placed && !alongAxis(plane) ? turnOf(acdcView, plane) : upright;

/** Throws FileError or GeometryError where the image cannot be used; a mask that cannot is told of. */
export async function prepareVolume(
  { image, labels }: AcdcFrame,
  place: Place,
  told: Told,
): Promise<PreparedVolume> {
  const { size, spacingMm } = place;
  const volume = readImageVolume(await namedBytes(image));
  const planes = Array.from({ length: volume.dims[2]! }, (_, k) => niftiPlane(volume, k));
  const order = sliceOrder(planes, volume.placed);
  const map = preparedMap(planes[0]!, place.turn ?? volumeTurn(planes[0]!, volume), size, spacingMm);
  const images = imagesOf(volume, place, order, map);
  const pixels = pixelsOf(volume, order.order, map, size, told.warn);
  warnOf(volume, told.warn);
  noteOrder(volume, order, told.warn);
  const mask = labels && (await readMask(labels, volume, told));
  return {
    file: image.path,
    sides: { rows: volume.dims[1]!, columns: volume.dims[0]! },
    map,
    images,
    pixels,
    labels: mask && labelsOnGrid(mask, order.order, map, size, told.warn),
  };
}
