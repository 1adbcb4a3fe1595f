/** @file DeepLabV3 of Zhang et al. 2024 as a backbone of trainings. */
import { DeeplabBody, type DeeplabSizes } from '../models/deeplabBody.ts';
import { number, whole } from '../tasks/settings.ts';
import { defineBackbone } from './backbone.ts';

/** ResNet-101 by torchvision's names behind a stem of three convolutions, and atrous pyramid pooling. Any side. */
export const deeplab = defineBackbone<DeeplabSizes>({
  name: 'deeplab',
  title: 'DeepLabV3',
  settings: { width: whole({ from: 1, to: 256 }), momentum: number({ above: 0, to: 1 }) },
  defaults: { width: 64, momentum: 0.1 },
  build: (sizes, channelsIn) => ({
    declare: (at, wanted) => new DeeplabBody(at, channelsIn, sizes, wanted),
    sideStep: 1,
    encoder: (name) => /^(stem|layer\d)\./.test(name),
  }),
  describe: ({ width }) => `${width} channels, bottlenecks 3, 4, 23, 3`,
});
