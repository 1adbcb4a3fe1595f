/** @file The data layer's public face, for Node and the browser alike. */

export * from './affine.ts';
export { type DicomHeader, type PixelFormat, parseHeader } from './dicom.ts';
export * from './geometry.ts';
export { type PixelImage, readPixels } from './pixels.ts';
export type * from './types.ts';
