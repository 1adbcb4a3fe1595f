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
  /** [size, size, 2]: a* and b* of CIELAB; null of an image without colour. A view, not a copy. */
  colours(): Float32Array | null;
  /** The subject's group by a label; null where the data do not say. */
  group(label: string): string | null;
}

/**
 * The image at `index` of the data.
 * @param bare subjects whose images are as if nobody had annotated them
 */
export function sampleAt(
  { manifest, pixels, masks, colours }: PreparedData,
  index: number,
  bare?: ReadonlySet<string>,
): Sample {
  const area = manifest.size ** 2;
  const image = manifest.images[index]!;
  const known = !bare?.has(image.subject);
  return {
    ...image,
    index,
    pixels: () => pixels.subarray(index * area, (index + 1) * area),
    mask: () => (known && masks?.subarray(index * area, (index + 1) * area)) || null,
    colours: () => {
      const own = colours?.subarray(2 * index * area, 2 * (index + 1) * area);
      return own && !Number.isNaN(own[0]) ? own : null;
    },
    group: (label) => (known ? groupOf(manifest, label, image.subject) : null),
  };
}

/** Whether anything of an image's mask is known. */
export const isLabelled = (sample: Sample): boolean => sample.mask()?.some((v) => v !== UNKNOWN) ?? false;

/** All images, or those at `indices`, in that order. @param bare as of `sampleAt` */
export function samplesOf(
  data: PreparedData,
  indices?: readonly number[],
  bare?: ReadonlySet<string>,
): Sample[] {
  return (indices ?? [...data.manifest.images.keys()]).map((index) => sampleAt(data, index, bare));
}
