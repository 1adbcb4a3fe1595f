/** @file NIfTI volumes: read with scaling and geometry applied, write NIfTI-1 with the same bytes every time. */

export { type LabelType, writeLabels } from './nifti/labels.ts';
export { readNifti } from './nifti/read.ts';
export { type NiftiVolume, niftiPlane, type VoxelAffine } from './nifti/volume.ts';
export { type NiftiType, writeNifti } from './nifti/write.ts';
