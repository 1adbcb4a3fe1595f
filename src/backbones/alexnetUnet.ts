/** @file The AlexNet U-Net of Zhang et al. 2024 as a backbone of trainings. */
import { ALEXNET_LEAST, ALEXNET_STEP, AlexnetBody } from '../models/alexnetBody.ts';
import { whole } from '../tasks/settings.ts';
import { defineBackbone } from './backbone.ts';

export interface AlexnetUnetSettings {
  /** Channels of the first convolution, 64 in AlexNet. */
  readonly width: number;
  /** Channels of the features that heads read. */
  readonly pixels: number;
}

/** AlexNet's convolutions by torchvision's names, and a decoder of transposed convolutions. */
export const alexnetUnet = defineBackbone<AlexnetUnetSettings>({
  name: 'alexnetUnet',
  title: 'AlexNet U-Net',
  settings: { width: whole({ from: 1, to: 256 }), pixels: whole({ from: 1, to: 256 }) },
  defaults: { width: 64, pixels: 16 },
  build: ({ width, pixels }, channelsIn) => ({
    declare: (at, wanted) => new AlexnetBody(at, channelsIn, width, pixels, wanted),
    sideStep: ALEXNET_STEP,
    leastSide: ALEXNET_LEAST,
    stem: 'features.0.weight',
    encoder: (name) => name.startsWith('features.'),
  }),
  describe: ({ width, pixels }) => `${width} channels, ${pixels} for the pixels`,
});
