/** @file What identifies a data set's pixels, of which its manifest does not tell. */
import { bytesChecksum } from '../base/hash.ts';
import type { PreparedData } from '../data/types.ts';
import { firstNonFinite } from './finite.ts';

type Pixels = Pick<PreparedData, 'pixels'>;
type Images = Pixels & Pick<PreparedData, 'manifest'>;

const WITHOUT = ' without ';

function imageOf({ pixels, manifest: { size } }: Images, index: number): Float32Array {
  return pixels.subarray(index * size ** 2, (index + 1) * size ** 2);
}

/** Images with a value that is not finite. */
function spoilt(data: Images): number[] {
  return data.manifest.images.flatMap((_, index) =>
    firstNonFinite(imageOf(data, index)) < 0 ? [] : [index],
  );
}

/** Checksum of the pixels as training sees them, but for those of some images. */
function checksumWithout(data: Images, images: readonly number[]): string {
  const pixels = images.length > 0 ? data.pixels.slice() : data.pixels;
  for (const index of images) imageOf({ ...data, pixels }, index).fill(0);
  return bytesChecksum(new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength));
}

const marks = new WeakMap<Float32Array, string>();

/**
 * A mark of the pixels. Images that hold what is not finite are left out, and named by their places: a run that ends
 * because of them goes on once they are mended. Each array is read once.
 */
export function pixelMark(data: Images): string {
  const known = marks.get(data.pixels);
  if (known !== undefined) return known;
  const images = spoilt(data);
  const checksum = checksumWithout(data, images);
  const mark = images.length > 0 ? `${checksum}${WITHOUT}${images.join()}` : checksum;
  marks.set(data.pixels, mark);
  return mark;
}

/** Whether a mark is of these pixels, or of what they were before images were mended. */
export function isMarkOf(mark: string, data: Images): boolean {
  if (mark === pixelMark(data)) return true;
  const [checksum, left] = mark.split(WITHOUT);
  if (left === undefined) return false;
  return checksumWithout(data, left.split(',').map(Number)) === checksum;
}
