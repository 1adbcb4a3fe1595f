/** @file Volumes of intensities and of labels, from and to NIfTI. */
import { FileError, ShapeError } from '../../base/errors.ts';
import type { NiftiVolume } from '../nifti/volume.ts';
import { zScore } from '../resample.ts';
import { cornerDistanceMm, gridTolerance, readImageVolume, readMaskVolume } from '../segmentation/volumes.ts';
import { type Axes, expectValues, type VolumeGrid, voxelsOf } from './grid.ts';

/** Intensities, or scores of classes, on a grid. */
export interface Volume extends VolumeGrid {
  /** Numbers of each voxel: sequences of the same anatomy, or classes. */
  readonly channels: number;
  /** [depth, height, width, channels]. */
  readonly data: Float32Array;
  /** What it was read from, for messages. */
  readonly file?: string;
  /** Where the file contradicts itself, what was believed: sentences for the user. */
  readonly notices?: readonly string[];
}

/** Classes of voxels, 0 the background, on a grid. */
export interface LabelVolume extends VolumeGrid {
  /** [depth, height, width]. */
  readonly data: Uint8Array;
  /** As a volume's. */
  readonly notices?: readonly string[];
}

/** Of a NIfTI volume's axes, i first, those of a volume, depth first. */
const axesOf = ([i, j, k]: readonly number[]): Axes => [k!, j!, i!];

/** NIfTI has i fastest, as volumes have width: the values are the same. */
function gridOf({ dims, spacing, affine }: NiftiVolume): VolumeGrid {
  return { shape: axesOf(dims), spacingMm: axesOf(spacing), affine };
}

/**
 * A NIfTI volume of three dimensions as a volume of one channel; it shares the values.
 * @example
 * const affine = [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 8, 0, 0, 0, 0, 1];
 * data.volumeOfNifti({ dims: [2, 1, 3], spacing: [2, 2, 8], affine, data: new Float32Array(6) }).shape; // [3,1,2]
 */
export function volumeOfNifti(nifti: NiftiVolume, file?: string): Volume {
  const { dims, data, notices } = nifti;
  if (dims.length !== 3) {
    const problem = `are [${dims.join(', ')}]`;
    throw new ShapeError('volumeOfNifti', 'dims', problem, 'Give one volume of three dimensions.');
  }
  return {
    ...gridOf(nifti),
    channels: 1,
    data,
    ...(file !== undefined && { file }),
    ...(notices && { notices }),
  };
}

/**
 * A volume of one channel, or labels, for `writeNifti`: on the same grid to the bit.
 * @throws ShapeError for more channels
 * @example
 * const affine = [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 8, 0, 0, 0, 0, 1];
 * const labels = { shape: [3, 1, 2], spacingMm: [8, 2, 2], affine, data: new Uint8Array(6) };
 * const { dims, spacing } = data.niftiOfVolume(labels);
 * [dims, spacing]; // [[2,1,3],[2,2,8]]
 */
export function niftiOfVolume(volume: Volume | LabelVolume): NiftiVolume {
  const channels = 'channels' in volume ? volume.channels : 1;
  if (channels !== 1) {
    const fix = 'Write each channel, or the classes that labelsOnGrid gives.';
    throw new ShapeError('niftiOfVolume', 'volume', `has ${channels} channels`, fix);
  }
  expectValues('niftiOfVolume', 'volume', volume);
  const { shape, spacingMm, affine, data } = volume;
  const values = data instanceof Float32Array ? data : Float32Array.from(data);
  return { dims: axesOf(shape), spacing: axesOf(spacingMm), affine, data: values };
}

/**
 * Reads an image, .nii or .nii.gz, with scaling and affine applied.
 * @throws FileError naming the file for what is no volume of three dimensions, is damaged, or not finite
 * @example
 * const affine = [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 8, 0, 0, 0, 0, 1];
 * const bytes = data.writeNifti({ dims: [2, 1, 3], spacing: [2, 2, 8], affine, data: new Float32Array(6) });
 * const { shape, spacingMm } = data.readVolume(bytes, 'heart.nii');
 * [shape, spacingMm]; // [[3,1,2],[8,2,2]]
 */
export function readVolume(bytes: Uint8Array, file: string): Volume {
  return volumeOfNifti(readImageVolume({ bytes, file }), file);
}

/** The first value that is no class, and where it lies (i, j, k). */
function expectClasses({ data, dims }: NiftiVolume, file: string): void {
  const stray = data.findIndex((v) => !(Number.isInteger(v) && v >= 0 && v <= 255));
  if (stray < 0) return;
  const [i, j] = dims as [number, number];
  const at = [stray % i, Math.floor(stray / i) % j, Math.floor(stray / (i * j))];
  throw new FileError(
    file,
    `holds ${data[stray]} at voxel [${at.join(', ')}]`,
    'Labels are whole numbers from 0, the background, to 255.',
  );
}

