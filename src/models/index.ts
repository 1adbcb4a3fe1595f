/** @file Networks and their weights. */
export { Declarations, Declared, type Init } from './declare.ts';
export { BatchNorm2d, Conv2d, type ConvOptions, ConvTranspose2d, Linear } from './layers.ts';
export { Module } from './module.ts';
export type { LoadReport, StateDict, Weight } from './state.ts';
export {
  declareUNet,
  type ForwardMode,
  UNet,
  type UNetOptions,
  type UNetOutputs,
  type UNetPreset,
  unetPresets,
} from './unet.ts';
export { decodeWeights, encodeWeights, readWeights, type WeightsMetadata } from './weights.ts';
