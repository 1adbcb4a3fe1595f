/** @file Samples: prepared images with their pixels, one by one. */
import { isLazy, lazyList } from '../base/lazy.ts';
import { groupOf } from './groups.ts';
import { type PreparedImage, type TrainingData, UNKNOWN } from './types.ts';

/** A prepared image on its grid. */
export interface Sample extends PreparedImage {
  /** Place in the prepared data. */
  readonly index: number;
  /** [size, size]; of data in memory a view, not a copy. @throws FileError where they cannot be read any more */
  pixels(): Float32Array;
  /** [size, size] class numbers, or UNKNOWN; null where the data have no masks. As `pixels`. */
  mask(): Uint8Array | null;
  /** [size, size, 2]: a* and b* of CIELAB; null of an image without colour. As `pixels`. */
  colours(): Float32Array | null;
  /** The subject's group by a label; null where the data do not say. */
  group(label: string): string | null;
}

/**
 * The image at `index` of the data.
 * @param bare subjects whose images are as if nobody had annotated them
 * @example
 * const images = [{ subject: 'A' }, { subject: 'B' }];
 * const sample = data.sampleAt({ manifest: { size: 1, images }, pixels: Float32Array.of(5, 6) }, 1);
 * [sample.subject, sample.pixels()]; // ["B",[6]]
 */
export function sampleAt(
  { manifest, pixels, masks, colours }: TrainingData,
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

/**
 * All images, or those at `indices`, in that order; made as they are asked for where the data are not in memory.
 * @param bare as of `sampleAt`
 * @example
 * const images = [{ subject: 'A' }, { subject: 'B' }, { subject: 'C' }];
 * const samples = data.samplesOf({ manifest: { size: 1, images }, pixels: Float32Array.of(5, 6, 7) }, [2, 0]);
 * samples.map(({ subject }) => subject); // ["C","A"]
 */
export function samplesOf(
  data: TrainingData,
  indices?: readonly number[],
  bare?: ReadonlySet<string>,
): readonly Sample[] {
  const { images } = data.manifest;
  const at = (place: number): Sample => sampleAt(data, indices ? indices[place]! : place, bare);
  const count = indices?.length ?? images.length;
  return isLazy(images) ? lazyList(count, at) : Array.from({ length: count }, (_, place) => at(place));
}
