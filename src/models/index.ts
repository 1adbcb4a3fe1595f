/** @file Networks and their weights. */

export { type AverageSettings, MovingAverage } from './average.ts';
export type { Body, BodyMode, Features, Tap } from './body.ts';
export { Declarations, Declared, type Init } from './declare.ts';
export { type DecodedHeadOptions, decodedHead } from './decodedHead.ts';
export {
  type BodySpec,
  declareHeaded,
  type HeadedLayers,
  HeadedNetwork,
  type HeadedOptions,
  type Outputs,
  type Precision,
} from './headed.ts';
export {
  type GridHeadOptions,
  type GroupedHeadOptions,
  gridHead,
  groupedHead,
  type Head,
  type PixelHeadOptions,
  type PooledHeadOptions,
  pixelHead,
  pooledHead,
} from './heads.ts';
export type { Layer, LayerMode, LayerSpec } from './layer.ts';
export {
  BatchNorm2d,
  type BatchNorm2dOptions,
  Conv2d,
  type ConvOptions,
  type ConvSizes,
  ConvTranspose2d,
  type ConvTransposeOptions,
  Linear,
} from './layers.ts';
export {
  Conv3d,
  type Conv3dLayerOptions,
  type Conv3dSizes,
  ConvTranspose3d,
  type ConvTranspose3dLayerOptions,
} from './layers3d.ts';
export type {
  LevelUNetOptions,
  PlainConvUNetOptions,
  ResidualEncoderUNetOptions,
} from './levelSettings.ts';
export {
  type LevelPlan,
  type LevelPlanOptions,
  planLevels,
  type UNetLevel,
} from './levels.ts';
export { type LevelUNet, PlainConvUNet, ResidualEncoderUNet } from './levelUnet.ts';
export { Module, type ModuleOptions } from './module.ts';
export {
  BatchNorm,
  type BatchNormLayerOptions,
  GroupNorm,
  InstanceNorm2d,
  LayerNorm,
  type NormOptions,
  RMSNorm,
} from './norms.ts';
export { Network, type NetworkOptions, Sequential } from './sequential.ts';
export type { LayerList, UpsampleLayerOptions } from './specs.ts';
export * as layers from './specs.ts';
export type { LoadReport, StateDict, Weight } from './state.ts';
export { deepSupervision, supervisionWeights } from './supervision.ts';
export {
  declareUNet,
  type ForwardMode,
  UNet,
  type UNetOptions,
  type UNetOutputs,
  type UNetPreset,
  unetPresets,
} from './unet.ts';
export { UNetBody, type UNetSizes } from './unetBody.ts';
export { decodeWeights, encodeWeights, readWeights, type WeightsMetadata } from './weights.ts';
