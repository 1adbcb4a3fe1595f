/** @file What a training costs, in words: memory and size before it starts, time once its first steps are timed. */

import type { TrainingData } from '../data/types.ts';
import { bytesOf } from '../data/values.ts';
import { counted } from '../report/html.ts';
import type { TrainEvent } from '../train/events.ts';
import { formatSeconds } from '../train/progress.ts';
import type { RunConfig } from './config.ts';
import { isStore } from './dataset.node.ts';

/** Of a training that takes longer, it is said how to have a shorter one. */
const LONG_SECONDS = 30 * 60;

const megabytes = (bytes: number): string => `${Number((bytes / 1e6).toPrecision(3))} MB`;

/** `Cost: 1,000 steps of 16 images; 85 MB on the device, 26.5 MB of images in memory; how long, the first steps will tell` */
export function costLine(
  { step, steps, deviceBytes }: Extract<TrainEvent, { kind: 'start' }>,
  { batch }: RunConfig,
  data: TrainingData,
): string {
  const work = `${counted(steps - step, 'step')} of ${counted(batch, 'image')}`;
  const images = megabytes(bytesOf(data));
  return `Cost: ${work}; ${megabytes(deviceBytes)} on the device, ${images} of images in memory; how long, the first steps will tell`;
}

/** Settings that make a training shorter. */
function shorter({ data, preset, size, steps, batch, model }: RunConfig): string {
  const onStore = data !== null && isStore(data);
  const width = typeof model.width === 'number' ? ` or --width (${model.width})` : '';
  const images = onStore ? `images prepared at a smaller --size (${size})` : `a smaller --size (${size})`;
  // those that are for a GPU, and what learns the same without one
  const other = { zhang2024: 'small', acdc: 'finetune' }[preset as string];
  const whole = other ? `; or --preset ${other}${onStore ? ', with images prepared for it' : ''}` : '';
  return `Shorter: fewer --steps (${steps}), a smaller --batch (${batch})${width}, ${images}${whole}`;
}

/** One line, and where it is long a second. */
export function timeLines(
  { secondsPerStep, stepsLeft }: Extract<TrainEvent, { kind: 'pace' }>,
  config: RunConfig,
): string[] {
  const seconds = secondsPerStep * stepsLeft;
  const line = `Time: about ${formatSeconds(seconds)} for the ${counted(stepsLeft, 'step')} left, by the first ones; validation and evaluation come on top`;
  return seconds > LONG_SECONDS ? [line, shorter(config)] : [line];
}
