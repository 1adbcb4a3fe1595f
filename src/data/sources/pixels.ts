/** @file Pixels of many volumes as a data set holds them. */
import { fromHalf, toHalf } from '../../base/half.ts';
import type { PreparedManifest } from '../types.ts';

/** All volumes' pixels as one array, rounded as they are stored. */
export function joinPixels(
  volumes: readonly { readonly pixels: Float32Array }[],
  dtype: PreparedManifest['dtype'],
): Float32Array {
  const all = new Float32Array(volumes.reduce((sum, { pixels }) => sum + pixels.length, 0));
  let at = 0;
  for (const { pixels } of volumes) {
    all.set(pixels, at);
    at += pixels.length;
  }
  return dtype === 'f16' ? fromHalf(toHalf(all)) : all;
}
