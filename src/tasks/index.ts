/** @file Every task, one line each. */
import { classification } from './classification/index.ts';
import { location } from './location.ts';
import { orientation } from './orientation/index.ts';
import { rotation } from './rotation.ts';
import { segmentation } from './segmentation/index.ts';
import type { Task } from './task.ts';

/** The tasks that a configuration can ask for. */
export const tasks: readonly Task[] = [orientation, location, segmentation, rotation, classification];
