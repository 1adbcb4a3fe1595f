/** @file Normalisations, as networks list them. */
import type { Shape } from '../../tensor/shape.ts';
import type { LayerSpec } from '../layer.ts';
import {
  BatchNorm,
  type BatchNormLayerOptions,
  GroupNorm,
  InstanceNorm2d,
  LayerNorm,
  type NormOptions,
  RMSNorm,
} from '../norms.ts';

/**
 * Over all axes but the last.
 * @example
 * const net = new Network(device, layers.batchNorm(3));
 * const result = net.forward(zeros(device, [2, 4, 4, 3]), { training: false }).shape;
 * net.dispose();
 * result; // [2, 4, 4, 3]
 */
export const batchNorm =
  (channels: number, options?: BatchNormLayerOptions): LayerSpec =>
  (at) =>
    new BatchNorm(at, channels, options);

/**
 * Over the last axes, of sizes `shape`.
 * @example
 * const net = new Network(device, layers.layerNorm(3));
 * const result = net.forward(zeros(device, [4, 3]), { training: false }).shape;
 * net.dispose();
 * result; // [4, 3]
 */
export const layerNorm =
  (shape: number | Shape, options?: NormOptions): LayerSpec =>
  (at) =>
    new LayerNorm(at, shape, options);

/**
 * Over the last axes, of sizes `shape`.
 * @example
 * const net = new Network(device, layers.rmsNorm(3));
 * const result = net.forward(zeros(device, [4, 3]), { training: false }).shape;
 * net.dispose();
 * result; // [4, 3]
 */
export const rmsNorm =
  (shape: number | Shape, options?: NormOptions): LayerSpec =>
  (at) =>
    new RMSNorm(at, shape, options);

/**
 * Over the pixels and the channels of each group.
 * @example
 * const net = new Network(device, layers.groupNorm(2, 4));
 * const result = net.forward(zeros(device, [1, 2, 2, 4]), { training: false }).shape;
 * net.dispose();
 * result; // [1, 2, 2, 4]
 */
export const groupNorm =
  (groups: number, channels: number, options?: NormOptions): LayerSpec =>
  (at) =>
    new GroupNorm(at, groups, channels, options);

/**
 * Over the pixels of each image and channel.
 * @example
 * const net = new Network(device, layers.instanceNorm2d(2));
 * const result = net.forward(zeros(device, [1, 2, 2, 2]), { training: false }).shape;
 * net.dispose();
 * result; // [1, 2, 2, 2]
 */
export const instanceNorm2d =
  (channels: number, options?: NormOptions): LayerSpec =>
  (at) =>
    new InstanceNorm2d(at, channels, options);
