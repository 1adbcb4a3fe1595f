/** @file The U-Net of Zhang et al. 2024 (paper §3) as a backbone of trainings. */
import { UNetBody, type UNetSizes } from '../models/unetBody.ts';
import type { Backbone } from './backbone.ts';

export function unet(sizes: UNetSizes): Backbone {
  return {
    declare: (at, wanted) => new UNetBody(at, sizes, wanted),
    sideStep: 2 ** (sizes.depth - 1),
  };
}
