/** @file Layers with weights, as networks list them: convolutions and linear maps. */
import type { LayerSpec } from '../layer.ts';
import { Conv2d, type ConvOptions, ConvTranspose2d, type ConvTransposeOptions, Linear } from '../layers.ts';
import {
  Conv3d,
  type Conv3dLayerOptions,
  ConvTranspose3d,
  type ConvTranspose3dLayerOptions,
} from '../layers3d.ts';

/**
 * [N, H, W, channelsIn] to [N, H′, W′, channelsOut].
 * @example
 * const net = new Network(device, layers.conv2d({ channelsIn: 1, channelsOut: 2, kernel: 3 }));
 * const result = net.forward(zeros(device, [1, 8, 8, 1]), { training: false }).shape;
 * net.dispose();
 * result; // [1, 6, 6, 2]
 */
export const conv2d =
  (options: ConvOptions): LayerSpec =>
  (at) =>
    new Conv2d(at, options);

/**
 * [N, H, W, channelsIn] to [N, H′, W′, channelsOut].
 * @example
 * const net = new Network(device, layers.convTranspose2d({ channelsIn: 1, channelsOut: 2, kernel: 2, stride: 2 }));
 * const result = net.forward(zeros(device, [1, 4, 4, 1]), { training: false }).shape;
 * net.dispose();
 * result; // [1, 8, 8, 2]
 */
export const convTranspose2d =
  (options: ConvTransposeOptions): LayerSpec =>
  (at) => {
    const layer = new ConvTranspose2d(at, options);
    return { forward: (x) => layer.forward(x) };
  };

/**
 * [N, D, H, W, channelsIn] to [N, D′, H′, W′, channelsOut].
 * @example
 * const net = new Network(device, layers.conv3d({ channelsIn: 1, channelsOut: 2, kernel: 3 }));
 * const result = net.forward(zeros(device, [1, 4, 4, 4, 1]), { training: false }).shape;
 * net.dispose();
 * result; // [1, 2, 2, 2, 2]
 */
export const conv3d =
  (options: Conv3dLayerOptions): LayerSpec =>
  (at) =>
    new Conv3d(at, options);

/**
 * [N, D, H, W, channelsIn] to [N, D′, H′, W′, channelsOut].
 * @example
 * const net = new Network(device, layers.convTranspose3d({ channelsIn: 1, channelsOut: 2, kernel: 2, stride: 2 }));
 * const result = net.forward(zeros(device, [1, 2, 2, 2, 1]), { training: false }).shape;
 * net.dispose();
 * result; // [1, 4, 4, 4, 2]
 */
export const convTranspose3d =
  (options: ConvTranspose3dLayerOptions): LayerSpec =>
  (at) => {
    const layer = new ConvTranspose3d(at, options);
    return { forward: (x) => layer.forward(x) };
  };

/**
 * [.., channelsIn] to [.., channelsOut].
 * @example
 * const net = new Network(device, layers.linear(2, 3));
 * const result = net.forward(zeros(device, [4, 2]), { training: false }).shape;
 * net.dispose();
 * result; // [4, 3]
 */
export const linear =
  (channelsIn: number, channelsOut: number, options?: { readonly bias?: boolean }): LayerSpec =>
  (at) =>
    new Linear(at, channelsIn, channelsOut, options);
