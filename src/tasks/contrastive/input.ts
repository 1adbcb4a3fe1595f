/** @file Two views of one image, each augmented on its own. */
import { type JitterSettings, jittered } from '../jitter.ts';
import type { TaskInput } from '../task.ts';

/**
 * SimCLR's crops, flips and colours in our reading: zoom and shift stand for the crop; images of a known orientation are
 * not mirrored unless asked for; gain and offset stand for colours.
 */
export const twoViews = (settings: JitterSettings): TaskInput => ({
  name: 'two views',
  views: 2,
  pick: ({ sample, ...choice }) => ({ views: jittered(choice, [sample, sample], settings), drawn: 0 }),
});
