/** @file The U-Net of Zhang et al. 2024 (paper §3) as a backbone of trainings. */
import { UNetBody, type UNetSizes } from '../models/unetBody.ts';
import { flag, whole } from '../tasks/settings.ts';
import { defineBackbone } from './backbone.ts';

/** `width`: channels of the first level; `depth`: levels, the centre included. */
export type UNetSettings = Omit<UNetSizes, 'channelsIn'>;

/**
 * Encoder, centre and decoder of any width and depth; sides of images are multiples of 2^(depth − 1).
 * @example
 * unet.describe({ ...unet.defaults, width: 64 }); // "64 channels, 5 levels"
 */
export const unet = defineBackbone<UNetSettings>({
  name: 'unet',
  title: 'U-Net',
  settings: { width: whole({ from: 1, to: 256 }), depth: whole({ from: 2, to: 7 }), unusedLayers: flag },
  defaults: { width: 16, depth: 5, unusedLayers: false },
  build: (settings, channelsIn) => ({
    declare: (at, wanted) => new UNetBody(at, { ...settings, channelsIn }, wanted),
    sideStep: 2 ** (settings.depth - 1),
    encoder: (name) => /^(conv\d+|center)\./.test(name),
  }),
  describe: ({ width, depth }) => `${width} channels, ${depth} levels`,
});
