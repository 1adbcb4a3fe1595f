/** @file What identifies a data set's pixels, of which its manifest does not tell. */
import { checksumText, crc32 } from '../base/hash.ts';
import type { TrainingData } from '../data/types.ts';
import { bytesIn, pieces, type Values } from '../data/values.ts';
import { firstNonFinite } from './finite.ts';

type Images = Pick<TrainingData, 'pixels' | 'manifest'>;

const WITHOUT = ' without ';

/**
 * Checksum of the pixels as training sees them, but for those of some images, which count as zeros.
 * @param isLeft told of each image's place and values, in order
 */
function checksumOf(
  { pixels, manifest: { size } }: Images,
  isLeft: (index: number, values: Float32Array) => boolean,
): number {
  const area = size ** 2;
  let checksum = 0;
  for (const { begin, piece } of pieces(pixels, area)) {
    let own = piece;
    for (let at = 0; at < piece.length; at += area) {
      if (!isLeft((begin + at) / area, piece.subarray(at, at + area))) continue;
      if (own === piece) own = piece.slice();
      own.fill(0, at, at + area);
    }
    checksum = crc32(bytesIn(own), checksum);
  }
  return checksum;
}

const marks = new WeakMap<Values<Float32Array>, string>();

/**
 * A mark of the pixels. Images that hold what is not finite are left out, and named by their places: a run that ends
 * because of them goes on once they are mended. Each array is read once.
 */
export function pixelMark(data: Images): string {
  const known = marks.get(data.pixels);
  if (known !== undefined) return known;
  const spoilt: number[] = [];
  const checksum = checksumOf(data, (index, values) => {
    const isSpoilt = firstNonFinite(values) >= 0;
    if (isSpoilt) spoilt.push(index);
    return isSpoilt;
  });
  const mark = `${checksumText(checksum)}${spoilt.length > 0 ? `${WITHOUT}${spoilt.join()}` : ''}`;
  marks.set(data.pixels, mark);
  return mark;
}

/** Whether a mark is of these pixels, or of what they were before images were mended. */
export function isMarkOf(mark: string, data: Images): boolean {
  if (mark === pixelMark(data)) return true;
  const [checksum, left] = mark.split(WITHOUT);
  if (left === undefined) return false;
  const images = new Set(left.split(',').map(Number));
  return checksumText(checksumOf(data, (index) => images.has(index))) === checksum;
}
