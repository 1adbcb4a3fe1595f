/** @file The ResNet-50 U-Net of Zhang et al. 2024 as a backbone of trainings. */
import { RESNET_UNET_STEP, ResnetUnetBody } from '../models/resnetUnetBody.ts';
import { whole } from '../tasks/settings.ts';
import { defineBackbone } from './backbone.ts';

/** `width`: channels of the stem, 64 in ResNet-50. */
export interface ResnetUnetSettings {
  readonly width: number;
}

/** Three stages of ResNet-50 by torchvision's names, whose weights load as they are, and a decoder of pixel shuffles. */
export const resnetUnet = defineBackbone<ResnetUnetSettings>({
  name: 'resnetUnet',
  title: 'ResNet-50 U-Net',
  settings: { width: whole({ from: 1, to: 256 }) },
  defaults: { width: 64 },
  build: ({ width }, channelsIn) => ({
    declare: (at, wanted) => new ResnetUnetBody(at, channelsIn, width, wanted),
    sideStep: RESNET_UNET_STEP,
    stem: 'conv1.weight',
    encoder: (name) => /^(conv1|bn1|layer\d)\./.test(name),
  }),
  describe: ({ width }) => `${width} channels, bottlenecks 3, 4, 6`,
});
