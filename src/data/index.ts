/** @file The data layer's public face, for Node and the browser alike. */

export {
  type AcdcFrame,
  type AcdcInfo,
  type AcdcPatient,
  findAcdc,
  parseAcdcInfo,
} from './acdc.ts';
export * from './affine.ts';
export {
  type Augmentation,
  type AugmentationOptions,
  augmentLine,
  drawAugmentation,
} from './augmentation.ts';
export { type DicomHeader, type PixelFormat, parseHeader } from './dicom/header.ts';
export { type PixelImage, readPixels } from './dicom/pixels.ts';
export * from './geometry.ts';
export { fromHalf, toHalf } from './half.ts';
export {
  type ImageLabel,
  type LabelOptions,
  labelStudies,
  type ReferenceLabel,
  type StudyLabels,
} from './labels.ts';
export {
  type NiftiType,
  type NiftiVolume,
  niftiPlane,
  readNifti,
  type VoxelAffine,
  writeNifti,
} from './nifti.ts';
export { type PrepareOptions, prepare, preparePlan } from './prepare.ts';
export { permutation, philox, purposes, uniforms } from './random.ts';
export { cropMap, defaultSize, defaultSpacingMm, resample, zScore } from './resample.ts';
export {
  type Batch,
  createSampler,
  type Sampler,
  type SamplerOptions,
  type Split,
  splitSubjects,
  subjectsOf,
} from './sampler.ts';
export { type Progress, reasonOf, type Scan, type ScannedImage, scanFiles } from './scan.ts';
export { buildStacks, type Stack, stackLocations } from './stacks.ts';
export { decodeManifest, decodeStore, encodeStore, manifestName, pixelsName } from './store.ts';
export {
  planScan,
  planStudies,
  type StudyOptions,
  type StudyPlan,
  type Target,
  type TargetReference,
} from './study.ts';
export type * from './types.ts';
export { parseViewRule, type SubjectRule, subjectOf, type ViewRule, viewOf } from './views.ts';
