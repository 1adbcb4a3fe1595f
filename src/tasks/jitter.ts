/** @file Views that differ from each other: each augmented on its own, in validation and evaluation too. */
import { augmentationOf, composeAugmentations } from '../data/augmentation.ts';
import { type Choice, type View, viewOf } from '../data/input.ts';
import type { Sample } from '../data/sample.ts';
import { flag, least0, number, positive, range } from './settings.ts';

/** How much a view differs, on top of the configuration's augmentation, of which all share how it moves the image (bent in the frame of each). */
export interface JitterSettings {
  /** Rotation, uniform in ± so many degrees. */
  readonly rotationDeg: number;
  /** Magnification, uniform between both. */
  readonly scale: readonly [least: number, most: number];
  /** Shift along each side, uniform in ± this share of it. */
  readonly shift: number;
  /** Mirror left-right and top-bottom, each in half of the views. */
  readonly flip: boolean;
  /** Factor on the z-scored intensity, uniform between both. */
  readonly gain: readonly [least: number, most: number];
  /** Added after it, uniform in ±. */
  readonly offset: number;
}

/** Kinds of the settings. */
export const jitterSettings = {
  ...{
    rotationDeg: number({ from: 0, to: 180 }),
    scale: range(positive),
    shift: number({ from: 0, to: 0.5 }),
  },
  ...{ flip: flag, gain: range(positive), offset: least0 },
};

/** A view of each image, in order. */
export function jittered(
  { change, appearanceOf, size, draw }: Omit<Choice, 'sample' | 'among'>,
  samples: readonly Sample[],
  { flip, shift, ...same }: JitterSettings,
): View[] {
  const options = { ...same, shiftPx: shift * size, flipX: flip, flipY: flip };
  return samples.map((sample, view) => {
    const own = viewOf({ change, appearanceOf }, sample, view);
    return { sample, ...composeAugmentations(own, augmentationOf(draw, options, size)) };
  });
}
