/** @file Volumes as data: read, resampled, cut into patches, and labels written on the grid they came from. */

export { type Axes, gridOfShape, gridOfSpacing, type VolumeGrid } from './grid.ts';
export {
  type LabelledVolume,
  type Patches,
  type PatchOptions,
  type PatchPlace,
  PatchSampler,
} from './patches.ts';
export { labelsOnGrid, resampleLabels, resampleVolume } from './resample.ts';
export { readStack } from './stack.ts';
export {
  joinChannels,
  type LabelVolume,
  niftiOfVolume,
  normalizeVolume,
  readLabelVolume,
  readVolume,
  type Volume,
  volumeOfNifti,
} from './volume.ts';
export { gaussianWeights, windowStarts } from './windows.ts';
