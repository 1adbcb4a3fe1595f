/** @file The data layer's public face, for Node and the browser alike. */

export { fromHalf, toHalf } from '../base/half.ts';
export { drawsOf, permutation, philox, type Words } from '../base/random.ts';
export {
  type AcdcFrame,
  type AcdcInfo,
  type AcdcPatient,
  findAcdc,
  parseAcdcInfo,
} from './acdc.ts';
export * from './affine.ts';
export type { Appearance, AppearanceOptions } from './appearance.ts';
export {
  type Augmentation,
  type AugmentationOptions,
  augmentLine,
  drawAugmentation,
} from './augmentation.ts';
export {
  type AppearanceSections,
  Batch,
  BatchLayout,
  type BatchSizes,
  type FieldValues,
  type Section,
} from './batch.ts';
export { type Companions, companionsOf } from './companions.ts';
export type { Decoded, Decoder, TurnedImage } from './decoding.ts';
export type { PixelFormat } from './dicom/format.ts';
export { parseHeader, readHeaders } from './dicom/frames.ts';
export type { DicomHeader } from './dicom/header.ts';
export type { Moment } from './dicom/moment.ts';
export { type PixelImage, readPixels } from './dicom/pixels.ts';
export { type Field, type FieldOptions, field, type Kind, type Row } from './field.ts';
export * from './geometry.ts';
export { type Choice, type Example, type Input, oneImage, type View } from './input.ts';
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
export type { PreparedSink, SinkKind } from './prepareinto.ts';
export { purposes } from './purposes.ts';
export { cropMap, onGrid, resample, zScore } from './resample.ts';
export { type Sample, sampleAt, samplesOf } from './sample.ts';
export { createSampler, type Labeller, type Sampler, type SamplerOptions } from './sampler.ts';
export { type LeftOut, type Progress, reasonOf, type Scan, type ScannedImage, scanFiles } from './scan.ts';
export { type Opened, type OpenOptions, openFiles } from './sources/open.ts';
export type { MaskOptions, Prepared, SourceOptions } from './sources/source.ts';
export { type Split, splitSubjects, subjectsOf } from './split.ts';
export * from './stackgeometry.ts';
export { decodeManifest, decodeStore, type FurtherFiles, type StoreFile } from './storedecode.ts';
export type { StoredManifest } from './storedmanifest.ts';
export { type EncodedStore, encodeStore } from './storeencode.ts';
export { coloursName, manifestName, masksName, pixelsName } from './storenames.ts';
export { type FrameEvidence, findSpaces, type Space, type Spaces } from './study/frames.ts';
export {
  type Outcome,
  planScan,
  planStudies,
  type StudyOptions,
  type StudyPlan,
} from './study/plan.ts';
export { chooseReference, type Reference, referenceLine, type TargetReference } from './study/references.ts';
export { buildStacks, evenRuns, type Images, type Stack, stackLocations } from './study/stacks.ts';
export { findSubjects, type SubjectRule, type Subjects } from './study/subjects.ts';
export { type SeriesRow, seriesRows } from './study/summary.ts';
export type { Target, TargetOptions } from './study/targets.ts';
export { parseViewRule, type ViewRule, viewOf } from './study/views.ts';
export * from './types.ts';
export { preparedMap, type Turn, turnOf } from './upright.ts';
export { defaultSize, defaultSpacingMm, type Grid, publishedGrid } from './usualgrid.ts';
export type { Values } from './values.ts';
export * from './volumes/index.ts';
