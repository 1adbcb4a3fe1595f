/** @file The U-Net of Zhang et al. 2024 (paper §3) as a backbone of trainings. */
import { UNetBody, type UNetSizes } from '../models/unetBody.ts';
import type { Backbone } from './backbone.ts';

/** A U-Net of these sizes; sides of images are multiples of 2^(depth − 1). */
export function unet(sizes: UNetSizes): Backbone {
  return {
    declare: (at, wanted) => new UNetBody(at, sizes, wanted),
    sideStep: 2 ** (sizes.depth - 1),
  };
}
