/** @file The names of a prepared store's files. */
import type { PreparedManifest } from './types.ts';

/** The file of a prepared store that says what its pixels are. */
export const manifestName = 'manifest.json';

/**
 * Name of the file that holds the pixels of a store.
 * @example
 * data.pixelsName('f16'); // "pixels.f16.bin"
 */
export const pixelsName = (dtype: PreparedManifest['dtype']): string => `pixels.${dtype}.bin`;

/**
 * Name of the file that holds the colours of a store whose images have any.
 * @example
 * data.coloursName('f16'); // "colours.f16.bin"
 */
export const coloursName = (dtype: PreparedManifest['dtype']): string => `colours.${dtype}.bin`;

/** Name of the file that holds the masks of a store of version 2. */
export const masksName = 'masks.u8.bin';

const dtypes = ['f32', 'f16'] as const;

/** All names that a store's files may have. */
export const storeNames: readonly string[] = [
  manifestName,
  ...dtypes.flatMap((dtype) => [pixelsName(dtype), coloursName(dtype)]),
  masksName,
];

/** What to do about a store that is not whole. */
export const advice = 'Prepare the data again.';
