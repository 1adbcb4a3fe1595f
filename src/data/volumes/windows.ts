/** @file Patches of volumes: cut out, and where to lay them so that they cover a volume (Isensee et al. 2021). */
import { type Axes, voxelsOf } from './grid.ts';
import type { Volume } from './volume.ts';

/** Where a patch may begin along an axis; before the first voxel where it is longer than the volume, to lie in its middle. */
export function startRange(side: number, patch: number): readonly [least: number, most: number] {
  if (patch <= side) return [0, side - patch];
  const start = -Math.floor((patch - side) / 2);
  return [start, start];
}

/** Where patches begin along an axis, at most `step` of a patch apart, evenly. */
function startsAlong(side: number, patch: number, step: number): number[] {
  const [least, most] = startRange(side, patch);
  const steps = Math.ceil((most - least) / Math.max(1, patch * step));
  return Array.from(
    { length: steps + 1 },
    (_, i) => least + Math.round((i * (most - least)) / Math.max(1, steps)),
  );
}

/**
 * First voxels of the patches that cover a volume of these sides.
 * @example
 * data.windowStarts([4, 8, 8], [4, 8, 4], 0.5); // [[0,0,0],[0,0,2],[0,0,4]]
 */
export function windowStarts(shape: Axes, patch: Axes, step: number): Axes[] {
  const [z, y, x] = shape.map((side, axis) => startsAlong(side, patch[axis]!, step)) as [
    number[],
    number[],
    number[],
  ];
  return z.flatMap((depth) => y.flatMap((row) => x.map((column): Axes => [depth, row, column])));
}

/** Standard deviation of the weights, as a share of the patch's side. */
const SIGMA = 1 / 8;

/**
 * How much each voxel of a patch counts, [depth, height, width]: a Gaussian about the middle, 1 at most.
 * @example
 * data.gaussianWeights([1, 1, 3]); // [0.0285655,1,0.0285655]
 */
export function gaussianWeights(patch: Axes): Float32Array {
  const along = patch.map((side) =>
    Float64Array.from({ length: side }, (_, i) => {
      const off = (i - (side - 1) / 2) / (SIGMA * side);
      return Math.exp(-(off ** 2) / 2);
    }),
  );
  const [depth, height, width] = patch;
  return Float32Array.from({ length: voxelsOf([depth, height, width]) }, (_, at) => {
    const [x, y, z] = [at % width, Math.floor(at / width) % height, Math.floor(at / (width * height))];
    return along[0]![z]! * along[1]![y]! * along[2]![x]!;
  });
}

/** Tells of each row of a patch that meets the volume: its place in both, voxels, and its length. */
export function eachRow(
  shape: Axes,
  start: Axes,
  patch: Axes,
  visit: (inVolume: number, inPatch: number, length: number) => void,
): void {
  const from = start.map((first) => Math.max(0, -first));
  const to = start.map((first, axis) => Math.min(patch[axis]!, shape[axis]! - first));
  for (let z = from[0]!; z < to[0]!; z++)
    for (let y = from[1]!; y < to[1]!; y++) {
      const inVolume = ((start[0] + z) * shape[1] + start[1] + y) * shape[2] + start[2] + from[2]!;
      visit(inVolume, (z * patch[1] + y) * patch[2] + from[2]!, to[2]! - from[2]!);
    }
}

/** Writes the patch of a volume that begins at `start` into [...patch, channels] of zeros: what lies beside stays 0. */
export function cutPatch(
  {
    data,
    shape,
    channels,
  }: Pick<Volume, 'shape' | 'channels'> & { readonly data: ArrayLike<number> & Sliceable },
  start: Axes,
  patch: Axes,
  into: Settable,
): void {
  eachRow(shape, start, patch, (inVolume, inPatch, length) => {
    into.set(data.subarray(inVolume * channels, (inVolume + length) * channels), inPatch * channels);
  });
}

interface Sliceable {
  subarray(from: number, to: number): ArrayLike<number>;
}

interface Settable {
  set(values: ArrayLike<number>, at: number): void;
}
