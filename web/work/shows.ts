/** @file What tasks show on an image, as their records say. */
import { tasks } from '../../src/tasks/multitask.ts';
import type { TaskName } from '../../src/tasks/task.ts';
import type { Shown } from '../protocol.ts';

/** What these tasks show, each once. */
export const shownBy = (names: readonly TaskName[]): Shown[] => [
  ...new Set(names.map((name) => tasks[name].display.shows)),
];
