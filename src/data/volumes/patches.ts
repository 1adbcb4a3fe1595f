/** @file Random patches of labelled volumes, some of which hold foreground for certain (Isensee et al. 2021). */
import { ConfigError, ShapeError } from '../../base/errors.ts';
import { drawsOf } from '../../base/random.ts';
import { expectNumber, expectSettings, expectWhole } from '../../base/settings.ts';
import { purposes } from '../purposes.ts';
import { type Axes, expectSides, expectValues, voxelsOf } from './grid.ts';
import { expectSameGrid, type LabelVolume, type Volume } from './volume.ts';
import { cutPatch, startRange } from './windows.ts';

/** An image and its labels on one grid. */
export interface LabelledVolume {
  readonly image: Volume;
  readonly labels: LabelVolume;
}

/** Of a `PatchSampler`: the patches’ size, and how they are drawn. */
export interface PatchOptions {
  /** Sides of a patch [depth, height, width], voxels; where a volume is smaller, zeros and background lie around it. */
  readonly patch: readonly number[];
  /** Integer from 0; default 0. */
  readonly seed?: number;
  /** Share of patches about a voxel of a class that is not background, 0 … 1; default ⅓. */
  readonly foreground?: number;
}

/** Patches, ready for tensors of the shapes given. */
export interface Patches {
  /** [patches, ...patch, channels]. */
  readonly images: Float32Array;
  /** [patches, ...patch]. */
  readonly labels: Int32Array;
  /** Of each: which volume, where it begins, and the class that it is about, 0 where it is anywhere. */
  readonly places: readonly PatchPlace[];
}

/** Where a patch lies in its volume, voxels. */
export interface PatchPlace {
  readonly volume: number;
  readonly start: Axes;
  readonly about: number;
}

/** Voxels of each class in each slice, of the classes that are there but the background. */
type Counts = ReadonlyMap<number, Float64Array>;

function countsOf({ data, shape: [depth, height, width] }: LabelVolume): Counts {
  const counts = new Map<number, Float64Array>();
  for (let i = 0; i < data.length; i++) {
    const one = data[i]!;
    if (one === 0) continue;
    const own = counts.get(one) ?? new Float64Array(depth);
    counts.set(one, own);
    own[Math.floor(i / (height * width))]! += 1;
  }
  return new Map([...counts].sort(([a], [b]) => a - b));
}

type Next = () => number;
const among = (count: number, next: Next): number => Math.floor(next() * count);

/** A voxel of a class, each as likely. */
function voxelOf(
  { data, shape: [, height, width] }: LabelVolume,
  one: number,
  slices: Float64Array,
  next: Next,
): Axes {
  let left = among(
    slices.reduce((a, b) => a + b, 0),
    next,
  );
  const z = slices.findIndex((count) => {
    if (left < count) return true;
    left -= count;
    return false;
  });
  let at = z * height * width - 1;
  do at = data.indexOf(one, at + 1);
  while (left-- > 0);
  return [z, Math.floor(at / width) % height, at % width];
}

/**
 * Random patches of labelled volumes. Patch `number` depends on seed and number alone, so a training that goes on begins
 * where it stopped. Of any run of them the share `foreground` lies about a voxel of a class, the class drawn first, among
 * those of its volume; the others lie anywhere.
 * @example
 * const affine = [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1];
 * const grid = { shape: [4, 4, 4], spacingMm: [2, 2, 2], affine };
 * const image = { ...grid, channels: 1, data: new Float32Array(64) };
 * const labels = { ...grid, data: Uint8Array.from({ length: 64 }, (_, i) => Number(i === 63)) };
 * const sampler = new data.PatchSampler([{ image, labels }], { patch: [2, 2, 2], foreground: 1 });
 * sampler.take(0, 1).places; // [{"volume":0,"start":[2,2,2],"about":1}]
 */
export class PatchSampler {
  readonly #volumes: readonly LabelledVolume[];
  readonly #counts: readonly Counts[];
  /** Volumes that hold a class. */
  readonly #telling: readonly number[];
  readonly #patch: Axes;
  readonly #seed: number;
  readonly #foreground: number;

  /**
   * @throws ShapeError for labels on another grid than their image, or images of different channels
   * @throws ConfigError for options that are none, and where no volume holds the foreground that is asked for
   */
  constructor(volumes: readonly LabelledVolume[], options: PatchOptions) {
    const call = 'PatchSampler';
    expectSettings(`options of ${call}`, options, ['patch', 'seed', 'foreground']);
    const { patch, seed = 0, foreground = 1 / 3 } = options;
    expectWhole(`${call}: seed`, seed, 0);
    expectNumber(`${call}: foreground`, foreground, { most: 1 });
    if (!Array.isArray(volumes) || volumes.length === 0)
      throw new ShapeError(call, 'volumes', 'is an empty list', 'Give one labelled volume or more.');
    for (const [i, { image, labels }] of volumes.entries()) {
      expectValues(call, `volumes[${i}].image`, image, volumes[0]!.image.channels);
      expectValues(call, `volumes[${i}].labels`, labels);
      expectSameGrid(call, `volumes[${i}].labels`, labels, image);
    }
    this.#patch = expectSides(call, 'patch', patch);
    this.#volumes = volumes;
    this.#counts = volumes.map(({ labels }) => countsOf(labels));
    this.#telling = this.#counts.flatMap(({ size }, i) => (size > 0 ? [i] : []));
    if (foreground > 0 && this.#telling.length === 0)
      throw new ConfigError(`${call}: no volume holds a class but the background. Use foreground: 0.`);
    this.#seed = seed;
    this.#foreground = foreground;
  }

  /** Patches `first` … `first + count − 1`. @throws ConfigError for numbers that are none */
  take(first: number, count: number): Patches {
    expectWhole('PatchSampler.take: first', first, 0);
    expectWhole('PatchSampler.take: count', count, 1);
    const voxels = voxelsOf(this.#patch);
    const { channels } = this.#volumes[0]!.image;
    const images = new Float32Array(count * voxels * channels);
    const labels = new Int32Array(count * voxels);
    const places = Array.from({ length: count }, (_, i) => {
      const place = this.#placeOf(first + i);
      const own = this.#volumes[place.volume]!;
      const part = images.subarray(i * voxels * channels, (i + 1) * voxels * channels);
      cutPatch(own.image, place.start, this.#patch, part);
      const classes = labels.subarray(i * voxels, (i + 1) * voxels);
      cutPatch({ ...own.labels, channels: 1 }, place.start, this.#patch, classes);
      return place;
    });
    return { images, labels, places };
  }

  #placeOf(number: number): PatchPlace {
    const next = drawsOf(this.#seed, purposes.patch, number);
    const share = this.#foreground;
    const certain = Math.floor((number + 1) * share + 1e-9) > Math.floor(number * share + 1e-9);
    const volume = certain
      ? this.#telling[among(this.#telling.length, next)]!
      : among(this.#volumes.length, next);
    const { labels } = this.#volumes[volume]!;
    const ranges = labels.shape.map((side, axis) => startRange(side, this.#patch[axis]!));
    if (!certain) {
      const start = ranges.map(([least, most]) => least + among(most - least + 1, next));
      return { volume, start: start as unknown as Axes, about: 0 };
    }
    const counts = [...this.#counts[volume]!];
    const [about, slices] = counts[among(counts.length, next)]!;
    const voxel = voxelOf(labels, about, slices, next);
    const start = ranges.map(([least, most], axis) =>
      Math.min(most, Math.max(least, voxel[axis]! - Math.floor(this.#patch[axis]! / 2))),
    );
    return { volume, start: start as unknown as Axes, about };
  }
}
