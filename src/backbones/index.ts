/** @file Every backbone, one line each. */
import { alexnetUnet } from './alexnetUnet.ts';
import type { BackboneRecord } from './backbone.ts';
import { deeplab } from './deeplab.ts';
import { resnetUnet } from './resnetUnet.ts';
import { unet } from './unet.ts';

export const backbones: readonly BackboneRecord[] = [unet, resnetUnet, alexnetUnet, deeplab];