/**
 * Reads the labels of an image that was read from NIfTI or DICOM.
 * @throws FileError naming the file for what lies on another grid than the image, or holds what is no class
 * @example
 * const affine = [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 8, 0, 0, 0, 0, 1];
 * const image = { shape: [2, 1, 2], spacingMm: [8, 2, 2], affine, channels: 1, data: new Float32Array(4) };
 * const bytes = data.writeNifti({ dims: [2, 1, 2], spacing: [2, 2, 8], affine, data: Float32Array.of(0, 1, 1, 3) });
 * data.readLabelVolume(bytes, 'heart_gt.nii', image).data; // [0,1,1,3]
 */
export function readLabelVolume(bytes: Uint8Array, file: string, image: Volume): LabelVolume {
  const { dims, spacing, affine } = niftiOfVolume(image);
  const beside = { dims, spacing, affine, file: image.file ?? 'the image', placed: true, notices: [] };
  const mask = readMaskVolume({ bytes, file }, beside);
  expectClasses(mask, file);
  // the image's grid, so that both stay on one when they are resampled
  const { shape, spacingMm } = image;
  return { shape, spacingMm, affine, data: Uint8Array.from(mask.data), notices: mask.notices };
}

/**
 * Each channel with mean 0 and standard deviation 1; a constant one becomes zeros.
 * @example
 * const affine = [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1];
 * const volume = { shape: [1, 1, 2], spacingMm: [2, 2, 2], affine, channels: 1, data: Float32Array.of(10, 30) };
 * data.normalizeVolume(volume).data; // [-1,1]
 */
export function normalizeVolume(volume: Volume): Volume {
  const { channels } = volume;
  expectValues('normalizeVolume', 'volume', volume, channels);
  const data = new Float32Array(volume.data.length);
  for (let c = 0; c < channels; c++) {
    const own = channelOf(volume, c);
    zScore(own);
    for (let i = 0; i < own.length; i++) data[i * channels + c] = own[i]!;
  }
  return { ...volume, data };
}

/** One channel's values, a copy. */
export function channelOf({ data, channels, shape }: Volume, channel: number): Float32Array {
  const own = new Float32Array(voxelsOf(shape));
  for (let i = 0; i < own.length; i++) own[i] = data[i * channels + channel]!;
  return own;
}

/**
 * Volumes of one anatomy on one grid, several sequences say, as the channels of one.
 * @throws ShapeError for volumes of other sides, or that lie more than a tenth of a voxel apart
 * @example
 * const affine = [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1];
 * const grid = { shape: [1, 1, 2], spacingMm: [2, 2, 2], affine, channels: 1 };
 * const [first, second] = [Float32Array.of(1, 2), Float32Array.of(10, 20)];
 * data.joinChannels([{ ...grid, data: first }, { ...grid, data: second }]).data; // [1,10,2,20]
 */
export function joinChannels(volumes: readonly Volume[]): Volume {
  const call = 'joinChannels';
  const [first] = volumes;
  if (!first) throw new ShapeError(call, 'volumes', 'is an empty list', 'Give one volume or more.');
  const channels = volumes.reduce((sum, volume) => sum + volume.channels, 0);
  const data = new Float32Array(channels * voxelsOf(first.shape));
  let before = 0;
  for (const [i, volume] of volumes.entries()) {
    expectValues(call, `volumes[${i}]`, volume, volume.channels);
    expectSameGrid(call, `volumes[${i}]`, volume, first);
    for (let at = 0; at < volume.data.length; at++) {
      const voxel = Math.floor(at / volume.channels);
      data[voxel * channels + before + (at % volume.channels)] = volume.data[at]!;
    }
    before += volume.channels;
  }
  return { ...first, channels, data };
}

/** @throws ShapeError for a grid of other sides than the first one's, or that lies more than a tenth of a voxel from it */
export function expectSameGrid(call: string, argument: string, grid: VolumeGrid, first: VolumeGrid): void {
  const fix = 'Bring all to one grid.';
  if (grid.shape.join() !== first.shape.join()) {
    const problem = `has ${grid.shape.join(' × ')} voxels, the first ${first.shape.join(' × ')}`;
    throw new ShapeError(call, argument, problem, fix);
  }
  const placed = ({ shape, affine }: VolumeGrid) => ({ dims: axesOf(shape), affine });
  const distance = cornerDistanceMm(placed(grid), placed(first));
  if (distance <= gridTolerance * Math.min(...first.spacingMm)) return;
  const problem = `lies up to ${Number(distance.toPrecision(3))} mm from the first`;
  throw new ShapeError(call, argument, problem, fix);
}
