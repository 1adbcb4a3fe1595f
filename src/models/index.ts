/** @file Networks and their weights. */
export { Declarations, Declared, type Init } from './declare.ts';
export {
  BatchNorm2d,
  Conv2d,
  type ConvOptions,
  type ConvSizes,
  ConvTranspose2d,
  type ConvTransposeOptions,
  Linear,
} from './layers.ts';
export { Module, type ModuleOptions } from './module.ts';
export type { LoadReport, StateDict, Weight } from './state.ts';
export {
  declareUNet,
  type ForwardMode,
  type Precision,
  UNet,
  type UNetOptions,
  type UNetOutputs,
  type UNetPreset,
  unetPresets,
} from './unet.ts';
export { decodeWeights, encodeWeights, readWeights, type WeightsMetadata } from './weights.ts';
