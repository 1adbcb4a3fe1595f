/** @file Pieces of a segmentation source: volumes with masks, masks on the training grid, and the way back. */

export { type GridMask, type MaskSlice, maskOnGrid } from './mask.ts';
export { classesOnImage, type GridScores } from './native.ts';
export { type NamedBytes, namedBytes, type ReadVolume, readImageVolume, readMaskVolume } from './volumes.ts';
