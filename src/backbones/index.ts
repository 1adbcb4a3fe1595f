/** @file Every backbone, one line each. */
import type { BackboneRecord } from './backbone.ts';
import { unet } from './unet.ts';

export const backbones: readonly BackboneRecord[] = [unet];
