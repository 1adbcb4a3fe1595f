/** @file Samples: prepared images with their pixels, one by one. */
import { groupOf } from './groups.ts';
import { type PreparedData, type PreparedImage, UNKNOWN } from './types.ts';

/** A prepared image on its grid. */
export interface Sample extends PreparedImage {
  /** Place in the prepared data. */
  readonly index: number;
  /** [size, size]; a view, not a copy. */
  pixels(): Float32Array;
  /** [size, size] class numbers, or UNKNOWN; null where the data have no masks. A view, not a copy. */
  mask(): Uint8Array | null;
  /** The subject's group by a label; null where the data do not say. */
  group(label: string): string | null;
}

/** The image at `index` of the data. */
export function sampleAt({ manifest, pixels, masks }: PreparedData, index: number): Sample {
  const area = manifest.size ** 2;
  const image = manifest.images[index]!;
  return {
    ...image,
    index,
    pixels: () => pixels.subarray(index * area, (index + 1) * area),
    mask: () => masks?.subarray(index * area, (index + 1) * area) ?? null,
    group: (label) => groupOf(manifest, label, image.subject),
  };
}

/** Whether anything of an image's mask is known. */
export const isLabelled = (sample: Sample): boolean => sample.mask()?.some((v) => v !== UNKNOWN) ?? false;

/** All images, or those at `indices`, in that order. */
export function samplesOf(data: PreparedData, indices?: readonly number[]): Sample[] {
  return (indices ?? [...data.manifest.images.keys()]).map((index) => sampleAt(data, index));
}
