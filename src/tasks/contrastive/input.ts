/** @file Two views of one image, each augmented on its own. */
import { type AugmentationOptions, augmentationOf, composeAugmentations } from '../../data/augmentation.ts';
import type { TaskInput } from '../task.ts';

/**
 * How much one view differs from the other, in validation and evaluation too, on top of the configuration's augmentation:
 * both share how that moves the image (bent in the frame of each), and each has an appearance of its own. SimCLR's crops, flips and colours in our reading: zoom and shift stand for the crop; images of a
 * known orientation are not mirrored unless asked for; gain and offset stand for colours.
 */
export interface ViewSettings {
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

/** @param size side of the images, pixels */
export function twoViews({ flip, shift, ...same }: ViewSettings, size: number): TaskInput {
  const options: AugmentationOptions = { ...same, shiftPx: shift * size, flipX: flip, flipY: flip };
  return {
    name: 'two views',
    views: 2,
    pick({ sample, change, appearanceOf, draw }) {
      const views = [change.appearance, appearanceOf?.(1)].map((appearance) => ({
        sample,
        ...composeAugmentations(change, augmentationOf(draw, options, size)),
        // the same noise in both would give the pair away
        ...(appearance && { appearance }),
      }));
      return { views, drawn: 0 };
    },
  };
}
